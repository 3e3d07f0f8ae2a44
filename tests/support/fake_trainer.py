"""A trainer without torch: ``python -m trainers fit --config FILE [--ckpt_path FILE]`` writes a run as a real one does.

It stands in where the trainer is not what is tested. The config's ``fake`` section steers it: ``pace`` (seconds per
step), ``deaf`` (requests are not looked at), ``grow`` (bytes it writes into data/raw at step 3, by a child),
``pull`` (what it downloads there instead).
"""

import fcntl
import io
import math
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import yaml

from cockpit.domain.hyperparameters import after
from cockpit.errors import EXIT_RUN_IN_USE
from cockpit.runs import requests
from cockpit.runs.atomic import write_atomic
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import ENV_ATTEMPT, ENV_RUN_DIR, RunPaths
from cockpit.runs.process import start_time
from cockpit.runs.scalars import ATTEMPT, ScalarWriter


def checkpoint_of(step):
    """The bytes of a checkpoint as torch lays them out, without a weight in it."""
    content = {"epoch": 0, "global_step": step, "cockpit": {"schema": 2, "rng": []}}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle.dumps(content, protocol=2))
    return file.getvalue()


def step_of(checkpoint):
    with zipfile.ZipFile(checkpoint) as archive:
        return pickle.loads(archive.read("archive/data.pkl"))["global_step"]


class Trainer:
    def __init__(self, config, checkpoint):
        self.run = RunPaths(Path(os.environ[ENV_RUN_DIR]))
        self.attempt = int(os.environ[ENV_ATTEMPT])
        self.total = config["trainer"]["max_steps"]
        self.pace, self.deaf = config["fake"].get("pace", 0.02), config["fake"].get("deaf", False)
        self.grow, self.pull = config["fake"].get("grow", 0), config["fake"].get("pull")
        self.step = step_of(checkpoint) if checkpoint else 0
        self.began, self.done, self.told = time.time(), set(), None
        self.changes = []

    def lock(self):
        self.fd = os.open(self.run.trainer_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(EXIT_RUN_IN_USE)

    def fit(self):
        self.lock()
        self.journal, self.scalars = JournalWriter(self.run.journal), ScalarWriter(self.run.scalars)
        self.journal.write("attach", attempt=self.attempt, pid=os.getpid(), start_time=start_time(os.getpid()))
        for tag, name in enumerate(("train/loss", "lr")):
            self.journal.write("tag", tag=tag, name=name)
        if self.attempt > 1:
            self.scalars.write([(self.step, time.time(), self.attempt, ATTEMPT, 0)])
        self.values = {"lr": 1e-3, "max_steps": self.total, "max_epochs": None, "log_every_n_steps": 50}
        self.journal.write(
            "fit_start", step=self.step, epoch=0, steps_total=self.total, device="cpu", mode="min",
            hyperparameters=self.values, schedules=["LambdaLR"], changes=[],
        )  # fmt: skip
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: setattr(self, "told", number))
        while self.step < self.total:
            time.sleep(self.pace)
            self.take_step()
        self.end("finished", f"all {self.step} steps done")

    def take_step(self):
        self.step += 1
        now, loss = time.time(), 4 * math.exp(-self.step / 500) + 1
        self.scalars.write([(self.step, now, loss, 0, 0), (self.step, now, 1e-3, 1, 0)])
        print("step", self.step, flush=True)
        if self.step == 3 and (self.grow or self.pull):
            self.take_data()
        if self.told is not None:
            self.save("interrupted")
            self.end("signal", f"signal {self.told} at step {self.step}, checkpoint saved")
            sys.exit(128 + self.told)
        for request in () if self.deaf else requests.pending(self.run, self.done):
            if request.time >= self.began:
                self.done.add(request.id)
                self.answer(request)

    def take_data(self):
        """Without asking; from a process of its own that takes its time."""
        raw = Path("data/raw")
        raw.mkdir(parents=True, exist_ok=True)
        code = (
            f"import time, urllib.request; n = {self.grow};"
            f"data = urllib.request.urlopen({self.pull!r}).read() if {bool(self.pull)} else bytes(n);"
            f"open('data/raw/taken.bin', 'wb').write(data); time.sleep(600)"
        )
        self.child = subprocess.Popen([sys.executable, "-c", code])

    def answer(self, request):
        path = self.save("stopped" if request.verb == "stop" else "requested")
        if request.verb == "modify":
            self.change(request)
        self.journal.write(
            "ack", request=request.id, verb=request.verb, ok=True, detail=f"at step {self.step}", path=path, seconds=0.0
        )
        if request.verb == "stop":
            self.end("stopped", f"stopped at step {self.step}, checkpoint saved")
            sys.exit(0)

    def change(self, request):
        old, self.values = self.values, after(request.values, self.values)
        self.changes.append(request.id)
        self.total = self.values["max_steps"]
        self.journal.write(
            "hyperparameters", request=request.id, step=self.step, by=request.by, old=old, hyperparameters=self.values,
            changes=self.changes, steps_total=self.total,
        )  # fmt: skip

    def save(self, kind):
        path = self.run.checkpoints / f"{kind}-step={self.step}.ckpt"
        write_atomic(path, checkpoint_of(self.step))
        name = str(path.relative_to(self.run.root))
        self.journal.write(
            "checkpoint", durable=True, path=name, step=self.step, epoch=0, kind=kind, seconds=0.0,
            changes=self.changes,
        )  # fmt: skip
        return name

    def end(self, reason, detail):
        self.journal.write("end", durable=True, reason=reason, step=self.step, detail=detail)


def main(words):
    checkpoint = words[words.index("--ckpt_path") + 1] if "--ckpt_path" in words else None
    Trainer(yaml.safe_load(Path(words[words.index("--config") + 1]).read_text()), checkpoint).fit()


if __name__ == "__main__":
    main(sys.argv)
