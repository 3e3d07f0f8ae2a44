"""Why a trainer was killed: said only as strongly as it is known."""

import os

import pytest

from cockpit.runner import postmortem
from cockpit.runner.postmortem import Ending, Memory, OomKills, explain, oom_kills

CALM = OomKills(0, 0)
GIB = 1 << 30
FULL, HALF = Memory(23.1 * GIB, 24 * GIB), Memory(12 * GIB, 24 * GIB)
SIGKILL, SIGTERM, FAILED = Ending(None, 9, False), Ending(None, 15, False), Ending(1, None, False)


@pytest.mark.parametrize(
    ("ending", "after", "memory", "sender", "text"),
    [
        (SIGKILL, CALM, FULL, "", "out of memory suspected: 23.1 of 24.0 GiB used at the end"),
        (SIGKILL, CALM, HALF, "", "killed from outside; 12.0 of 24.0 GiB used at the end"),
        (SIGKILL, CALM, None, "", "killed from outside"),
        (SIGKILL, CALM, FULL, "ada", "sent by ada"),
        (SIGKILL, OomKills(1, 1), FULL, "",
         "out of memory, the kernel's OOM killer struck in this memory group: 23.1 of 24.0 GiB used at the end"),
        (SIGKILL, OomKills(None, 1), None, "",
         "out of memory suspected, the kernel's OOM killer struck on this machine"),
        (Ending(137, None, False), CALM, HALF, "", "killed from outside; 12.0 of 24.0 GiB used at the end"),
        (FAILED, OomKills(1, 1), None, "", "out of memory, the kernel's OOM killer struck in this memory group"),
        (FAILED, OomKills(0, 1), FULL, "", ""),
        (Ending(0, None, False), OomKills(1, 1), FULL, "", ""),
        (SIGTERM, CALM, FULL, "", ""),
        (SIGTERM, CALM, FULL, "ada", "sent by ada"),
    ],
)  # fmt: skip
def test_the_explanation(ending, after, memory, sender, text):
    assert explain(ending, CALM, after, memory, sender) == text


def test_a_count_that_the_kernel_does_not_give_proves_nothing():
    unknown = OomKills(None, None)
    assert explain(SIGKILL, unknown, OomKills(5, 5), HALF, "").startswith("killed from outside")


@pytest.mark.parametrize(
    ("script", "code", "number"), [("exit 7", 7, None), ("kill -TERM $$", None, 15), ("kill -KILL $$", None, 9)]
)
def test_the_ending_of_a_real_process(script, code, number):
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", script], os.environ)
    ending = Ending.of(os.waitpid(pid, 0)[1])
    assert (ending.code, ending.signal, ending.core) == (code, number, False)


@pytest.mark.parametrize(
    ("membership", "file", "content"),
    [
        ("0::/user/run\n", "user/run/memory.events", "low 0\noom 4\noom_kill 3\n"),
        ("0::/hidden/by/a/container\n", "memory.events", "oom_kill 3\n"),
        ("5:cpu,memory:/box\n0::/\n", "memory/box/memory.oom_control", "under_oom 0\noom_kill 3\n"),
    ],
)
def test_the_counts_of_both_kinds_of_cgroup(tmp_path, monkeypatch, membership, file, content):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(content)
    (tmp_path / "self").write_text(membership)
    (tmp_path / "vmstat").write_text("pgfault 9\noom_kill 8\n")
    monkeypatch.setattr(postmortem, "_CGROUP", tmp_path)
    monkeypatch.setattr(postmortem, "_MEMBERSHIP", tmp_path / "self")
    monkeypatch.setattr(postmortem, "_VMSTAT", tmp_path / "vmstat")
    assert oom_kills() == OomKills(3, 8)


def test_a_machine_without_counts(tmp_path, monkeypatch):
    for name in ("_CGROUP", "_MEMBERSHIP", "_VMSTAT"):
        monkeypatch.setattr(postmortem, name, tmp_path / "none")
    assert oom_kills() == OomKills(None, None)
