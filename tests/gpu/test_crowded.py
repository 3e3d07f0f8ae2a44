"""A GPU that is too small, or taken by somebody: measured, named, asked about again."""

import getpass
import json
import statistics
import subprocess
import sys

import psutil
import pytest
from support.processes import wait_until

from cockpit.probes.gpu import GpuProbe
from cockpit.runner.meter import SETTLED
from cockpit.runs.reader import RunReader
from cockpit.runs.store import run_folders

pytestmark = pytest.mark.slow
WIDE = {"layers": 8, "width": 512}
HUGE = 8192  # windows in a batch; their activations are beyond any GPU of today
TAKE = "import torch, time; x = torch.ones(2**28, device='cuda'); print('taken', flush=True); time.sleep(600)"


def huge(box):
    return box.configure("huge", steps=20, data={"batch_size": HUGE, "workers": 0}, model=WIDE)


def test_what_does_not_fit_is_told_before(box):
    told = box.cockpit("estimate", huge(box), "--json", check=False)
    assert told.returncode == 1
    record = json.loads(told.stdout)
    assert record["fits"] is False
    assert "out of memory" in record["measured"]["words"]


def test_a_gpu_that_ran_out_is_named(box):
    state = box.ended(box.start(huge(box)))
    assert state.exit_code == 1
    told = next(each for each in state.troubles if each.key == "oom")
    assert told.text.startswith("GPU memory ran out")


def test_an_estimate_is_what_the_run_takes(box):
    """Time and power within half and double, memory within a fifth."""
    name = box.configure("measured", steps=600, save_every=200, data={"batch_size": 64}, model=WIDE)
    told = json.loads(box.cockpit("estimate", name, "--json").stdout)
    measured = told["measured"]
    run = box.start(name)
    state = box.ended(run)
    assert state.exit_code == 0
    begun = state.vitals.conditions.begun
    took = state.ended - begun
    memory = next(each for each in state.vitals.memory if each.name == "GPU 0").peak
    drawn = state.series["gpu0/power"]
    power = statistics.median(drawn.values[-len(drawn.recent_times) :][drawn.recent_times > begun + SETTLED].tolist())
    print(
        f"estimated {told['seconds']} s, took {took:.1f} s; {measured['gpu_peak'] / 2**30:.2f} GiB, took "
        f"{memory / 2**30:.2f} GiB; {measured['watts']:.0f} W, took {power:.0f} W"
    )
    assert told["seconds"]["low"] / 2 < took < told["seconds"]["high"] * 2
    assert measured["gpu_peak"] == pytest.approx(memory, rel=0.2)
    assert power / 2 < measured["watts"] < power * 2


def test_a_measured_gpu_is_free_again(box):
    facts = json.loads(box.cockpit("estimate", box.configure("measured"), "--json").stdout)["facts"]
    assert next(value for label, value in facts.items() if label == "device").endswith("free")


@pytest.fixture
def somebody(box):
    """Calls in another process that computes on the GPU; gives its name as a question tells it."""

    def come():
        other = subprocess.Popen([sys.executable, "-c", TAKE], stdout=subprocess.PIPE, text=True, env=box.environment)
        assert other.stdout.readline() == "taken\n"
        return f"{getpass.getuser()}'s {psutil.Process(other.pid).name()}"

    return come


def test_somebody_takes_the_gpu_while_the_question_stands(box, somebody):
    box.configure("asked", steps=20)
    window = box.window()
    window.wait_for("Ready to train")
    window.press("s")
    window.wait_for("Start what")
    window.press("1")
    window.wait_for(r"Start asked\?[\s\S]*, free")
    name = somebody()
    window.press("asked\r")
    window.wait_for(rf"Start asked\?[\s\S]*shared with {name}")
    assert not run_folders(box.folder / "runs")


def test_a_run_beside_others_says_so(box, somebody):
    name = somebody()
    told = box.cockpit("start", box.configure("beside"), "--json", check=False)
    assert told.returncode == 3
    assert name in told.stdout + told.stderr


def test_a_run_that_stops_at_a_request_leaves_the_gpu_free(box):
    run = box.start(box.configure("stopped", steps=100_000))
    wait_until(lambda: (RunReader(run).poll().step or 0) >= 20, "twenty steps")
    box.cockpit("stop", run.id, "--yes")
    assert box.ended(run).last_checkpoint
    wait_until(lambda: not GpuProbe().sample().gpus[0].processes, "nobody on the GPU")
