"""Checkpoints as they are on disk: whole, torn, evil, copied; looked into without running anything."""

import argparse
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from support.fakes import run_state

from cockpit.domain.checkpoint import EXACT, STATE_ONLY, UNSAFE, newest_trustworthy
from cockpit.domain.run import Checkpoint
from cockpit.runs import checkpoints
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.layout import RunPaths


def content(step, **more):
    return {
        "epoch": step // 10,
        "global_step": step,
        "pytorch-lightning_version": "2.6.6",
        "state_dict": {"w": torch.ones(64)},
        "optimizer_states": [{}],
        "cockpit": {"schema": 2, "rng": [torch.get_rng_state()]},
    } | more


@pytest.fixture
def run(tmp_path):
    made = RunPaths(tmp_path / "run-7f3a")
    made.checkpoints.mkdir(parents=True)
    return made


def save(run, name, step, at=None, **more):
    path = run.checkpoints / name
    torch.save(content(step, **more), path)
    os.utime(path, (at or step, at or step))
    return path


def look(run, checkpoints=(), **state):
    reports = inspect_checkpoints(run, run_state(checkpoints=checkpoints, **state))
    return {Path(report.checkpoint.path).name: report for report in reports}


def test_newest_first_with_what_is_inside(run):
    save(run, "a.ckpt", 10)
    save(run, "b.ckpt", 25)
    found = look(run)
    assert list(found) == ["b.ckpt", "a.ckpt"]
    assert (found["b.ckpt"].checkpoint.step, found["b.ckpt"].checkpoint.epoch) == (25, 2)
    assert found["b.ckpt"].verified
    assert found["b.ckpt"].guarantee == EXACT


def test_without_random_state_it_is_state_only(run):
    save(run, "a.ckpt", 10, cockpit=None)
    assert look(run)["a.ckpt"].guarantee == STATE_ONLY


def test_the_run_can_take_the_guarantee_back(run):
    save(run, "a.ckpt", 10)
    found = look(run, guarantee=("state only", "its train loader uses RandomSampler"))["a.ckpt"]
    assert (found.guarantee, found.reason) == (STATE_ONLY, "its train loader uses RandomSampler")


def test_an_epoch_that_was_cut_short_is_unsafe(run):
    loops = {"fit_loop": {"epoch_progress": {"current": {"ready": 2, "processed": 2}}}}
    loops["fit_loop"]["epoch_loop.batch_progress"] = {"is_last_batch": False}
    save(run, "a.ckpt", 10, loops=loops)
    found = look(run)["a.ckpt"]
    assert found.guarantee == UNSAFE
    assert "skip the rest" in found.reason


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.99])
def test_a_torn_file_is_flagged(run, cut):
    path = save(run, "a.ckpt", 10)
    with open(path, "r+b") as file:
        file.truncate(int(path.stat().st_size * cut))
    assert look(run)["a.ckpt"].guarantee == UNSAFE


def test_one_flipped_bit_is_flagged(run):
    path = save(run, "a.ckpt", 10)
    raw = bytearray(path.read_bytes())
    raw[raw.index(torch.ones(4).numpy().tobytes())] ^= 1
    path.write_bytes(raw)
    found = look(run)["a.ckpt"]
    assert not found.verified
    assert "checksum" in found.reason or "CRC" in found.reason


class Evil:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def test_code_in_a_checkpoint_is_named_and_not_run(run, tmp_path):
    marker = tmp_path / "pwned"
    save(run, "a.ckpt", 10, hyper_parameters=Evil(marker))
    found = look(run)["a.ckpt"]
    assert found.guarantee == UNSAFE
    assert "posix.system" in found.reason
    assert found.checkpoint.step == 10
    assert not marker.exists()


class Listed(list):
    pass


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (argparse.Namespace(lr=1), "argparse.Namespace"), (Listed([1, 2]), "test_checkpoints.Listed"),
        (Path("x"), "pathlib.PosixPath"), (torch.nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
    ],
)  # fmt: skip
def test_an_object_in_a_checkpoint_is_named_and_the_rest_is_read(run, value, named):
    save(run, "a.ckpt", 10, args=value)
    found = look(run)["a.ckpt"]
    assert (found.guarantee, found.inspection.problem, found.checkpoint.step) == (UNSAFE, "", 10)
    assert any(foreign.endswith(named) for foreign in found.inspection.foreign)


def test_a_set_is_nothing_foreign(run):
    save(run, "a.ckpt", 10, seen={1, 2})
    assert look(run)["a.ckpt"].inspection.foreign == ()


def test_code_in_a_bare_pickle_is_not_run(run, tmp_path):
    marker = tmp_path / "pwned"
    (run.checkpoints / "a.ckpt").write_bytes(pickle.dumps({"x": Evil(marker)}))
    assert "old format" in look(run)["a.ckpt"].reason
    assert not marker.exists()


def repacked(path, target, pickled=None, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", compression) as new:
        for entry in old.infolist():
            data = pickled if pickled is not None and entry.filename.endswith("data.pkl") else old.read(entry)
            new.writestr(entry.filename, data)


BOMBS = {
    "endless memory": b"\x80\x02" + b"X\x01\x00\x00\x00a" + b"r\xff\xff\xff\x7f.",  # LONG_BINPUT at 2**31 - 1
    "endless nesting": b"\x80\x02" + b"(" * 5_000_000 + b".",
    "doubling": b"\x80\x02]" + b"".join(b"q%c((h%ch%cl" % (i, i, i) for i in range(100)) + b".",
    "nothing": b"",
    "no dictionary": b"\x80\x02]q\x00.",
}


@pytest.mark.parametrize("pickled", BOMBS.values(), ids=BOMBS)
def test_a_pickle_bomb_is_survived_and_spoils_no_other(run, pickled):
    good = save(run, "good.ckpt", 10)
    repacked(good, run.checkpoints / "bomb.ckpt", pickled)
    found = look(run)
    assert found["bomb.ckpt"].guarantee != EXACT
    assert found["good.ckpt"].guarantee == EXACT


def test_a_zip_bomb_is_flagged_without_unpacking_it(run, monkeypatch):
    with zipfile.ZipFile(run.checkpoints / "bomb.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(300 << 20))
    monkeypatch.setattr(zipfile.ZipFile, "testzip", lambda self: pytest.fail("it was unpacked"))
    assert "bomb" in look(run)["bomb.ckpt"].reason


def test_what_is_no_checkpoint_is_said(run):
    (run.checkpoints / "text.ckpt").write_text("hello")
    (run.checkpoints / "empty.ckpt").touch()
    (run.checkpoints / "folder.ckpt").mkdir()
    (run.checkpoints / "dangling.ckpt").symlink_to("nowhere")
    found = look(run)
    assert {report.guarantee for report in found.values()} == {UNSAFE}
    assert "folder" in found["folder.ckpt"].reason


def test_aliases_are_named_and_stale_ones_marked(run):
    first = save(run, "step=10.ckpt", 10)
    second = save(run, "step=20.ckpt", 20)
    shutil.copy2(second, run.checkpoints / "last.ckpt")
    shutil.copy2(first, run.checkpoints / "last-v1.ckpt")
    shutil.copy2(second, run.checkpoints / "step=20-v1.ckpt")
    (run.checkpoints / "link.ckpt").symlink_to("step=10.ckpt")
    found = look(run)
    aliases = {name: report.alias_of for name, report in found.items() if report.alias_of}
    assert aliases == {
        "last.ckpt": "step=20.ckpt", "last-v1.ckpt": "step=10.ckpt", "step=20-v1.ckpt": "step=20.ckpt",
        "link.ckpt": "step=10.ckpt",
    }  # fmt: skip
    assert {name for name, report in found.items() if report.stale} == {"last-v1.ckpt", "link.ckpt"}


def test_a_resume_starts_from_the_newest_that_can_be_trusted(run):
    save(run, "a.ckpt", 10)
    newest = save(run, "b.ckpt", 20)
    os.truncate(newest, 1000)
    shutil.copy2(newest, run.checkpoints / "last.ckpt")
    assert newest_trustworthy(tuple(look(run).values())).checkpoint.name == "a.ckpt"


def test_a_finite_one_is_offered_before_a_newer_one_that_is_not(run):
    paths = [save(run, f"{name}.ckpt", step) for name, step in (("a", 10), ("b", 20))]
    good, bad = paths
    told = [
        Checkpoint(str(good), good.name, time=10, finite=True),
        Checkpoint(str(bad), bad.name, time=20, finite=False),
    ]
    assert newest_trustworthy(tuple(look(run, told).values())).checkpoint.name == "a.ckpt"
    assert newest_trustworthy(tuple(look(run, told[1:]).values())[:1]).checkpoint.name == "b.ckpt"


def test_the_recorders_word_at_the_save_counts(run):
    path = save(run, "a.ckpt", 10)
    told = Checkpoint(str(path), path.name, guarantee=(UNSAFE, "in the middle of an accumulation"))
    assert look(run, [told])["a.ckpt"].reason == "in the middle of an accumulation"


def test_a_last_without_a_twin_is_a_checkpoint_like_any_other(run):
    save(run, "best.ckpt", 10)
    save(run, "last.ckpt", 20)
    assert newest_trustworthy(tuple(look(run).values())).checkpoint.name == "last.ckpt"


def test_an_unchanged_file_is_not_read_again(run, monkeypatch):
    path = save(run, "a.ckpt", 10)
    before = look(run)
    monkeypatch.setattr(checkpoints, "peek", lambda paths: pytest.fail(f"read again: {paths}"))
    assert look(run) == before
    monkeypatch.undo()
    os.truncate(path, 500)
    assert look(run)["a.ckpt"].guarantee == UNSAFE


def test_a_damaged_memory_is_no_harm(run):
    save(run, "a.ckpt", 10)
    for text in ("", "{", "[]", '{"schema": 99, "checkpoints": {}}', '{"schema": 1, "checkpoints": {"a.ckpt": 3}}'):
        run.inspected.write_text(text)
        assert look(run)["a.ckpt"].guarantee == EXACT
