"""Attempts are numbered once each and read back as they were stored."""

import threading
from dataclasses import replace

import pytest

from cockpit.domain.secrets import REDACTED
from cockpit.errors import LaunchError
from cockpit.runner.attempt import LaunchSpec, create_attempt, forget_secrets, latest_attempt, read_attempt
from cockpit.runs.layout import RunPaths


def spec(folder):
    return LaunchSpec(
        RunPaths(folder), ("py", "-c", "π 'x'"), "/work", {"A": "1"}, ("B",), checkpoint="/c.ckpt", step=7
    )  # fmt: skip


def test_an_attempt_is_read_back_as_it_was(tmp_path):
    stored = spec(tmp_path)
    assert create_attempt(stored) == 1
    found = read_attempt(stored.run, 1)
    assert found == stored
    assert stored.run.attempt(1).stat().st_mode & 0o777 == 0o600


def test_once_launched_no_secret_of_its_command_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "plain-pass-phrase")
    stored = replace(spec(tmp_path), argv=("py", "t.py", "--password", "hunter2", "plain-pass-phrase", "--lr", "1"))
    create_attempt(stored)
    assert read_attempt(stored.run, 1).argv == stored.argv, "the runner has to know it"
    forget_secrets(stored.run, 1)
    found = read_attempt(stored.run, 1)
    assert found.argv == found.told == ("py", "t.py", "--password", REDACTED, REDACTED, "--lr", "1")
    assert not {"hunter2", "plain-pass-phrase"} & set(stored.run.attempt(1).read_text().split('"'))


def test_two_launchers_never_get_the_same_number(tmp_path):
    numbers, barrier = [], threading.Barrier(8)

    def work():
        barrier.wait()
        numbers.append(create_attempt(spec(tmp_path)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 9))
    assert latest_attempt(RunPaths(tmp_path)) == 8


def test_notes_of_signals_are_no_attempts(tmp_path):
    run = RunPaths(tmp_path)
    create_attempt(spec(tmp_path))
    run.signal_note(4, "SIGTERM").write_text("{}")
    assert latest_attempt(run) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"argv": 3}'])
def test_a_damaged_attempt_is_a_clear_error(tmp_path, content):
    run = RunPaths(tmp_path)
    run.attempts.mkdir()
    run.attempt(1).write_text(content)
    with pytest.raises(LaunchError, match=r"1\.json"):
        read_attempt(run, 1)
    with pytest.raises(LaunchError, match=r"2\.json"):
        read_attempt(run, 2)
