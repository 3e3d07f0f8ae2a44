"""Bytes that nobody meant to be read: nothing raises, nothing hangs, names stay names."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.event_files import frame, scalar
from support.hostile import HOSTILE
from support.tails import Reader, read, state_of, watched

from cockpit.sources.lightning_csv import LightningCsv
from cockpit.sources.mlflow_files import MlflowFiles
from cockpit.sources.mlflow_sqlite import MlflowSqlite
from cockpit.sources.source import Found
from cockpit.sources.tfevents import TfEvents
from cockpit.sources.trainer_log import TrainerLog
from cockpit.sources.trainer_state import TrainerState
from cockpit.sources.wandb_offline import WandbOffline

FORMATS = {
    "events.out.tfevents.1": TfEvents(), "metrics.csv": LightningCsv(), "trainer_log.jsonl": TrainerLog(),
    "trainer_state.json": TrainerState(), "run-x.wandb": WandbOffline(), "mlflow.db": MlflowSqlite(),
    "meta.yaml": MlflowFiles(),
}  # fmt: skip
_PIECES = st.sampled_from([
    b"step,loss\n", b"1,0.5\n", b'"', b"\x00", b"\n", b'{"current_steps": 1, "loss": 2}\n',
    b'{"current_steps": 1e999}\n',
    b'{"log_history": [{"step": 1, "loss": "nan"}, 3], "global_step": "x"}', b"[" * 3000, b":W&B\xe1\xbe\x00",
    scalar("x", 3, 1.0), frame(b"\x09"), frame(b"\x2a\x05\x0a\x03\x0a\x01x"), b"\xff" * 12,
    b"run_name: [\n", b"9" * 400,
])  # fmt: skip
_BYTES = st.lists(st.one_of(_PIECES, st.binary(max_size=60)), max_size=12).map(b"".join)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_BYTES, then=_BYTES)
def test_no_bytes_raise(tmp_path, name, first, then):
    path = tmp_path / name
    path.write_bytes(first)
    (tmp_path / "metrics").mkdir(exist_ok=True)
    (tmp_path / "metrics" / "loss").write_bytes(first)
    source = FORMATS[name]
    found = next(iter(source.runs(path)), Found(path, "1"))
    reader = Reader(source.open(found)).read()
    path.write_bytes(first + then)
    reader.read()
    path.write_bytes(then)
    reader.read()
    state_of(watched(source, path)) if name != "mlflow.db" else None


@given(data=st.binary(max_size=200))
def test_no_event_raises(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("events")
    (folder / "x.tfevents").write_bytes(frame(data) * 2)
    read(TfEvents(), folder / "x.tfevents")


def test_names_come_through_as_they_are(tmp_path):
    names = [name.encode(errors="surrogateescape" if "\ud800" not in name else "replace").decode() for name in HOSTILE]
    (tmp_path / "x.tfevents").write_bytes(b"".join(scalar(name, 1, 1.0) for name in names))
    assert set(read(TfEvents(), tmp_path / "x.tfevents").points) == set(names)


def test_a_line_without_an_end_is_given_up(tmp_path):
    path = tmp_path / "trainer_log.jsonl"
    with open(path, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, 70 << 20)
    reader = read(TrainerLog(), path)
    assert reader.points == {}
