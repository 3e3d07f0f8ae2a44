"""A data set of a loopback hub, through the real huggingface_hub."""

import os
import subprocess
import sys

import pytest
from support.project import COCKPIT
from support.server import Served, hub

from cockpit.fetching.shelf import Shelf

pytestmark = pytest.mark.slow
FILES = {"README.md": b"# a card\n", "data/train.bin": b"x" * 5000, "data/test.bin": b"y" * 500}


@pytest.fixture
def project(tmp_path, server):
    """A project with a source on the hub; ``project(words)`` runs cockpit there."""
    hub(server, "org/name", FILES)
    (tmp_path / "cockpit.toml").write_text('[sources.set]\nurl = "hf:org/name"\n')

    def cockpit(*words, **more):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HF_ENDPOINT": server.url, **more}
        return subprocess.run(
            [COCKPIT, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    return cockpit


def test_a_data_set_comes_with_what_the_hub_tells(project, tmp_path, server):
    asked = project("fetch", "set")
    assert asked.returncode == 3
    assert "5.4 KiB (5,509 bytes), in 3 files" in asked.stderr
    assert "licence      mit" in asked.stderr
    assert "known for every file" in asked.stderr
    assert {path for _, path in server.asked} <= {
        "/api/datasets/org/name/revision/main", f"/datasets/org/name/resolve/{'c' * 40}/data/train.bin",
    }, "the source that was asked for, and nothing else"  # fmt: skip
    done = project("fetch", "set", "--yes")
    assert done.returncode == 0, done.stderr
    raw = Shelf(tmp_path / "data").raw
    assert {name: (raw / "set" / name).read_bytes() for name in FILES} == FILES
    assert "verified" in project("fetch").stdout


def test_patterns_choose_files(project, tmp_path):
    with open(tmp_path / "cockpit.toml", "a") as file:
        file.write('files = ["*/test.bin"]\n')
    assert project("fetch", "set", "--yes").returncode == 0
    assert [p.name for p in (tmp_path / "data" / "raw" / "set").rglob("*.*")] == ["test.bin"]


def test_another_content_than_the_hub_told_is_refused(project, tmp_path, server):
    server.files[f"/datasets/org/name/resolve/{'c' * 40}/README.md"] = Served(b"# A card\n")
    refused = project("fetch", "set", "--yes")
    assert (refused.returncode, "checksum is wrong" in refused.stderr) == (1, True)
    assert not (tmp_path / "data" / "raw" / "set" / "README.md").exists()


def test_names_that_lead_elsewhere_are_refused(project, tmp_path, server):
    hub(server, "org/name", {"../../../evil": b"x"})
    refused = project("fetch", "set", "--yes")
    assert (refused.returncode, "leads out" in refused.stderr) == (1, True)


def test_what_the_hub_does_not_have_is_told(project, tmp_path, server):
    del server.files["/api/datasets/org/name/revision/main"]
    refused = project("fetch", "set", "--yes")
    assert refused.returncode == 1
    assert "hf:org/name" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_child_that_pulls_gets_nothing(project, tmp_path, server):
    """The attack: the very library, inside a run, with the environment that a run gets."""
    from cockpit.actions.environment import child_environment
    from cockpit.project import Project

    child = child_environment(Project(tmp_path), b"", test=False)
    code = "import huggingface_hub as h; h.hf_hub_download('org/name', 'README.md', repo_type='dataset')"
    environment = child.apply({"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HF_ENDPOINT": server.url})
    tried = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert tried.returncode != 0
    assert "ffline" in tried.stderr
    assert server.asked == []
