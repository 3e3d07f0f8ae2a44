"""Snapshots of runs and machines that never were, with the shapes of real ones; the clock stands still."""

from dataclasses import replace

import numpy as np

from cockpit.domain.checklist import Check
from cockpit.domain.criteria import Criterion
from cockpit.domain.run import Best, Checkpoint, Eta, Launch, NonFinite, RunState, Stage
from cockpit.domain.series import Series
from cockpit.domain.state import State
from cockpit.domain.trouble import Trouble
from cockpit.probes.gpu import GpuProcess, GpuReport, GpuSample
from cockpit.probes.host import HostSample
from cockpit.tui.messages import Snapshot

NOW = 1_790_000_000.0
GIB = 2**30
ID = "2026-09-21T1420-gpt-stdlib-7f3a"


class FakeFeed:
    """Gives the snapshot it was handed; remembers what was selected."""

    def __init__(self, snapshot):
        self.snapshot, self.selected = snapshot, []

    def poll(self):
        return self.snapshot

    def select(self, run_id):
        self.selected.append(run_id)


def series(steps, values):
    made = Series()
    steps = np.asarray(steps, np.int64)
    made.extend(steps, NOW - 400 + steps * 0.2, np.asarray(values, np.float64))
    return made.view()


def curves(last, *, bad_from=None):
    """A loss that falls from 5.5, its validations, and a warm-up with cosine decay."""
    steps = np.arange(1, last + 1)
    noise = np.random.default_rng(0).normal(0, 0.08, last)
    loss = 1.4 + 4.1 * np.exp(-steps / 180) + noise
    if bad_from is not None:
        loss[bad_from - 1 :] = np.nan
        loss[bad_from - 2] = np.inf
    validated = steps[99::100]
    rate = 3e-4 * np.where(steps < 100, steps / 100, 0.5 * (1 + np.cos(np.pi * (steps - 100) / 3900)))
    return {
        "train/loss": series(steps, loss),
        "val/loss": series(validated, 1.52 + 4.1 * np.exp(-validated / 180)),
        "lr": series(steps, rate),
    }


STAGES = (
    *(
        Stage("data", i, 5, name, "done", time=NOW - 500)
        for i, name in enumerate(("validate raw data", "preprocess", "split", "cache", "build loaders"), 1)
    ),
    *(
        Stage("training", i, 7, name, "done", time=NOW - 480)
        for i, name in enumerate(("load config", "set up tracking", "initialise model"), 1)
    ),
    Stage("training", 4, 7, "load checkpoint", "skipped", time=NOW - 470),
    Stage("training", 5, 7, "train", "running", time=NOW - 460),
)


def launch(**changes):
    return replace(
        Launch(
            id=ID, name="gpt-stdlib", created=NOW - 761, project="/home/ada/lm", argv=("python", "-m", "trainers"),
            command="python -m trainers fit", config="/home/ada/lm/configs/gpt-stdlib.yaml", seed=42, host="gpubox",
            boot_id="b", python="/home/ada/lm/.venv/bin/python", environment={"kind": "venv", "name": ".venv"},
            cuda_visible_devices=None, git_commit="0" * 40, git_dirty=False, git_diff="", tracker="TensorBoard",
        ),
        **changes,
    )  # fmt: skip


def checkpoint(step, value, *roles):
    path = f"/home/ada/lm/runs/{ID}/checkpoints/step={step}.ckpt"
    return Checkpoint(path, f"step={step}.ckpt", step, step // 400, "val/loss", value, 9_700_000, NOW - 300, 0.1, roles)


CRITERIA = (
    Criterion("reproducible", "reproducible", "Reproducible", "ok", "seed 42", (
        "seed 42, by the config", "deterministic algorithms are enforced", "data fingerprint 6f1c2a9be04d7713",
        "commit 000000000000, clean", "172 packages on record with their versions", "a resume is exact",
    ), "", NOW - 460),
    Criterion("metrics", "metrics", "Metrics logged and tracked", "ok", "7, now", (
        "lr, train/loss, val/loss; 7 in all", "the loss every step; validation every 100 steps", "last point now",
        "tracker TensorBoard: alive, last written 12s ago",
    ), "", NOW - 460),
    Criterion("checkpoints", "checkpoints", "Checkpoints saved regularly", "ok", "5m00s ago", (
        "2 kept; one every 200 steps is set; those kept are 200 to 200 steps apart",
        "newest: step=1200.ckpt, 9.3 MiB, 40 steps ago; read back whole when it was saved",
        "a crash now costs 5.0 min of training",
    ), "", NOW - 300),
    Criterion("memory", "memory", "Memory monitored", "warn", "host memory leaks", (
        "host memory rises by 12.0 MiB a minute (99 %: 11.2 MiB to 12.9 MiB, Theil–Sen); full in 6d21h",
        "host: peak 2.1 GiB; 22.4/125.6 GiB taken, 103 GiB left",
    ), "Look for tensors kept with their graph (a loss added up without .item()), growing lists, caches", NOW - 400),
    Criterion("gradients", "gradients", "Gradients checked for NaN", "ok", "norm 0.830", (
        "norm 0.830; last 64 measured: median 0.870, 0.512 to 1.944", "0 values that are not finite",
        "a step moves the weights by 0.002 of their norm (1e-3 is usual)",
    ), "", NOW - 460),
    Criterion("validation", "validation", "Validation improving, or explained", "early", "2 so far", (
        "2 of 3 validations that a word needs",
    )),
)  # fmt: skip
LEAK = Trouble("leak", "warn", "host memory leaks", *CRITERIA[3].evidence[:1], CRITERIA[3].todo, None, NOW - 400)
NAN = Trouble(
    "nonfinite", "bad", "train/loss not finite",
    "train/loss is not finite since step 1,100; 20+ values; last good checkpoint: step=1000.ckpt, step 1,000",
    "Find the operation: replay from there with anomaly detection (cockpit replay 7f3a)", 1100, NOW - 70,
)  # fmt: skip


def run_state(**changes):
    state = RunState(
        id=ID, name="gpt-stdlib", path=f"/home/ada/lm/runs/{ID}", launch=launch(), state=State.RUNNING,
        evidence="step 1,240 was 0.2 s ago", updated=NOW, started=NOW - 761, active_seconds=761.0, pid=4711,
        stages=STAGES, stage=STAGES[-1], step=1240, steps_total=4000, epoch=3, epochs_total=10, steps_per_epoch=400,
        next_validation_in=60, steps_per_second=1.7, samples_per_step=3072, sample_unit="tokens",
        step_seconds=(0.55, 0.58, 0.63), eta=Eta(1620.0, 1440.0, 1860.0), loss_train=1.482,
        loss_val=1.611, learning_rate=2.31e-4, grad_norm=0.83, best=Best("val/loss", 1.598, 1000, 2),
        checkpoints=(checkpoint(1200, 1.611, "last"), checkpoint(1000, 1.598, "best")),
        last_checkpoint=checkpoint(1200, 1.611).path, device="cuda:0 NVIDIA H100 80GB HBM3", seed=42,
        guarantee=("exact", "every source of randomness is in the checkpoint"), ram_used=2.1 * GIB,
        listens=True, series=curves(1240), criteria=CRITERIA, verdict="✓4 ⚠1",
    )  # fmt: skip
    return replace(state, **changes)


FINISHED = {
    "state": State.FINISHED, "evidence": "finished all 4,000 steps during this attempt", "step": 4000, "epoch": 9,
    "ended": NOW - 60, "active_seconds": 2410.0, "eta": Eta(None, reason="finished"), "next_validation_in": None,
}  # fmt: skip
FAILED = {
    "state": State.FAILED, "evidence": "ValueError: loss is not finite", "ended": NOW - 60,
    "eta": Eta(None, reason="failed"), "next_validation_in": None, "loss_train": float("nan"), "exit_code": 1,
    "exception": 'Traceback (most recent call last):\n  File "train.py", line 9\nValueError: loss is not finite',
    "nonfinite": (NonFinite(1100, "train/loss", NOW - 70),), "nonfinite_count": 20, "troubles": (NAN,),
}  # fmt: skip
LAUNCHING = {
    "state": State.LAUNCHING, "evidence": "its data is made ready", "step": None, "epoch": None, "series": {},
    "stage": Stage("data", 2, 5, "preprocess", "running", "", 640, 1713),
    "stages": (Stage("data", 1, 5, "validate raw data", "done", "1,713 files, 2 unreadable, 14 duplicates"),),
    "checkpoints": (), "criteria": (), "verdict": "",
    "eta": Eta(None, reason="not started"), "best": None, "loss_train": None, "loss_val": None,
    "learning_rate": None, "grad_norm": None, "steps_per_second": None, "next_validation_in": None,
}  # fmt: skip


def gpu(index=0, **changes):
    sample = GpuSample(
        index, f"GPU-{index}", "NVIDIA H100 80GB HBM3", int(41.2 * GIB), int(79.6 * GIB), 97.0, 61.0, 512.0,
        (GpuProcess(4711, "ada", "python", 40 * GIB, mine=True),),
    )  # fmt: skip
    return replace(sample, **changes)


ONE_GPU = GpuReport((gpu(),))
STRANGER = GpuProcess(815, "bob", "pretrain.py", 30 * GIB, mine=False)
TWO_GPUS = GpuReport((gpu(), gpu(1, memory_used=int(77 * GIB), processes=(STRANGER,))))
EIGHT_GPUS = GpuReport(tuple(gpu(i) for i in range(8)))
MIG = GpuReport((gpu(memory_used=None, memory_total=None, utilisation=None, temperature=None, power=None),))
NO_GPU = GpuReport((), "no NVIDIA driver (libnvidia-ml.so.1 not found)", "nvidia-smi")

CHECKS = (
    Check("environment", "environment", "ok", "venv .venv", "The virtual environment .venv is active."),
    Check("packages", "packages", "ok", "torch 2.13.0", "torch 2.13.0, lightning 2.6.6."),
    Check("gpu", "GPU", "ok", "1× H100", "1 GPU: NVIDIA H100 80GB HBM3."),
    Check("data", "data", "ok", "data/ 31 MB", "data/ holds 31 MB in 1,713 files."),
    Check("config", "config", "ok", "3 found", "digits, gpt-stdlib, gpt-stdlib-gpu."),
    Check("tracking", "tracking", "warn", "none yet", "No tracker has logged here.", "pip install tensorboard"),
)
OLDER = {
    "verdict": "✓5 ⚠1",
    "id": "2026-09-20T0911-digits-61bc",
    "name": "digits",
    "best": Best("val/loss", 0.039),
    **FINISHED,
}


def snapshot(state=None, **changes):
    """A look at a project with ``state`` selected and an older run below it."""
    state = state or run_state()
    made = Snapshot(
        project="lm", host="gpubox", now=NOW, runs=(replace(state, series={}), run_state(**OLDER)), selected=state,
        checks=CHECKS, gpus=ONE_GPU, machine=HostSample(16, 37.0, 5.1, 22.4 * GIB, 125.6 * GIB, 812 * GIB, 1800 * GIB),
        gpu_history={0: tuple(min(1.0, 0.1 + 0.01 * i) for i in range(60))},
        host_history={"ram": (0.1, 0.15, 0.17, 0.18), "cpu": (0.3, 0.5, 0.4, 0.37)},
        log=("Epoch 3: 31%", "saved step=1200.ckpt", "a warning of the trainer: 4 workers are too many"),
    )  # fmt: skip
    return replace(made, **changes)


EMPTY = Snapshot(project="lm", host="gpubox", now=NOW, checks=CHECKS, gpus=NO_GPU, machine=HostSample(2))
