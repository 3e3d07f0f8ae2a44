"""A project whose trainer starts in a moment: the real cockpit in front, ``fake_trainer.py`` behind."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
from support.processes import DEADLINE, MARK, alive, end_marked, marked, wait_until
from support.terminal import Terminal

from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import run_folders

COCKPIT = str(Path(sys.executable).parent / "cockpit")
START = ("start", "tiny", "--allow", "start")


class Place:
    """A folder and what people do in it; every process it starts carries its mark."""

    def __init__(self, folder, command=COCKPIT):
        self.folder, self._command = folder, command
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "TERM": "xterm-256color",
            "LANG": "C.UTF-8", "PYTHONPATH": os.environ.get("PYTHONPATH", ""), MARK: str(folder),
        }  # fmt: skip
        self._windows = []

    def paste(self, text):
        """What a person copies into a bare shell."""
        around = {"PATH": os.environ["PATH"], MARK: str(self.folder)}
        subprocess.run(["bash", "-euc", text], env=around, check=True, timeout=DEADLINE)

    def cockpit(self, *words, check=True, cwd=None, **environment):
        """A command without a terminal."""
        done = subprocess.run(
            [self._command, *words], cwd=cwd or self.folder, env=self.environment | environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def window(self, *words, argv=None, size=(140, 40), **environment):
        """A cockpit in a terminal of its own, or ``argv`` there."""
        window = Terminal(argv or [COCKPIT, *words], self.folder, self.environment | environment, size)
        self._windows.append(window)
        return window

    def run(self):
        """The newest run, once there is one."""
        return wait_until(lambda: run_folders(self.folder / "runs"), "a run")[0]

    def steps_on(self, run, more=5):
        """Wait until training is ``more`` steps further than now, or begins; gives the state."""
        reader = RunReader(run)
        before = reader.poll().step or 0
        return wait_until(
            lambda: (state := reader.poll()).step is not None and state.step >= before + more and state,
            lambda: f"steps after {before}: {reader.poll()}",
        )

    def cockpits(self):
        """The processes of cockpits; runners and trainers are none."""
        return [process for process in marked(self.folder) if process.cmdline()[1:2] == [COCKPIT]]

    def close(self):
        """End everything that was started here."""
        for window in self._windows:
            window.close()
        end_marked(self.folder)


class Project(Place):
    """A project that trains configs.

    Args:
        folder: where to make it.
        steps: how long the trainer trains.
        trainer: ``fake_trainer``, or ``lightning_trainer`` for a real fit.
        command: the cockpit of which environment.
        fake: what steers the trainer, see there.
    """

    def __init__(self, folder, steps=1_000_000, trainer="fake_trainer", command=COCKPIT, **fake):
        super().__init__(folder, command)
        (folder / "configs").mkdir(parents=True)
        config = {"seed_everything": 1, "trainer": {"max_steps": steps, "accelerator": "cpu"}, "fake": fake}
        (folder / "configs" / "tiny.yaml").write_text(json.dumps(config))
        (folder / "trainers").mkdir()  # found before the installed one: the trainer works in the project's folder
        (folder / "trainers" / "__init__.py").touch()
        shutil.copy(Path(__file__).with_name(f"{trainer}.py"), folder / "trainers" / "__main__.py")

    def start(self, **environment):
        """A run without a cockpit; waits for its first steps."""
        started = json.loads(self.cockpit(*START, "--detach", "--json", **environment).stdout)
        run = RunPaths(Path(started["path"]))
        self.steps_on(run)
        return run


def unbroken(run):
    """Whether the loss has one point for every step up to the last, in order; gives the last step."""
    steps = RunReader(run, series=True).poll().series["train/loss"].steps.tolist()
    assert steps == list(range(1, len(steps) + 1))
    return steps[-1]


def step_shown(window, least=0):
    """The step on a cockpit's screen, as soon as it is at least that."""

    def step():
        shown = window.shows(r"step ([\d,]+)/")
        number = int(shown[1].replace(",", "")) if shown else -1
        return number if number >= least else None

    return wait_until(step, lambda: f"step {least} on\n{window.text()}")


def trainer_of(run):
    """The process that trains."""
    return psutil.Process(wait_until(lambda: RunReader(run).poll().pid, "a trainer"))


def gone(processes):
    """Wait until they have ended."""
    wait_until(lambda: not any(alive(p.pid) for p in processes), f"the end of {processes}")
