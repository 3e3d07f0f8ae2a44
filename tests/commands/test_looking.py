"""What a trainer has printed, followed to its end."""

from argparse import Namespace

import pytest

from cockpit.commands import looking
from cockpit.domain.state import State
from cockpit.project import Project
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader


@pytest.fixture
def run(tmp_path):
    run = RunPaths(tmp_path / "runs" / "2026-11-25T0000-tiny-7f3a")
    run.root.mkdir(parents=True)
    run.run_json.write_text("{}")
    run.output.write_text("first\nsecond\n")
    return run


@pytest.mark.parametrize(("lines", "printed"), [(0, "first\nsecond\n"), (1, "second\n")])
def test_what_was_printed_just_before_the_end_is_followed_too(run, tmp_path, monkeypatch, capsys, lines, printed):
    last_words = [b"third\n", b"Traceback", b": the data are cursed\n"]

    def poll(reader):
        with run.output.open("ab") as output:
            output.write(last_words.pop(0))
        return Namespace(state=State.RUNNING if last_words else State.FAILED)

    monkeypatch.setattr(RunReader, "poll", poll)
    monkeypatch.setattr(looking.time, "sleep", lambda _: None)
    assert looking.logs(Project(tmp_path), Namespace(run="7f3a", follow=True, lines=lines)) == 0
    assert capsys.readouterr().out == printed + "third\nTraceback: the data are cursed\n"
