"""A real training of transformers' Trainer in a process of its own, steered by requests."""

import json
import os
import subprocess
import sys
from pathlib import Path

from support.fits import DEADLINE, leave, new_run
from support.processes import wait_until

import cockpit
from cockpit.runs import requests
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import ENV_ATTEMPT, ENV_RUN_DIR
from cockpit.runs.reader import RunReader

SCRIPT = Path(__file__).parent / "foreign" / "transformers_script.py"
STARTUP = Path(cockpit.__file__).parent / "recorder" / "startup"
STEPS_PER_EPOCH = 100  # 400 samples, two in a batch, two batches a step
ACCUMULATED, LOGGED_EVERY, VALIDATED_EVERY = 2, 7, 20  # batches; steps; steps
ARGUMENTS = (
    "--output_dir", "out", "--gradient_accumulation_steps", str(ACCUMULATED), "--logging_steps", str(LOGGED_EVERY),
    "--eval_strategy", "steps", "--eval_steps", str(VALIDATED_EVERY), "--save_steps", "50", "--report_to", "none",
    "--use_cpu", "true", "--disable_tqdm", "true", "--per_device_train_batch_size", "2",
)  # fmt: skip


class Training:
    """One that is steered by requests."""

    def __init__(self, folder):
        self.run = new_run(folder)
        self.answers = {}  # the acknowledgement of each thing that was asked

    def launch(self, *words, script=(str(SCRIPT),), attempt=1):
        around = os.environ | {ENV_RUN_DIR: str(self.run.root), ENV_ATTEMPT: str(attempt), "PYTHONPATH": str(STARTUP)}
        around |= {"OMP_NUM_THREADS": "1"}  # a tiny model trains no faster on more
        with self.run.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *script, *ARGUMENTS, *words],
                env=around, cwd=self.run.root, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait(self):
        assert self.process.wait(DEADLINE) == 0, self.run.output.read_text()[-3000:]

    def events(self, kind):
        return [event for event in JournalTail(self.run.journal).poll()[0] if event["event"] == kind]

    def beyond(self, step):
        def reached():
            assert self.process.poll() is None, self.run.output.read_text()[-3000:]
            return (self.state().step or 0) > step

        wait_until(reached, f"step {step}", pause=0.1)

    def ask(self, name, verb, values=None):
        identity = requests.send(self.run, verb, values).id if verb in requests.VERBS else leave(self.run, verb)
        acks = lambda: [event for event in self.events("ack") if event["request"] == identity]  # noqa: E731
        (self.answers[name],) = wait_until(acks, f"an answer to {verb}")

    def state(self):
        return RunReader(self.run, series=True).poll()

    def losses(self):
        series = self.state().series["train/loss"]
        return dict(zip(series.steps.tolist(), series.values.tolist(), strict=True))

    def logged(self):
        """What transformers has logged itself, as its last checkpoint says."""
        newest = max(self.run.root.glob("out/checkpoint-*"), key=lambda folder: int(folder.name.split("-")[1]))
        return json.loads((newest / "trainer_state.json").read_text())["log_history"]
