"""Which environment, and a line that really enters it."""

import os
import subprocess
import sys
from importlib import metadata

import pytest

from cockpit.probes import environment as probe


@pytest.fixture(params=["plain", "it's a", "$(here)", 'say "so"', "`x`"])
def prefix(tmp_path, monkeypatch, request):
    folder = tmp_path / request.param
    (folder / "bin").mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(folder))
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    return folder


def entered(line):
    done = subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", "bash", "-ec", f'{line}\necho "$PATH|$CONDA_PREFIX|$VIRTUAL_ENV"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip().split("|")


def test_a_venv_is_entered_whatever_its_path(prefix):
    subprocess.run([sys._base_executable, "-m", "venv", "--without-pip", prefix], check=True)
    found = probe.environment()
    assert (found.kind, found.name) == ("venv", prefix.name)
    path, _, active = entered(found.activate)
    assert active == str(prefix)
    assert path.startswith(f"{prefix}/bin:")
    assert ("activate" in found.activate) == (prefix.name in ("plain", "it's a"))


def test_a_conda_prefix_is_known_by_its_folder_and_entered_without_conda(prefix):
    (prefix / "conda-meta").mkdir()
    found = probe.environment()
    assert (found.kind, found.prefix) == ("conda", str(prefix))
    path, active, _ = entered(found.activate)
    assert active == str(prefix)
    assert path == f"{prefix}/bin:/usr/bin:/bin"


@pytest.mark.parametrize(("variable", "tool"), [("CONDA_EXE", "conda"), ("MAMBA_EXE", "micromamba")])
def test_a_conda_prefix_is_entered_by_the_tool_that_is_there(prefix, tmp_path, monkeypatch, variable, tool):
    (prefix / "conda-meta").mkdir()
    made = tmp_path / tool
    function = f'{tool}() {{ [ "$1" = activate ] && export CONDA_PREFIX="$2"; }}'
    made.write_text(f"#!/bin/bash\ncat <<'END'\n{function}\nEND\n")
    made.chmod(0o755)
    monkeypatch.setenv(variable, str(made))
    assert entered(probe.environment().activate)[1] == str(prefix)


def test_the_system_python_needs_no_entering(prefix, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", str(prefix))
    assert (probe.environment().kind, probe.environment().activate) == ("system", "")


def test_packages_are_told_without_importing_them():
    assert probe.installed("textual") == probe.packages()["textual"]
    assert probe.installed("no-such-package") is None
    look = "from cockpit.probes.environment import installed; installed('torch')"
    script = f"import sys; {look}; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True, env=os.environ) == "False\n"


def test_a_version_is_told_as_the_metadata_tells_it():
    known = {distribution.metadata["Name"]: distribution.version for distribution in metadata.distributions()}
    assert {name: probe.installed(name) for name in known} == known == probe.packages()
    assert len(known) > 20


def test_of_two_versions_the_one_that_is_imported_counts(tmp_path, monkeypatch):
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        for name in (f"Some_Thing-{version}", f"~ome_Thing-0.{version}"):
            (tmp_path / folder / f"{name}.dist-info").mkdir(parents=True)
            text = f"Metadata-Version: 2.1\nName: Some-Thing\nVersion: {version}\n\nName: not this\n"
            (tmp_path / folder / f"{name}.dist-info" / "METADATA").write_text(text)
    (tmp_path / "second" / "egg-1.1-py3.11.egg-info").write_text("Metadata-Version: 1.0\nName: Egg\nVersion: 1.1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert probe.packages() == {"Egg": "1.1", "Some-Thing": "2.0"}
    assert probe.installed("some_thing") == "2.0"


@pytest.mark.parametrize(
    ("folder", "name", "version"),
    [
        ("Some_Thing.more-1.2rc1.dist-info", "some-thing-more", "1.2rc1"),
        ("thing-2.0-py3.11.egg-info", "thing", "2.0"),
        ("developed.egg-info", "Developed", "3.1"),
        ("~hing-2.0.dist-info", "thing", None),
        ("thing-2.0.dist-info", "thin", None),
    ],
)
def test_a_package_is_known_by_the_folder_of_its_metadata(tmp_path, monkeypatch, folder, name, version):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "PKG-INFO").write_text("Metadata-Version: 2.1\nVersion: 3.1\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "missing")])
    assert probe.installed(name) == version
