"""Real trainings in processes of their own, forked from one that has torch and Lightning loaded already."""

import contextlib
import hashlib
import json
import multiprocessing
import os
import sys
import time
import traceback
from multiprocessing import connection

from cockpit.runs.atomic import write_atomic
from cockpit.runs.layout import ENV_ATTEMPT, ENV_RUN_DIR, RunPaths

DEADLINE = 180.0  # seconds; far beyond what any of them takes
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["lightning.pytorch", "cockpit.recorder.recorder", "sklearn.datasets", "pandas"])


class Fit:
    """A training under way in its own process; what it prints goes to ``output``."""

    def __init__(self, output, target, *arguments, **environment):
        self.output = output
        self.process = _server.Process(target=_run, args=(output, environment, target, arguments))
        self.process.start()

    def wait(self):
        """The exit code: negative is a signal."""
        self.process.join(DEADLINE)
        assert self.process.exitcode is not None, f"still training:\n{self.text()[-2000:]}"
        return self.process.exitcode

    @staticmethod
    def wait_for_all(fits):
        """The exit codes of processes that train together; when one fails, the others are killed as a launcher does."""
        running = {fit.process.sentinel: fit for fit in fits}
        while running:
            ended = connection.wait(running, DEADLINE)
            assert ended, f"still training:\n{fits[0].text()[-2000:]}"
            if any(running.pop(sentinel).wait() for sentinel in ended):
                for fit in running.values():
                    fit.process.kill()
        return [fit.process.exitcode for fit in fits]

    def text(self):
        return self.output.read_text() if self.output.exists() else ""

    def end(self):
        self.process.kill()
        self.process.join()


def _run(output, environment, target, arguments):
    import torch

    fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    sys.stdout = sys.stderr = open(output, "a", buffering=1)  # noqa: SIM115
    os.environ.update(environment)
    torch.set_num_threads(1)
    multiprocessing.set_start_method("fork", force=True)  # for loader workers, as in a process started by hand
    try:
        target(*arguments)
    except SystemExit:
        raise
    except BaseException:
        traceback.print_exc()
        sys.exit(1)


def new_run(folder):
    """An empty run directory, as a launch leaves it to its trainer."""
    run = RunPaths(folder)
    for place in (run.requests, run.checkpoints):
        place.mkdir(parents=True, exist_ok=True)
    return run


def leave(run, verb):
    """A request as a newer cockpit, or a hand, writes it: of any verb; gives its id."""
    now = time.time()
    identity = f"{now:.3f}-{os.urandom(3).hex()}"
    write_atomic(run.requests / f"{identity}.json", json.dumps({"id": identity, "verb": verb, "t": now}))
    return identity


def recorded(run, target, *arguments, attempt=1, **environment):
    """A training that belongs to a run."""
    environment |= {ENV_RUN_DIR: str(run.root), ENV_ATTEMPT: str(attempt)}
    return Fit(run.output, target, *arguments, **environment)


def digest(state):
    """SHA-256 over the tensors of a state dict, by name."""
    sums = hashlib.sha256()
    for name in sorted(state):
        with contextlib.suppress(AttributeError):
            sums.update(name.encode() + state[name].detach().cpu().numpy().tobytes())
    return sums.hexdigest()
