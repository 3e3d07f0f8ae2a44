"""The audit: every line is chained to the one before, whoever writes."""

import fcntl
import json
import threading

import pytest
from hypothesis import given, settings, strategies

from cockpit.domain.guard import Decision, Fact, Question, Unrecorded
from cockpit.domain.policy import Action
from cockpit.domain.secrets import REDACTED, redact
from cockpit.runs.append import appending
from cockpit.runs.audit import AuditLog, read_audit

QUESTION = Question(
    Action.START, "gpt", "Start gpt?", "It starts.", (Fact("set", "a=1"), Fact("set", "token=hf_abcdefghij")),
    "Time is spent.", "Start", command="python --api_key sk-ant-0123456789",
)  # fmt: skip


def write(path, count=3, via="cli"):
    log = AuditLog(path, via, redact, now=lambda: 1000.0)
    for number in range(count):
        log.record(Decision(f"{number:x}", QUESTION, answer="yes", how="--yes"))


def test_an_entry_says_who_what_and_on_which_facts(tmp_path, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.7 50022 10.0.0.1 22")
    path = tmp_path / "runs" / "audit.jsonl"
    write(path, 1)
    (entry,) = read_audit(path).entries
    assert (entry["action"], entry["answer"], entry["how"], entry["via"]) == ("start", "yes", "--yes", "cli")
    assert entry["facts"] == [["set", "a=1"], ["set", f"token={REDACTED}"]]
    assert entry["who"]["ssh"] == "10.0.0.7 port 50022"
    assert entry["who"]["user"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert "sk-ant" not in path.read_text()


def test_a_missing_audit_is_empty_and_whole(tmp_path):
    assert read_audit(tmp_path / "none").entries == ()
    assert not read_audit(tmp_path / "none").problems


def test_a_chain_is_whole(tmp_path):
    path = tmp_path / "audit.jsonl"
    write(path, 4)
    write(path, 2, via="tui")
    audit = read_audit(path)
    assert not audit.problems
    assert [entry["sequence"] for entry in audit.entries] == [1, 2, 3, 4, 5, 6]


@settings(max_examples=40)
@given(data=strategies.data())
def test_any_change_is_seen(tmp_path_factory, data):
    """Flip a byte, take out, double, swap or forge a line before the last: the audit says so."""
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    write(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    number = data.draw(strategies.integers(0, 2), label="line")
    kind = data.draw(strategies.sampled_from(["flip", "drop", "double", "swap", "forge"]))
    if kind == "flip":
        place = data.draw(strategies.integers(0, len(lines[number]) - 2))
        byte = lines[number][place] ^ data.draw(strategies.integers(1, 255))
        lines[number] = lines[number][:place] + bytes([byte]) + lines[number][place + 1 :]
    elif kind == "drop":
        del lines[number]
    elif kind == "double":
        lines.insert(number, lines[number])
    elif kind == "swap":
        lines[number], lines[number + 1] = lines[number + 1], lines[number]
    else:
        entry = json.loads(lines[number]) | {"answer": "no"}
        lines[number] = json.dumps(entry).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    assert read_audit(path).problems


@pytest.mark.parametrize("number", ["two", None, [2]])
def test_a_number_that_is_none_is_a_problem_and_no_crash(tmp_path, number):
    path = tmp_path / "audit.jsonl"
    write(path, 3)
    lines = path.read_text().splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"sequence": number})
    path.write_text("\n".join(lines) + "\n")
    assert read_audit(path).problems == (
        "line 2 was changed after it was written",
        f"line 2 has the number {number}, not 2",
    )


def test_a_write_that_was_cut_off_never_counted_and_is_repaired(tmp_path):
    path = tmp_path / "audit.jsonl"
    write(path, 2)
    path.write_bytes(path.read_bytes() + b'{"schema": 1, "tim')
    assert not read_audit(path).problems
    write(path, 1)
    assert [entry["sequence"] for entry in read_audit(path).entries] == [1, 2, 3]


def test_nothing_is_added_to_what_is_no_chain(tmp_path):
    path = tmp_path / "audit.jsonl"
    for spoilt in ("[]\n", "hello\n", "\n", "[" * 100_000 + "\n"):
        path.write_text(spoilt)
        assert read_audit(path).problems
        with pytest.raises(Unrecorded, match="no entry"):
            write(path, 1)
        assert path.read_text() == spoilt


def test_an_audit_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.raises(Unrecorded):
        write(tmp_path / "runs" / "audit.jsonl", 1)


def test_several_cockpits_share_one_chain(tmp_path):
    path = tmp_path / "audit.jsonl"
    writers = [threading.Thread(target=write, args=(path, 10, str(n))) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    audit = read_audit(path)
    assert not audit.problems
    assert len(audit.entries) == 40


def test_a_file_that_was_moved_away_while_its_lock_was_awaited_is_not_written_to(tmp_path, monkeypatch):
    path, old = tmp_path / "audit.jsonl", tmp_path / "old.jsonl"
    path.write_bytes(b"old\n")
    real = fcntl.flock

    def moved(fd, how):
        real(fd, how)
        if not old.exists():
            path.rename(old)

    monkeypatch.setattr(fcntl, "flock", moved)
    with appending(path) as file:
        with open(path, "rb") as other, pytest.raises(BlockingIOError):
            real(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.append(b"new\n")
    assert (path.read_bytes(), old.read_bytes()) == (b"new\n", b"old\n")
