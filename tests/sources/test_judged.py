"""Each format through its source: what it tells is judged, what it cannot tell is not, and nothing alarms in vain."""

import argparse
import math
import os
from pathlib import Path

import pytest
import torch
from support.foreign_logs import (
    FORMATS,
    recorded,
    write_csv,
    write_events,
    write_mlflow,
    write_mlruns,
    write_trainer_log,
    write_trainer_state,
    write_wandb,
)
from support.recorded import FOLDER
from support.tails import state_of, watched

from cockpit.sources.lightning_csv import LightningCsv
from cockpit.sources.mlflow_files import MlflowFiles
from cockpit.sources.mlflow_sqlite import MlflowSqlite
from cockpit.sources.tfevents import TfEvents
from cockpit.sources.trainer_log import TrainerLog
from cockpit.sources.trainer_state import TrainerState
from cockpit.sources.wandb_offline import WandbOffline

HEALTHY = ("digits", "gpt-stdlib", "tabular")
LOOKS = 8  # moments of a run
NORMLESS = ("LLaMA-Factory",)


def looks(name, folder, archive, *, moments=LOOKS):
    """The states of a recorded run in a format, as it grows and a day after its last record."""
    if name == "W&B":
        pytest.importorskip("wandb", reason="wandb is not installed: its files cannot be made")
    source, write = FORMATS[name]
    points = recorded(FOLDER / f"{archive}.tar.xz")
    begin, end = points[0][1], points[-1][1]
    for moment in range(1, moments + 1):
        now = begin + (end - begin) * moment / moments
        place = folder / str(moment)
        place.mkdir()
        path = write(place, [point for point in points if point[1] <= now])
        os.utime(path, (now, now))
        yield state_of(watched(source(), path, now=now))
        yield state_of(watched(source(), path, series=False, now=now + 86400))


@pytest.mark.parametrize("archive", HEALTHY)
@pytest.mark.parametrize("name", FORMATS)
def test_a_healthy_run_raises_no_alarm_at_any_moment_nor_long_after(name, archive, tmp_path):
    found = list(looks(name, tmp_path, archive))
    assert [(look.step, trouble.text) for look in found for trouble in look.troubles] == []
    assert [(look.step, c.evidence) for look in found for c in look.criteria if c.status in ("bad", "warn")] == []
    statuses = {criterion.key: criterion.status for criterion in found[-1].criteria}
    gradients = "untold" if name in NORMLESS else "ok"
    assert statuses == {
        "reproducible": "untold", "metrics": "ok", "checkpoints": "untold", "memory": "untold",
        "gradients": gradients, "validation": "ok",
    }  # fmt: skip
    assert found[-1].verdict == ("✓2 ?4" if name in NORMLESS else "✓3 ?3")
    assert found[-1].series == {}


@pytest.mark.parametrize("name", FORMATS)
def test_a_loss_that_became_nan_fails_with_its_first_step(name, tmp_path):
    for look in looks(name, tmp_path, "nan", moments=1):
        gradients = {criterion.key: criterion for criterion in look.criteria}["gradients"]
        assert (gradients.status, gradients.short) == ("bad", f"{look.nonfinite[0].what} not finite")
        assert look.nonfinite[0].step == 23
        assert "loss" in look.nonfinite[0].what
        assert [trouble.kind for trouble in look.troubles] == ["nonfinite"]


def points(count=60, every=10, first=1000.0, last=0.0):
    """A loss at every step, a validation at every tenth."""
    made = []
    for step in range(count):
        made.append((step, first + step, "train/loss", 2.0 - step / count + last))
        if step % every == 0:
            made.append((step, first + step, "val/loss", 2.5 - step / count))
    return made


def by_key(state):
    return {criterion.key: criterion for criterion in state.criteria}


def test_the_config_and_the_checkpoints_of_lightning_lie_beside_its_records(tmp_path):
    write_csv(tmp_path, points())
    (tmp_path / "config.yaml").write_text("seed_everything: 42\ntrainer:\n  deterministic: true\n  max_steps: 9\n")
    (tmp_path / "checkpoints").mkdir()
    for step in (20, 40):
        (tmp_path / "checkpoints" / f"epoch=0-step={step}.ckpt").write_bytes(b"x" * step)
        os.utime(tmp_path / "checkpoints" / f"epoch=0-step={step}.ckpt", (1000 + step, 1000 + step))
    (tmp_path / "checkpoints" / "notes.txt").touch()
    for source, path in ((LightningCsv(), tmp_path / "metrics.csv"), (TfEvents(), write_events(tmp_path, points()))):
        state = state_of(watched(source, path, now=1100.0))
        assert [(c.name, c.step, c.epoch) for c in state.checkpoints] == [
            ("epoch=0-step=40.ckpt", 40, 0), ("epoch=0-step=20.ckpt", 20, 0),
        ]  # fmt: skip
        assert by_key(state)["checkpoints"].status == "ok"
        assert state.seed == 42
        assert "seed 42, told by config.yaml" in by_key(state)["reproducible"].evidence
        assert "deterministic algorithms are enforced" in by_key(state)["reproducible"].evidence


def test_checkpoints_of_transformers_lie_in_its_output_folder_and_come_later(tmp_path):
    write_trainer_state(tmp_path, points())
    write_trainer_log(tmp_path, points())
    (tmp_path / "runs" / "host").mkdir(parents=True)
    events = write_events(tmp_path / "runs" / "host", points())
    runs = [
        watched(TrainerState(), tmp_path / "trainer_state.json"),
        watched(TrainerLog(), tmp_path / "trainer_log.jsonl"),
        watched(TfEvents(), events),
    ]
    assert [by_key(state_of(run))["checkpoints"].status for run in runs] == ["untold"] * 3
    for step in (20, 40):
        write_trainer_state(tmp_path / f"checkpoint-{step}", points(step + 1))
    (tmp_path / "checkpoint-60").mkdir()  # is still being written
    for run in runs:
        state = state_of(run)
        assert [checkpoint.step for checkpoint in state.checkpoints] == [40, 20]
        assert by_key(state)["checkpoints"].evidence[0].endswith("those kept are 20 steps apart")
    write_trainer_state(tmp_path / "checkpoint-60", points())
    assert [state_of(run).checkpoints[0].step for run in runs] == [60] * 3


def test_event_files_of_several_trainings_do_not_share_the_checkpoints_above_them(tmp_path):
    write_trainer_state(tmp_path / "checkpoint-20", points(21))
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        path = write_events(tmp_path / "runs" / name, points())
    assert state_of(watched(TfEvents(), path)).checkpoints == ()


def test_the_metric_that_was_best_is_found_by_its_value_and_its_step(tmp_path):
    history = [{"step": s, "eval_loss": 1.0 + s / 100, "eval_accuracy": s / 100, "epoch": 1} for s in (10, 20, 30, 40)]
    path = write_trainer_state(
        tmp_path, points(), log_history=history, best_metric=0.4, best_global_step=40
    )  # fmt: skip
    state = state_of(watched(TrainerState(), path))
    assert (state.best.metric, state.best.mode) == ("eval_accuracy", "max")
    assert by_key(state)["validation"].status == "ok"
    assert "best eval_accuracy 0.400 @ step 40" in by_key(state)["validation"].evidence[0]


@pytest.mark.parametrize(
    ("told", "seed", "by", "kernels"),
    [
        ({"seed": 11, "data_seed": None, "full_determinism": False}, 11, "training_args.bin", "deterministic kernels"),
        ({"seed": 11, "data_seed": 5}, 11, "training_args.bin; its data are shuffled by 5", "deterministic kernels"),
        ({"seed": 0, "full_determinism": True}, 0, "training_args.bin", "deterministic algorithms are enforced"),
        ({"seed": "11", "data_seed": True}, None, "", "a seed, deterministic kernels"),
    ],
)
def test_transformers_arguments_tell_the_seed(told, seed, by, kernels, tmp_path):
    path = write_trainer_state(tmp_path / "checkpoint-60", points())
    torch.save(argparse.Namespace(**told), path.with_name("training_args.bin"))
    state = state_of(watched(TrainerState(), path))
    assert (state.seed, state.vitals.origin.seed_by) == (seed, by)
    assert kernels in "\n".join(by_key(state)["reproducible"].evidence)


class Evil:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("how", ["object", "attribute", "torn"])
def test_arguments_are_never_made(tmp_path, how):
    path, marker = write_trainer_state(tmp_path / "checkpoint-60", points()), tmp_path / "pwned"
    evil = Evil(marker)
    file = path.with_name("training_args.bin")
    torch.save(evil if how == "object" else argparse.Namespace(seed=3, data=evil), file)
    if how == "torn":
        file.write_bytes(file.read_bytes()[:-40])
    assert state_of(watched(TrainerState(), path)).seed == (3 if how == "attribute" else None)
    assert not marker.exists()


@pytest.mark.parametrize(("source", "write"), [(MlflowFiles(), write_mlruns), (MlflowSqlite(), write_mlflow)])
def test_mlflow_tells_seed_commit_and_memory_of_gpus(source, write, tmp_path):
    gpu = [(step, 1000.0 + step, "system/gpu_0_memory_usage_megabytes", 4000.0) for step in range(20)]
    share = [(step, 1000.0 + step, "system/gpu_0_memory_usage_percentage", 25.0) for step in range(20)]
    state = state_of(watched(source, write(tmp_path, [*points(), *gpu, *share], seed=7, commit="ab" * 20)))
    assert state.seed == 7
    assert "changes beyond commit" in by_key(state)["reproducible"].evidence[0]
    (memory,) = state.vitals.memory
    assert (memory.name, memory.taken, memory.total, memory.peak) == ("GPU 0", 4e9, 1.6e10, 4e9)
    assert by_key(state)["memory"].status == "ok"


def test_wandb_tells_seed_commit_packages_changes_and_memory(tmp_path):
    pytest.importorskip("wandb", reason="wandb is not installed: its files cannot be made")
    folder = tmp_path / "wandb" / "offline-run-1-abc"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "requirements.txt").write_text("torch==2.13.0\nnumpy==2.4.0\n")
    (folder / "files" / "diff.patch").write_text("-a\n+b\n")
    (tmp_path / "p" / "abc" / "checkpoints").mkdir(parents=True)
    (tmp_path / "p" / "abc" / "checkpoints" / "step=50.ckpt").touch()
    stats = [
        (1000 + 15 * i, {"proc.memory.rssMB": 512.0, "memory_percent": 50.0, "proc.memory.availableMB": 8192.0,
                         "gpu.1.memoryAllocatedBytes": 2.0**31, "gpu.1.memoryAllocated": 10.0, "cpu": 3.0})
        for i in range(1000)
    ]  # fmt: skip
    path = write_wandb(folder, points(), stats, seed=3, commit="ab" * 20)
    state = state_of(watched(WandbOffline(), path))
    assert state.seed == 3
    evidence = by_key(state)["reproducible"].evidence
    assert "W&B tells nothing of deterministic kernels, its data, what a resume gives back" in evidence
    assert any("their diff kept in diff.patch" in line for line in evidence)
    assert "2 packages on record with their versions" in evidence
    assert [checkpoint.name for checkpoint in state.checkpoints] == ["step=50.ckpt"]
    host, gpu = state.vitals.memory
    assert (host.name, host.peak, host.taken, host.total) == ("host", 2**29, 2**33, 2**34)
    assert (gpu.name, gpu.taken, round(gpu.total / 2**31, 6)) == ("GPU 1", 2**31, 10.0)
    assert len(host.used) <= 192
    assert host.used[-1][0] > 1000 + 15 * 900  # thinned over all of it
    assert by_key(state)["memory"].status == "ok"


def test_a_wandb_project_named_like_a_path_leads_nowhere(tmp_path):
    pytest.importorskip("wandb", reason="wandb is not installed: its files cannot be made")
    for name in ("..", "a/../..", "\0", ""):
        path = write_wandb(tmp_path, points())
        run = watched(WandbOffline(), path)
        run._tail._project = name
        assert all(Path(folder).is_relative_to(tmp_path) for folder in run._tail._folders())


def test_what_is_still_being_read_is_not_judged_and_a_list_keeps_no_vitals(tmp_path, monkeypatch):
    monkeypatch.setattr("cockpit.sources.growing.PIECE", 500)
    path = write_csv(tmp_path, [*points(), (60, 1060.0, "train/loss", math.nan)])
    run = watched(LightningCsv(), path, series=False)
    run._tail._lines.file._limit = 500
    run.read()
    assert run.more
    assert (run.state().criteria, run.state().troubles, run.state().verdict) == ((), (), "")
    state = state_of(run)
    assert "✗1" in state.verdict
    assert (state.vitals.losses, state.vitals.recorder, state.series) == ((), "", {})


def test_verdicts_of_a_list_hold_until_something_comes(tmp_path, monkeypatch):
    judged = []
    from cockpit.sources import watched as module

    judge = module.judge
    monkeypatch.setattr(module, "judge", lambda state: judged.append(state.step) or judge(state))
    path = write_csv(tmp_path, points())
    run = watched(LightningCsv(), path, series=False, now=path.stat().st_mtime)
    state_of(run)
    state_of(run)
    assert judged == [59]
    with open(path, "a") as file:
        file.write("60,nan,\n")
    assert state_of(run).nonfinite[0].step == 60
    assert judged == [59, 60]
