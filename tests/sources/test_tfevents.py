"""Event files: whole, torn, damaged, several, of both forms; held against TensorBoard's own reading."""

import math
import struct

import numpy as np
import pytest
from support.event_files import frame, scalar, session_start, tensor, text
from support.tails import Reader, read, same, state_of, watched

from cockpit.domain.state import State
from cockpit.sources.crc32c import crc32c, masked, masked_of_rows
from cockpit.sources.growing import PIECE
from cockpit.sources.tfevents import TfEvents, TfEventsTail

NAME = "events.out.tfevents.1.host"


@pytest.fixture
def write(tmp_path):
    def write(*records, name=NAME, mode="wb"):
        with open(tmp_path / name, mode) as file:
            file.write(b"".join(records))
        return tmp_path / name

    return write


def test_the_checksum_is_the_one_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, appendix B.4
    rows = np.random.default_rng(0).integers(0, 256, (100, 37), np.uint8)
    assert masked_of_rows(rows).tolist() == [masked(crc32c(row.tobytes())) for row in rows]


def test_what_torch_writes_is_read_as_tensorboard_reads_it(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        writer.add_text("config", "lr: 1")
        for step in range(300):
            writer.add_scalar("train/loss", math.nan if step == 7 else 1 / (step + 1), step)
            writer.add_scalar("lr", 1e-3 * step, step, new_style=step % 2 == 0)
            if step % 50 == 0:
                writer.add_histogram("weights", np.arange(100), step)
                writer.add_image("image", np.zeros((3, 8, 8), np.uint8), step)
    ours = Reader(TfEventsTail(tmp_path)).read()
    theirs = EventAccumulator(str(tmp_path), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    expected = theirs.Scalars("train/loss")
    assert ours.steps("train/loss") == [event.step for event in expected]
    assert same(ours.values("train/loss"), [event.value for event in expected])
    assert [time for _, time, _ in ours.points["train/loss"]] == [event.wall_time for event in expected]
    assert ours.steps("lr") == list(range(300))
    assert same(ours.values("lr"), [1e-3 * step for step in range(300)])
    assert set(ours.points) == {"train/loss", "lr"}
    assert ours.told.bad == 0


def test_tensors_and_plain_values_texts_and_steps_of_any_size(write):
    steps = [0, 1, 127, 128, 300, 2**31, 2**40, -1]
    path = write(*(make("x", step, step % 7) for step in steps for make in (scalar, tensor)), text("t", 1, b"x"))
    reader = read(TfEvents(), path)
    assert reader.steps("x") == [step for step in steps for _ in range(2)]
    assert same(reader.values("x"), [step % 7 for step in steps for _ in range(2)])
    assert list(reader.points) == ["x"]


def test_a_torn_tail_is_read_when_it_is_whole(write, tmp_path):
    records = [scalar("loss", step, step) for step in range(20)]
    whole = b"".join(records)
    reader = Reader(TfEventsTail(tmp_path))
    for end in range(0, len(whole), 7):
        write(whole[:end])
        reader.read()
        assert reader.told.bad == 0
    write(whole)
    assert reader.read().steps("loss") == list(range(20))
    assert reader.restarts == 0


def test_a_damaged_record_is_counted_and_the_others_are_kept(write):
    records = [scalar("loss", step, 1.0) for step in range(100)]
    at = len(records[0]) - 6  # inside the value
    for index in (3, 50):
        records[index] = records[index][:at] + bytes([records[index][at] ^ 1]) + records[index][at + 1 :]
    reader = read(TfEvents(), write(*records))
    assert reader.told.bad == 2
    assert reader.steps("loss") == [step for step in range(100) if step not in (3, 50)]


def test_nothing_is_read_beyond_a_damaged_length_and_it_is_said(write):
    good = [scalar("loss", step, 1.0) for step in range(10)]
    path = write(*good[:5], struct.pack("<QI", 40, 0), *good[5:])
    state = state_of(watched(TfEvents(), path))
    assert state.series["loss"].steps.tolist() == [0, 1, 2, 3, 4]
    assert f"{NAME} is damaged at byte {sum(map(len, good[:5])):,}" in state.evidence


def test_files_of_a_folder_are_one_run_in_the_order_of_their_names(write, tmp_path):
    write(*(scalar("loss", step, 1.0) for step in range(5, 9)), name="events.out.tfevents.2.b")
    write(*(scalar("loss", step, 1.0) for step in range(5)), name="events.out.tfevents.1.a")
    reader = Reader(TfEventsTail(tmp_path)).read()
    assert reader.steps("loss") == list(range(9))
    write(scalar("loss", 9, 1.0), name="events.out.tfevents.3.c")
    assert reader.read().steps("loss") == list(range(10))
    assert reader.restarts == 0


def test_a_session_that_begins_again_redoes_what_came_after_its_step(write):
    run = watched(TfEvents(), write(*(scalar("loss", step, 1.0) for step in range(10)), scalar("acc", 8, 1.0)))
    assert state_of(run).step == 9
    write(session_start(6), *(scalar("loss", step, 2.0) for step in range(6, 9)), mode="ab")
    state = state_of(run)
    assert state.series["loss"].steps.tolist() == list(range(9))
    assert state.series["loss"].values.tolist() == [1.0] * 6 + [2.0] * 3
    assert "acc" not in state.metrics
    assert "steps went back once" in state.evidence


@pytest.mark.parametrize("series", [True, False])
def test_steps_that_go_back_without_a_word_redo_too(write, series):
    steps = [0, 1, 2, 3, 2, 3, 4, 1, 2]
    run = watched(TfEvents(), write(*(scalar("loss", step, index) for index, step in enumerate(steps))), series=series)
    state = state_of(run)
    assert (state.step, state.loss_train) == (2, 8.0)
    assert "went back" in state.evidence
    if series:
        assert state.series["loss"].steps.tolist() == [0, 1, 2]
        assert state.series["loss"].values.tolist() == [0.0, 7.0, 8.0]


def test_epochs_of_one_file_are_shown_in_a_row_those_of_another_process_redo(write, tmp_path):
    write(*(scalar(tag, step, 1.0) for _ in range(3) for step in range(20) for tag in ("loss", "lr")))
    run = watched(TfEvents(), tmp_path / NAME)
    state = state_of(run)
    assert state.series["loss"].steps.tolist() == state.series["lr"].steps.tolist() == list(range(60))
    assert "steps began again at 0 2 times: taken for epochs" in state.evidence
    write(*(scalar(tag, step, 2.0) for step in range(10, 25) for tag in ("loss", "lr")), name=f"{NAME}.again")
    state = state_of(run)
    assert state.series["loss"].steps.tolist() == list(range(65))
    assert "in which epoch it went on cannot be known" in state.evidence


def test_a_file_that_was_replaced_or_cut_is_read_anew(write, tmp_path):
    path = write(*(scalar("loss", step, 1.0) for step in range(50)))
    reader = read(TfEvents(), path)
    write(*(scalar("loss", step, 2.0) for step in range(3)))
    assert reader.read().values("loss") == [2.0] * 3
    other = write(*(scalar("loss", step, 3.0) for step in range(80)), name="other")
    other.replace(path)
    assert reader.read().values("loss") == [3.0] * 80
    assert reader.restarts == 2
    path.unlink()
    assert reader.read().restarts >= 2


def test_large_records_are_passed_over(write):
    path = write(scalar("loss", 1, 1.0), text("t", 1, b"x" * 20_000_000), scalar("loss", 2, 1.0))
    assert read(TfEvents(), path).steps("loss") == [1, 2]


def test_a_million_scalars_of_many_tags(write):
    one = b"".join(scalar(f"tag{tag}", step, step) for step in range(1000) for tag in range(100))
    reader = read(TfEvents(), write(*[one] * 10))
    assert len(reader.points) == 100
    assert reader.steps("tag77") == [*range(1000)] * 10
    assert reader.values("tag77") == reader.steps("tag77")
    assert reader.told.bad == 0


def test_a_length_beyond_the_file_is_waited_for_and_not_read_into_memory(write, tmp_path):
    length = struct.pack("<Q", 2**40)
    path = write(scalar("loss", 1, 1.0), length, struct.pack("<I", masked(crc32c(length))))
    with open(path, "ab") as file:
        file.truncate(40 << 20)
    reader = read(TfEvents(), path)
    assert (reader.steps("loss"), reader.told.bad) == ([1], 0)
    assert reader.tail._files[NAME].file._limit == PIECE


def test_numbers_as_hostile_as_they_can_be(write):
    times = [math.nan, math.inf, -math.inf, 1e308]
    steps = [-(2**63), 2**63 - 1, -(2**63), 0]
    run = watched(TfEvents(), write(*(scalar("loss", s, math.inf, t) for s, t in zip(steps, times, strict=True))))
    state = state_of(run)
    assert state.step == 0
    assert state.evidence


def test_it_is_watched_and_never_called_running(write):
    state = state_of(watched(TfEvents(), write(scalar("loss", 1, 1.0, time=1000.0)), now=1002.0))
    assert (state.state, state.evidence) == (State.WATCHED, "TensorBoard, last record 2s ago")
    assert not state.state.active


def test_a_record_that_is_no_event_is_counted(write):
    assert read(TfEvents(), write(frame(b"\xff" * 30), scalar("loss", 1, 1.0))).told.bad == 1
