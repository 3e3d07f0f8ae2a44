"""Where the project is in its history, and how the machine is."""

import os
import subprocess
from dataclasses import replace

import pytest

from cockpit.probes import host
from cockpit.probes.git import GitState, git_state
from cockpit.probes.host import HostProbe, HostSample


@pytest.fixture
def repository(tmp_path):
    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True, capture_output=True
        )

    git("init", "-b", "trunk")
    (tmp_path / "train.py").write_text("lr = 1\n")
    git("add", "train.py")
    git("commit", "-m", "first")
    return tmp_path


def test_a_clean_tree(repository):
    found = git_state(repository)
    assert len(found.commit) == 40
    assert (found.branch, found.dirty, found.diff) == ("trunk", False, "")


def test_a_changed_tree_keeps_its_diff(repository):
    (repository / "train.py").write_text("lr = 2\n")
    found = git_state(repository)
    assert found.dirty
    assert "+lr = 2" in found.diff


def test_no_repository_and_no_git(tmp_path, monkeypatch):
    assert git_state(tmp_path) == GitState()
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) == GitState()


def test_asking_takes_no_lock(repository):
    (repository / ".git" / "index.lock").touch()
    assert git_state(repository).dirty is False


def test_a_process_and_its_children_are_counted(tmp_path):
    sample = HostProbe(tmp_path).sample(os.getpid())
    assert sample.process_rss > 1e6
    assert 0 < sample.ram_used < sample.ram_total
    assert sample.disk_free <= sample.disk_total
    assert sample.cores >= 1


def test_what_is_gone_is_not_known(tmp_path):
    sample = HostProbe(tmp_path / "no folder").sample(4194304)
    assert (sample.process_rss, sample.disk_free) == (None, None)


@pytest.mark.parametrize(("text", "limited"), [("1073741824\n", True), ("max\n", False), ("", False)])
def test_the_containers_limit_counts(tmp_path, monkeypatch, text, limited):
    limit = tmp_path / "memory.max"
    limit.write_text(text)
    monkeypatch.setattr(host, "_CGROUP_LIMITS", (limit, tmp_path / "none"))
    assert (HostProbe(tmp_path).sample().ram_total == 1073741824) is limited


@pytest.mark.parametrize(
    ("change", "alike"),
    [({"cpu": 14.0}, True), ({"cpu": 16.0}, False), ({"cpu": None}, False), ({"ram_used": 2e9}, False), ({}, True)],
)
def test_what_a_person_would_notice(change, alike):
    sample = HostSample(cores=2, cpu=10.0, ram_used=1e9, ram_total=24e9, disk_free=5e9, disk_total=9e9)
    assert replace(sample, **change).is_like(sample) is alike
