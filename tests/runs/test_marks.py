"""Changes and notes as they are read back."""

import json
import threading

from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.marks import Marks
from cockpit.runs.notes import append_note


def change(identity, step, old, new):
    return {
        "event": "hyperparameters", "t": float(step), "request": identity, "step": step, "by": "ada",
        "old": {"lr": old}, "hyperparameters": {"lr": new},
    }  # fmt: skip


def test_a_resume_takes_some_changes_along_and_leaves_others_behind(tmp_path):
    marks = Marks(RunPaths(tmp_path))
    for event in (change("a", 10, 1.0, 0.5), change("b", 20, 0.5, 0.1)):
        marks.apply(event)
    assert [(m.text, m.in_force) for m in marks.poll()] == [("lr 1 → 0.5", True), ("lr 0.5 → 0.1", True)]
    marks.apply({"event": "fit_start", "changes": ["a"]})
    assert [m.in_force for m in marks.poll()] == [True, False]
    marks.apply({"event": "fit_start", "changes": ["a", "b"]})
    assert [m.in_force for m in marks.poll()] == [True, True]
    marks.apply({"event": "fit_start"})  # of a recorder that knew no changes
    assert [m.in_force for m in marks.poll()] == [True, True]


def test_a_damaged_change_is_still_a_mark(tmp_path):
    marks = Marks(RunPaths(tmp_path))
    marks.apply({"event": "hyperparameters", "step": "x", "old": [1], "hyperparameters": {"lr": "fast", "width": 3}})
    (mark,) = marks.poll()
    assert (mark.step, mark.text) == (0, "everything as it was")


def test_many_writers_of_notes_lose_none_and_tear_none(tmp_path):
    run = RunPaths(tmp_path)

    def write(number):
        for count in range(20):
            append_note(run, count, f"{number} " + "x" * 400)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([json.loads(line) for line in run.notes.read_bytes().splitlines()]) == 80
    assert len(Marks(run).poll()) == 80


def test_notes_and_changes_come_in_the_order_of_their_time(tmp_path):
    run = RunPaths(tmp_path)
    writer = JournalWriter(run.notes)
    writer.write("note", t=15.0, id="n", step=12, text="between", by="bob")
    marks = Marks(run)
    marks.apply(change("b", 20, 0.5, 0.1))
    marks.apply(change("a", 10, 1.0, 0.5))
    assert [mark.id for mark in marks.poll()] == ["a", "n", "b"]
    with open(run.notes, "ab") as file:
        file.write(b'{"event": "note", "te')
    append_note(run, 30, "after a torn one")
    assert [mark.text for mark in marks.poll() if mark.kind == "note"] == ["between", "after a torn one"]
