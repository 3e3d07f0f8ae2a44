"""Appending and tailing: whole records, repaired tails, nothing hidden."""

import json
import math
import os
import tracemalloc

import pytest

from cockpit.runs.append import AppendFile
from cockpit.runs.atomic import write_atomic
from cockpit.runs.journal import JournalTail, JournalWriter, read_number
from cockpit.runs.scalar_tail import ScalarTail, last_records
from cockpit.runs.scalars import ATTEMPT, RECORD, ScalarWriter


def test_a_torn_line_is_cut_off_before_the_next_is_appended(tmp_path):
    path = tmp_path / "journal.jsonl"
    JournalWriter(path).write("one")
    with open(path, "ab") as file:
        file.write(b'{"event": "tor')
    JournalWriter(path).write("two")
    events, _ = JournalTail(path).poll()
    assert [event["event"] for event in events] == ["one", "two"]


def test_a_torn_record_is_cut_off(tmp_path):
    path = tmp_path / "scalars.bin"
    ScalarWriter(path).write([(1, 0.0, 2.0, 0, 0)])
    with open(path, "ab") as file:
        file.write(b"x" * 7)
    ScalarWriter(path).write([(2, 0.0, 3.0, 0, 0)])
    assert [record[0] for record in last_records(path, 9)] == [1, 2]


def test_a_reader_waits_for_the_end_of_a_line(tmp_path):
    path = tmp_path / "journal.jsonl"
    tail = JournalTail(path)
    assert tail.poll() == ([], False)
    path.write_bytes(b'{"event": "a", "t": 1}\n{"event": "b"')
    assert [e["event"] for e in tail.poll()[0]] == ["a"]
    with open(path, "ab") as file:
        file.write(b', "t": 2}\n')
    assert [e["event"] for e in tail.poll()[0]] == ["b"]


def test_bad_lines_are_counted_not_fatal(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'nonsense\n[1]\n{"event": "a", "t": 1}\n\xff\xfe\n' + b"[" * 100_000 + b"\n")
    tail = JournalTail(path)
    assert len(tail.poll()[0]) == 1
    assert tail.bad == 4


def test_a_long_journal_never_lies_in_memory_as_a_whole(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"event": "a", "t": 1, "text": "%s"}\n' % (b"x" * 1000) * 10_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in JournalTail(path).stream()[0]) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_replaced_file_is_read_anew(tmp_path):
    path = tmp_path / "journal.jsonl"
    JournalWriter(path).write("old")
    tail = JournalTail(path)
    tail.poll()
    write_atomic(path, json.dumps({"event": "new", "t": 1}) + "\n")
    events, restarted = tail.poll()
    assert restarted
    assert events[0]["event"] == "new"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.5])
def test_every_float_survives_the_journal(tmp_path, value):
    JournalWriter(tmp_path / "j").write("x", value=value)
    got = read_number(JournalTail(tmp_path / "j").poll()[0][0]["value"])
    assert got == value or (math.isnan(got) and math.isnan(value))


def test_a_full_disk_leaves_no_half_record(tmp_path, monkeypatch):
    file = AppendFile(tmp_path / "a", 32)
    file.append(b"x" * 32)
    real = os.write
    calls = []

    def short_then_full(fd, data):
        if calls:
            raise OSError(28, "No space left on device")
        calls.append(1)
        return real(fd, bytes(data[:5]))

    monkeypatch.setattr(os, "write", short_then_full)
    with pytest.raises(OSError, match="No space"):
        file.append(b"y" * 32)
    assert (tmp_path / "a").read_bytes() == b"x" * 32


def test_an_attempt_mark_drops_the_steps_that_are_redone(tmp_path):
    path = tmp_path / "scalars.bin"
    writer = ScalarWriter(path)
    writer.write([(step, float(step), 1.0, 0, 0) for step in range(1, 11)])
    writer.write([(6, 11.0, 2.0, ATTEMPT, 0)])
    writer.write([(step, 12.0, 2.0, 0, 0) for step in range(7, 9)])
    tail = ScalarTail(path)
    assert tail.poll()
    view = tail.series[0].view()
    assert view.steps.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert view.values.tolist() == [1.0] * 6 + [2.0] * 2
    assert not tail.poll()


def test_a_mark_may_be_of_one_tag_alone(tmp_path):
    path = tmp_path / "scalars.bin"
    writer = ScalarWriter(path)
    writer.write([(step, float(step), 1.0, tag, 0) for step in range(1, 11) for tag in (0, 1)])
    writer.write([(6, 11.0, 2.0, ATTEMPT, 1 + 1), (3, 11.0, 2.0, ATTEMPT, 9 + 1)])
    tail = ScalarTail(path)
    assert tail.poll()
    assert {tag: len(series) for tag, series in tail.series.items()} == {0: 10, 1: 6}


def test_atomic_writes_leave_no_temporary_and_keep_the_mode(tmp_path):
    path = tmp_path / "document"
    write_atomic(path, "one")
    write_atomic(path, "two")
    assert path.read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["document"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_record_is_32_bytes():
    assert RECORD.size == 32
