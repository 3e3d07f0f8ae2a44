"""Projects, an sshd and a relay for the fault matrix; whatever a test started is ended after it."""

import shutil

import pytest
from support.project import Project
from support.relay import Relay
from support.sshd import SSHD, Sshd


@pytest.fixture
def make_project(tmp_path):
    """Makes projects: ``make_project(steps=…, pace=…)``."""
    made = []

    def make(name="project", **options):
        made.append(Project(tmp_path / name, **options))
        return made[-1]

    yield make
    for project in made:
        project.close()


@pytest.fixture
def project(make_project):
    return make_project()


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    if not (SSHD and shutil.which("ssh") and shutil.which("ssh-keygen")):
        pytest.skip("there is no openssh-server here: apt-get install openssh-server openssh-client")
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    server.close()


@pytest.fixture
def relay(sshd):
    made = Relay(sshd.port)
    yield made
    made.close()
