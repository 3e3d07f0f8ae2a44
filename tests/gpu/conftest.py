"""On a real GPU, and skipped where there is none: a box with projects that the real cockpit trains on it."""

import json
import os
from pathlib import Path

import pytest
import yaml
from support.processes import wait_until
from support.project import Place

from cockpit.probes.gpu import GpuProbe
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from trainers import configs_folder

GPT = "gpt-stdlib-gpu"


class Box(Place):
    """A project of shipped trainers, in the environment that the tests have: CUDA's tools may need theirs."""

    def __init__(self, folder):
        super().__init__(folder)
        self.environment = os.environ | self.environment

    def configure(self, name, *, steps=60, save_every=20, model=(), data=(), trainer=()):
        """The shipped language model for a GPU as a config of that name, shorter; gives the name."""
        tree = yaml.safe_load((configs_folder() / f"{GPT}.yaml").read_text())
        tree["model"]["init_args"] |= {"layers": 4, "width": 256, "warmup_steps": 5} | dict(model)
        batch = dict(data).get("batch_size", 16)
        tree["data"]["init_args"] |= {
            "batch_size": batch, "samples_per_epoch": batch * steps // 2, "val_windows": 32, "workers": 2,
        } | dict(data)  # fmt: skip
        tree["trainer"] |= {
            "max_epochs": 2,
            "val_check_interval": min(save_every, steps // 2),
            "log_every_n_steps": 1,
        } | dict(trainer)
        for saver in tree["trainer"]["callbacks"]:
            if "every_n_train_steps" in saver["init_args"]:
                saver["init_args"] |= {"every_n_train_steps": save_every, "save_top_k": -1, "filename": "{step}"}
        (self.folder / "configs").mkdir(exist_ok=True)
        (self.folder / "configs" / f"{name}.yaml").write_text(yaml.safe_dump(tree))
        return name

    def start(self, name):
        """A run of that config, allowed and detached."""
        told = self.cockpit("start", name, "--allow", "start", "--detach", "--json")
        return RunPaths(Path(json.loads(told.stdout)["path"]))

    def ended(self, run):
        """How the run stands at its end."""
        return wait_until(
            lambda: not (state := RunReader(run, series=True).poll()).state.active and state,
            lambda: f"the end of {RunReader(run).poll()}\n{run.output.read_text()[-3000:]}",
        )


@pytest.fixture(scope="session")
def gpu():
    """The first GPU of this machine, as NVML sees it."""
    report = GpuProbe().sample()
    if not report.gpus:
        pytest.skip(f"needs an NVIDIA GPU: {report.error}")
    return report.gpus[0]


@pytest.fixture
def box(gpu, tmp_path):
    place = Box(tmp_path / "box")
    (place.folder / "cockpit.toml").touch()
    yield place
    place.close()
