"""The curves of a run in the formats of other tools, written as those tools write them."""

import csv
import json
import sqlite3
import struct
import tarfile
import zlib

from support.event_files import scalar

from cockpit.runs.scalars import ATTEMPT, RECORD
from cockpit.sources.lightning_csv import LightningCsv
from cockpit.sources.mlflow_files import MlflowFiles
from cockpit.sources.mlflow_sqlite import MlflowSqlite
from cockpit.sources.tfevents import TfEvents
from cockpit.sources.trainer_log import TrainerLog
from cockpit.sources.trainer_state import TrainerState
from cockpit.sources.wandb_offline import WandbOffline


def recorded(archive):
    """``[(step, time, tag, value)]`` of a run in tests/recorded."""
    with tarfile.open(archive) as opened:
        journal, scalars = (opened.extractfile(name).read() for name in ("journal.jsonl", "scalars.bin"))
    events = [json.loads(line) for line in journal.splitlines()]
    tags = {event["tag"]: event["name"] for event in events if event["event"] == "tag"}
    return [
        (step, time, tags[tag], value) for step, time, value, tag, _ in RECORD.iter_unpack(scalars) if tag != ATTEMPT
    ]


def _rows(points):
    """By step: {tag: value}, in order."""
    rows = {}
    for step, _, tag, value in points:
        rows.setdefault(step, {})[tag] = value
    return sorted(rows.items())


def write_csv(folder, points):
    rows = _rows(points)
    names = sorted({tag for _, row in rows for tag in row})
    with open(folder / "metrics.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ["step", *names], restval="")
        writer.writeheader()
        writer.writerows({"step": step, **row} for step, row in rows)
    return folder / "metrics.csv"


def write_events(folder, points):
    path = folder / "events.out.tfevents.1.host"
    path.write_bytes(b"".join(scalar(tag, step, value, time) for step, time, tag, value in points))
    return path


def write_trainer_log(folder, points):
    names = {"train/loss": "loss", "val/loss": "eval_loss", "lr": "lr"}
    rows = [
        {"current_steps": step, "total_steps": 10**6, "epoch": 0.5, "remaining_time": "0:10:00"}
        | {names[tag]: value for tag, value in row.items() if tag in names}
        for step, row in _rows(points)
    ]
    (folder / "trainer_log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "trainer_log.jsonl"


def write_trainer_state(folder, points, **more):
    names = {"train/loss": "loss", "val/loss": "eval_loss", "lr": "learning_rate", "grad_norm": "grad_norm"}
    history = [
        {"step": step, "epoch": 0.5} | {names[tag]: value for tag, value in row.items() if tag in names}
        for step, row in _rows(points)
    ]
    state = {"global_step": history[-1]["step"], "max_steps": 10**6, "epoch": 0.5, "log_history": history, **more}
    folder.mkdir(exist_ok=True)
    (folder / "trainer_state.json").write_text(json.dumps(state))
    return folder / "trainer_state.json"


def write_mlruns(folder, points, seed=None, commit=None):
    (folder / "metrics").mkdir()
    for step, time, tag, value in points:
        path = folder / "metrics" / tag
        path.parent.mkdir(exist_ok=True)
        with open(path, "a") as file:
            file.write(f"{round(time * 1000)} {value} {step}\n")
    for kind, name, value in (("params", "seed", seed), ("tags", "mlflow.source.git.commit", commit)):
        (folder / kind).mkdir()
        if value is not None:
            (folder / kind / name).write_text(str(value))
    (folder / "meta.yaml").write_text(f"run_name: r\nstatus: 1\nstart_time: {round(points[0][1] * 1000)}\n")
    return folder / "meta.yaml"


def write_mlflow(folder, points, seed=None, commit=None):
    path = folder / "mlflow.db"
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time INT, lifecycle_stage TEXT);"
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp INT, run_uuid TEXT, step INT, is_nan INT);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);"
        )
        start = round(points[0][1] * 1000)
        database.execute("INSERT INTO runs VALUES ('r', 'r', 'RUNNING', ?, 'active')", (start,))
        nan = [0 if value == value else 1 for _, _, _, value in points]
        database.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, 'r', ?, ?)",
            [(t, 0 if n else v, round(at * 1000), s, n) for (s, at, t, v), n in zip(points, nan, strict=True)],
        )
        for table, key, value in (("params", "seed", seed), ("tags", "mlflow.source.git.commit", commit)):
            if value is not None:
                database.execute(f"INSERT INTO {table} VALUES (?, ?, 'r')", (key, str(value)))
    return path


def write_wandb(folder, points, stats=(), seed=None, commit=None):
    """A file of W&B, by its own protocol: the run, statistics ``(time, {key: value})``, then the history."""
    from google.protobuf.timestamp_pb2 import Timestamp
    from wandb.proto import wandb_internal_pb2 as proto

    run = proto.Record()
    run.run.run_id, run.run.project, run.run.display_name = "abc", "p", "r"
    run.run.start_time.CopyFrom(Timestamp(seconds=int(points[0][1])))
    if seed is not None:
        run.run.config.update.add(key="seed", value_json=str(seed))
    if commit is not None:
        run.run.git.commit = commit
    records = [run]
    for time, figures in stats:
        record = proto.Record()
        record.stats.timestamp.CopyFrom(Timestamp(seconds=int(time)))
        for key, value in figures.items():
            record.stats.item.add(key=key, value_json=str(value))
        records.append(record)
    for step, time, tag, value in points:
        record = proto.Record()
        for key, content in ((tag, json.dumps(value)), ("_step", str(step)), ("_timestamp", repr(time))):
            record.history.item.add(key=key, value_json=content)
        records.append(record)
    path = folder / "run-abc.wandb"
    path.write_bytes(_leveldb(record.SerializeToString() for record in records))
    return path


def _leveldb(records):
    """In blocks of 32 KiB, a record that does not fit cut into parts."""
    out = bytearray(b":W&B\x00\x01\x00")
    for record in records:
        at = 0
        while at < len(record):
            left = 32768 - len(out) % 32768
            if left <= 7:
                out += b"\0" * left
                continue
            part = record[at : at + left - 7]
            first, last = at == 0, at + len(part) == len(record)
            kind = (1 if last else 2) if first else (4 if last else 3)
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + part), len(part), kind) + part
            at += len(part)
    return bytes(out)


FORMATS = {
    "metrics.csv": (LightningCsv, write_csv),
    "TensorBoard": (TfEvents, write_events),
    "LLaMA-Factory": (TrainerLog, write_trainer_log),
    "transformers": (TrainerState, write_trainer_state),
    "MLflow files": (MlflowFiles, write_mlruns),
    "MLflow": (MlflowSqlite, write_mlflow),
    "W&B": (WandbOffline, write_wandb),
}
