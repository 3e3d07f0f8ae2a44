"""Each format on what its own library writes, growing, rewritten, and ended in its own words."""

import json
import math
import os
import subprocess
import sys

import pytest
from support.tails import read, state_of, watched

from cockpit.domain.state import State
from cockpit.sources.lightning_csv import LightningCsv
from cockpit.sources.mlflow_files import MlflowFiles
from cockpit.sources.mlflow_sqlite import MlflowSqlite
from cockpit.sources.trainer_log import TrainerLog
from cockpit.sources.trainer_state import TrainerState
from cockpit.sources.wandb_offline import WandbOffline


def test_metrics_csv_of_lightning_and_its_longer_header(tmp_path):
    from lightning.pytorch.loggers import CSVLogger

    logger = CSVLogger(tmp_path)
    for step in range(5):
        logger.log_metrics({"train_loss": 1.0 / (step + 1), "epoch": 0}, step)
    logger.save()
    path = next(tmp_path.rglob("metrics.csv"))
    reader = read(LightningCsv(), path)
    assert reader.values("train_loss") == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    logger.log_metrics({"val_loss": float("nan"), "epoch": 1}, 5)
    logger.log_metrics({"train_loss": float("inf"), "epoch": 1}, 5)
    logger.save()
    reader.read()
    assert reader.steps("train_loss") == [0, 1, 2, 3, 4, 5]
    assert math.isnan(reader.values("val_loss")[0])
    assert (reader.restarts, reader.told.epoch, reader.told.bad) == (1, 1, 0)


def test_rows_of_a_csv_that_do_not_fit_are_counted(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("step,loss\n1,0.5\n2,0.4,9\nx,1\n3,what\n4,0.1\n5,0.0")
    reader = read(LightningCsv(), path)
    assert reader.steps("loss") == [1, 4]  # the last line may still grow
    assert reader.told.bad == 3


def epochs_of(path, *epochs, numbered=True):
    header = "epoch,step,loss" if numbered else "step,loss"
    rows = [f"{number},{step},1" if numbered else f"{step},1" for number, steps in enumerate(epochs) for step in steps]
    path.write_text("\n".join([header, *rows, ""]))
    return path


def test_a_csv_whose_steps_begin_again_with_each_epoch_shows_them_all(tmp_path):
    state = state_of(watched(LightningCsv(), epochs_of(tmp_path / "metrics.csv", range(20), range(30))))
    assert state.series["loss"].steps.tolist() == list(range(50))
    assert (state.step, state.epoch) == (49, 1)
    assert "steps begin again at 0 with each epoch; 2 are shown in a row" in state.evidence


def test_a_csv_that_a_second_process_appends_to_is_redone_by_it(tmp_path):
    path = epochs_of(tmp_path / "metrics.csv", range(20), numbered=False)
    path.write_text(path.read_text() + path.read_text().replace(",1", ",2"))
    state = state_of(watched(LightningCsv(), path))
    assert state.series["loss"].values.tolist() == [2.0] * 20
    assert "steps went back once" in state.evidence


def _line(step, **more):
    return json.dumps({"current_steps": step, "total_steps": 40, "epoch": step / 20, "percentage": step * 2.5,
                       "elapsed_time": "0:00:10", "remaining_time": "1 day, 0:01:30", **more}) + "\n"  # fmt: skip


def _at(step, elapsed):
    return _line(step, loss=1.0, elapsed_time=f"0:{elapsed // 60:02d}:{elapsed % 60:02d}")


def test_trainer_log_tells_its_pace_by_its_own_clock(tmp_path):
    path = tmp_path / "trainer_log.jsonl"
    path.write_text("".join(_at(step, 20 * step) for step in range(1, 11)))
    now = path.stat().st_mtime
    state = state_of(watched(TrainerLog(), path, now=now + 3))
    assert state.step_seconds == pytest.approx((20.0, 20.0, 20.0))
    assert (state.eta.seconds, state.eta.reason) == (pytest.approx(30 * 20 - 3), "by LLaMA-Factory")
    assert state.active_seconds == pytest.approx(180)
    old = state_of(watched(TrainerLog(), path, now=now + 201))
    assert (old.eta.seconds, old.eta.reason) == (None, "last record 3m21s ago")


def test_trainer_log_that_logs_many_times_a_second_is_not_taken_for_slow(tmp_path):
    path = tmp_path / "trainer_log.jsonl"
    path.write_text("".join(_at(step, step // 4) for step in range(1, 41)))
    state = state_of(watched(TrainerLog(), path, now=path.stat().st_mtime))
    assert state.step_seconds == pytest.approx((0.25, 0.25, 0.25), rel=0.05)


def test_trainer_log_of_a_resume_has_a_clock_that_begins_again(tmp_path):
    path = tmp_path / "trainer_log.jsonl"
    path.write_text("".join(_at(step, 20 * step) for step in range(1, 9)) + _at(6, 10) + _at(7, 40))
    reader = read(TrainerLog(), path)
    times = [time for _, time, _ in reader.points["loss"]]
    assert [math.isnan(time) for time in times] == [True] * 8 + [False] * 2
    assert times[-1] - times[-2] == pytest.approx(30)


def test_trainer_log_of_llama_factory(tmp_path):
    path = tmp_path / "trainer_log.jsonl"
    path.write_text(_line(10, loss=2.0, lr=1e-4) + _line(20, eval_loss=1.9) + "not json\n")
    run = watched(TrainerLog(), path, now=path.stat().st_mtime + 5)
    state = state_of(run)
    assert (state.step, state.steps_total, state.epoch, state.eta.seconds) == (20, 40, 1, 86490.0)
    assert (state.loss_train, state.loss_val, state.learning_rate) == (2.0, 1.9, 1e-4)
    assert state.evidence == "LLaMA-Factory, last record 5s ago; 1 record could not be read"
    assert "5s ago" in state.eta.reason
    with open(path, "a") as file:
        file.write(_line(40, loss=1.0))
    state = state_of(run)
    assert (state.state, state.evidence.split(";")[0]) == (State.FINISHED, "its log holds all 40 steps")


def _state(folder, step, **more):
    folder.mkdir(parents=True, exist_ok=True)
    history = [{"step": s, "epoch": s / 10, "loss": 1 / s, "learning_rate": 1e-4} for s in range(10, step + 1, 10)]
    history += [{"step": step, "epoch": step / 10, "eval_loss": 0.7, **more}]
    content = {"global_step": step, "max_steps": 100, "num_train_epochs": 10, "epoch": step / 10,
               "best_metric": 0.6, "best_global_step": 10, "log_history": history}  # fmt: skip
    (folder / "trainer_state.json").write_text(json.dumps(content))


def test_trainer_states_of_an_output_folder_are_one_run(tmp_path):
    _state(tmp_path / "out" / "checkpoint-20", 20)
    _state(tmp_path / "out" / "checkpoint-100", 90)
    run = watched(TrainerState(), tmp_path / "out" / "checkpoint-20" / "trainer_state.json")
    state = state_of(run)
    assert run.path == tmp_path / "out"
    assert (state.step, state.steps_total, state.epochs_total, state.state) == (90, 100, 10, State.WATCHED)
    assert (state.loss_val, state.best.value, state.best.step) == (0.7, 0.6, 10)
    assert len(state.series["loss"].steps) == 9
    _state(tmp_path / "out", 100, train_runtime=12.0)
    os.utime(tmp_path / "out" / "trainer_state.json", (2e9, 2e9))
    assert state_of(run).state is State.FINISHED
    (tmp_path / "out" / "trainer_state.json").write_text('{"log_history": [')
    assert "cannot be read" in state_of(run).evidence


_WANDB = """
import os, sys
import wandb
run = wandb.init(project="p", name="my run", config={"seed": 3}, mode="offline", dir=sys.argv[1])
for step in range(200):
    bad = float("nan") if step == 5 else 1.0
    run.log({"train/loss": 1 / (step + 1), "nest": {"a": step}, "bad": bad, "t": "x" * 500})
run.log({"val/loss": 0.5}, step=400)
run.finish(exit_code=int(sys.argv[2]))
"""


@pytest.mark.parametrize(("code", "state"), [(0, State.FINISHED), (1, State.FAILED)])
def test_an_offline_run_of_wandb(tmp_path, code, state):
    pytest.importorskip("wandb", reason="wandb is not installed: its files cannot be made")
    environment = {**os.environ, "WANDB_SILENT": "true", "WANDB_MODE": "offline"}
    subprocess.run([sys.executable, "-c", _WANDB, tmp_path, str(code)], check=False, env=environment, timeout=120)
    path = next(tmp_path.rglob("*.wandb"))
    reader = read(WandbOffline(), path)
    assert reader.steps("train/loss") == list(range(200))
    assert reader.values("nest.a") == list(range(200))
    assert math.isnan(reader.values("bad")[5])
    assert reader.steps("val/loss") == [400]
    assert (reader.told.name, reader.told.origin.seed, reader.told.bad) == ("my run", 3, 0)
    assert reader.told.ended[0] is state
    assert set(reader.points) == {"train/loss", "nest.a", "bad", "val/loss"}
    _while_it_grows(tmp_path, path.read_bytes())
    _damaged(tmp_path, path.read_bytes())


def _while_it_grows(folder, whole):
    growing = folder / "growing.wandb"
    growing.write_bytes(b"")
    reader = read(WandbOffline(), growing)
    for end in (3, 100, 32_700, 32_770, 40_000, len(whole) - 9):
        growing.write_bytes(whole[:end])
        assert reader.read().told.ended is None
    growing.write_bytes(whole)
    assert reader.read().steps("train/loss") == list(range(200))
    assert (reader.told.bad, reader.restarts) == (0, 0)


def _damaged(folder, whole):
    """A header in the first block that says nonsense: what follows in the block is lost, the next is read."""
    damaged = folder / "damaged.wandb"
    damaged.write_bytes(whole[:200] + b"\xff" * 400 + whole[600:])
    reader = read(WandbOffline(), damaged)
    assert reader.told.bad > 0
    assert reader.steps("train/loss")[-1] == 199


def test_a_wandb_file_that_is_none(tmp_path):
    path = tmp_path / "run-x.wandb"
    path.write_bytes(b"hello, this is text" * 1000)
    assert state_of(watched(WandbOffline(), path)).evidence.endswith("not a W&B file")


_MLFLOW = """
import sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run(run_name="my run"):
    for step in range(20):
        mlflow.log_metric("train/loss", 1 / (step + 1), step=step)
    mlflow.log_metric("x", float("nan"), step=3)
    mlflow.log_metric("x", float("-inf"), step=4)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("where", "source"), [("mlruns", MlflowFiles()), ("sqlite:///{}/mlflow.db", MlflowSqlite())])
def test_mlflow_in_both_of_its_stores(tmp_path, where, source):
    pytest.importorskip("mlflow", reason="mlflow is not installed: its stores cannot be made")
    uri = where.format(tmp_path) if ":" in where else str(tmp_path / where)
    environment = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true"}
    subprocess.run([sys.executable, "-c", _MLFLOW, uri], check=True, env=environment, cwd=tmp_path, timeout=180)
    path = next(p for name in ("meta.yaml", "mlflow.db") for p in tmp_path.rglob(name) if list(source.runs(p)))
    reader = read(source, path)
    assert reader.steps("train/loss") == list(range(20))
    assert math.isnan(reader.values("x")[0])
    assert reader.values("x")[1] == -math.inf
    assert (reader.told.name, reader.told.ended[0]) == ("my run", State.FINISHED)
    assert all(time > 1e9 for _, time, _ in reader.points["x"])


def test_a_run_that_mlflow_calls_running_is_only_watched(tmp_path):
    (tmp_path / "metrics" / "train").mkdir(parents=True)
    (tmp_path / "meta.yaml").write_text("run_name: 'a b'\nstatus: 1\nstart_time: 1000000\nend_time: null\n")
    metric = tmp_path / "metrics" / "train" / "loss"
    metric.write_text("1050000 0.5 1\n")
    run = watched(MlflowFiles(), tmp_path / "meta.yaml", now=1060.0)
    state = state_of(run)
    assert (state.state, state.name, state.started) == (State.WATCHED, "a b", 1000.0)
    assert state.evidence == "MLflow, last record 10s ago"
    metric.write_text("1050000 0.5 1\n1055000 0.25 2\nbroken\n")
    (tmp_path / "metrics" / "lr").write_text("1055000 0.1 2\n")
    state = state_of(run)
    assert (state.step, state.learning_rate, state.bad_records) == (2, 0.1, 1)


def test_databases_that_are_none_hold_no_runs(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\x01" * 4000)
    assert list(MlflowSqlite().runs(path)) == []
    assert not list(tmp_path.glob("mlflow.db-*"))


def saved(folder, steps, seconds, now):
    """Checkpoints of transformers, the last one just now."""
    for step in steps:
        path = folder / f"checkpoint-{step}" / "trainer_state.json"
        path.parent.mkdir(parents=True)
        history = [{"step": at, "loss": 1 / at, "epoch": 0.1} for at in range(10, step + 1, 10)]
        path.write_text(json.dumps({"global_step": step, "max_steps": 2000, "log_history": history}))
        at = now - seconds * (steps[-1] - step)
        os.utime(path, (at, at))
    return path


def test_checkpoints_of_transformers_tell_the_pace_by_their_times(tmp_path):
    path = saved(tmp_path, range(100, 900, 100), 0.5, 10_000.0)
    state = state_of(watched(TrainerState(), path, now=10_020.0))
    assert state.step_seconds == pytest.approx((0.5, 0.5, 0.5))
    assert (state.eta.seconds, state.eta.reason) == (pytest.approx(1200 * 0.5 - 20), "by transformers")
    assert state_of(watched(TrainerState(), path, now=10_501.0)).eta.seconds is None  # fifty seconds lie between two


def test_copied_checkpoints_tell_no_pace(tmp_path):
    path = saved(tmp_path, range(100, 900, 100), 0.0, 10_000.0)
    state = state_of(watched(TrainerState(), path, now=10_001.0))
    assert (state.step_seconds, state.eta.seconds) == (None, None)
