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


def test_a_script_that_was_never_added_is_named(repository):
    (repository / "runs").mkdir()
    for name in ("a model.py", "notes.txt", "runs/old.py"):
        (repository / name).touch()
    (repository / ".gitignore").write_text("runs/\n")
    packages = repository / ".venv" / "lib" / "site-packages" / "numpy"
    packages.mkdir(parents=True)
    (packages / "core.py").touch()
    found = git_state(repository)
    assert (found.dirty, found.untracked) == (False, ("a model.py",))


def test_a_diff_too_long_to_keep_is_not_kept_in_part(repository):
    (repository / "train.py").write_text("x" * 99 + "\n" + "y" * 1_000_000)
    found = git_state(repository)
    assert (found.dirty, found.diff) == (True, "")


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


def test_processor_time_is_known_from_the_second_sample_on(tmp_path):
    probe = HostProbe(tmp_path)
    assert probe.sample().cpu is None
    assert 0 <= probe.sample().cpu <= 100


def test_what_is_gone_is_not_known(tmp_path):
    sample = HostProbe(tmp_path / "no folder").sample(4194304)
    assert (sample.process_rss, sample.disk_free) == (None, None)


def test_what_has_ended_and_is_not_reaped_has_no_figures(tmp_path):
    with subprocess.Popen(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        sample = HostProbe(tmp_path).sample(ended.pid)
    assert (sample.process_rss, sample.process_cpu) == (None, None)


@pytest.fixture
def container(tmp_path, monkeypatch):
    """The memory cgroup of a container, as files."""
    monkeypatch.setattr(host, "_CGROUPS", ((tmp_path, "memory.max", "memory.current", "inactive_file"),))

    def write(**files):
        for name, content in files.items():
            (tmp_path / f"memory.{name}").write_text(content)

    return write


@pytest.mark.parametrize(("text", "limited"), [("1073741824\n", True), ("max\n", False), ("", False)])
def test_the_containers_limit_counts(tmp_path, container, text, limited):
    container(max=text)
    assert (HostProbe(tmp_path).sample().ram_total == 1073741824) is limited


def test_what_a_container_uses_is_held_against_its_own_limit(tmp_path, container):
    container(max="1048576\n", current="700000\n", stat="anon 300000\ninactive_file 200000\nfile 400000\n")
    sample = HostProbe(tmp_path).sample()
    assert (sample.ram_used, sample.ram_total) == (500000.0, 1048576.0)


@pytest.mark.parametrize("files", [{}, {"current": "700000"}, {"current": "700000", "stat": "anon 1"}])
def test_what_a_container_does_not_tell_is_not_known(tmp_path, container, files):
    container(max="1048576\n", **files)
    sample = HostProbe(tmp_path).sample()
    assert (sample.ram_used, sample.ram_total) == (None, 1048576.0)


@pytest.mark.parametrize(
    ("change", "alike"),
    [({"cpu": 14.0}, True), ({"cpu": 16.0}, False), ({"cpu": None}, False), ({"ram_used": 2e9}, False), ({}, True)],
)
def test_what_a_person_would_notice(change, alike):
    sample = HostSample(cores=2, cpu=10.0, ram_used=1e9, ram_total=24e9, disk_free=5e9, disk_total=9e9)
    assert replace(sample, **change).is_like(sample) is alike


def test_a_repository_names_no_program_that_is_run(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True)

    git("init", "-q")
    (tmp_path / ".gitattributes").write_text("a.txt diff=x\n")
    (tmp_path / "a.txt").write_text("1\n")
    git("add", "-A")
    git("commit", "-qm", "a")
    (tmp_path / "a.txt").write_text("2\n")
    for name in ("core.fsmonitor", "diff.external", "diff.x.textconv", "diff.x.command"):
        git("config", name, f"touch {tmp_path}/pwned; false")
    assert "+2" in git_state(tmp_path).diff
    assert not (tmp_path / "pwned").exists()
