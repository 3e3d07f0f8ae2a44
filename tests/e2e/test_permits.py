"""On the screen: a new key is named, a GPU that was taken meanwhile is asked about again, weights are shared."""

import getpass
import json

import psutil
import pytest
import torch
from support.loopback_hub import loopback_hub
from support.nvml import stub_folder
from support.processes import wait_until
from support.project import trainer_of

from cockpit.runs.store import run_folders

pytestmark = pytest.mark.slow
TOKEN, KEY = "hf_screenToken0123456789", "a-plain-pass-phrase"


def test_a_key_seen_for_the_first_time_is_named_and_the_start_goes_on(project, tmp_path):
    (project.folder / "cockpit.toml").write_text('[launch]\nenv_pass = ["WANDB_API_KEY"]\n')
    window = project.window(WANDB_API_KEY=KEY, XDG_CONFIG_HOME=str(tmp_path / "home"))
    window.wait_for("Ready to train")
    window.press("s")
    window.wait_for("Start what")
    window.press("1")
    window.wait_for(r"The run would see WANDB_API_KEY: what is it")
    assert KEY not in window.text()
    window.press("2")
    window.wait_for(r"Start tiny\?[\s\S]*WANDB_API_KEY \w{8} \(test\)")
    window.press("\x1b")
    kinds = json.loads((tmp_path / "home" / "cockpit" / "keys.json").read_text())["keys"]
    assert list(kinds.values()) == ["test"]
    assert KEY not in (tmp_path / "home" / "cockpit" / "keys.json").read_text()


def test_a_key_is_let_through_to_one_run(project, tmp_path):
    window = project.window(WANDB_API_KEY=KEY, XDG_CONFIG_HOME=str(tmp_path / "home"))
    window.wait_for("Ready to train")
    window.press("K")
    window.wait_for("Keys in the air")
    window.press("1")
    window.wait_for("let it through for one run")
    window.press("3")
    window.wait_for("Start what")
    window.press("1")
    window.wait_for(r"what is it\?")
    window.press("1")
    window.wait_for(r"Give WANDB_API_KEY to this run\?[\s\S]*type WANDB_API_KEY to agree")
    window.press("WANDB_API_KEY\r")
    window.wait_for(r"Start tiny\?[\s\S]*gives WANDB_API_KEY")
    window.press("\x1b")
    window.wait_for("nothing was changed")
    window.press("a")
    window.wait_for(r"verified: [\s\S]*keys +WANDB_API_KEY +yes")


def test_a_production_key_is_called_a_test_key_only_when_its_name_is_typed(project, tmp_path):
    around = {"WANDB_API_KEY": KEY, "XDG_CONFIG_HOME": str(tmp_path / "home")}
    project.cockpit("keys", "WANDB_API_KEY", "production", **around)
    window = project.window(**around)
    window.wait_for("Ready to train")
    for typed, kind in (("\x1b", "production"), ("WANDB_API_KEY\r", "test")):
        window.press("K")
        window.wait_for("Keys in the air")
        window.press("1")
        window.wait_for("let it through for one run")
        window.press("2")
        window.wait_for(r"Call WANDB_API_KEY a test key\?[\s\S]*type WANDB_API_KEY to agree")
        window.press(typed)
        window.wait_for("nothing was changed" if kind == "production" else "is a test key from now on")
        (key,) = json.loads(project.cockpit("keys", "--json", **around).stdout)
        assert key["kind"] == kind


def test_a_key_is_let_through_to_a_run_that_goes_on(project, tmp_path):
    run = project.start()
    project.cockpit("stop", "latest", "--yes")
    window = project.window(WANDB_API_KEY=KEY, XDG_CONFIG_HOME=str(tmp_path / "home"))
    window.wait_for("STOPPED")
    window.press("K")
    window.wait_for("Keys in the air")
    window.press("1")
    window.wait_for("let it through when .* goes on")
    window.press("4")
    window.wait_for(r"what is it\?")
    window.press("2")
    window.wait_for(r"Give WANDB_API_KEY to this run\?")
    window.press("y")
    window.wait_for(r"Resume tiny[\s\S]*gives WANDB_API_KEY")
    window.press(f"{run.id[-4:]}\r")
    window.wait_for("RUNNING")
    assert trainer_of(run).environ()["WANDB_API_KEY"] == KEY
    project.cockpit("stop", "latest", "--yes")
    project.cockpit(
        "resume", "latest", "--allow", "resume", "--detach", WANDB_API_KEY=KEY, XDG_CONFIG_HOME=str(tmp_path / "home")
    )
    assert "WANDB_API_KEY" not in trainer_of(run).environ(), "it was for the one attempt"


def test_weights_are_shared_from_the_screen(project, tmp_path):
    run = project.start()
    project.cockpit("stop", "latest", "--yes")
    for file in run.checkpoints.iterdir():
        file.unlink()
    torch.save({"state_dict": {"x": torch.ones(3)}, "global_step": 5}, run.checkpoints / "weights.ckpt")
    with loopback_hub(ada=TOKEN) as hub:
        air = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1"}
        window = project.window(**air, XDG_CONFIG_HOME=str(tmp_path / "home"))
        window.wait_for(r"Checkpoints[\s\S]*step 5")
        window.press("\t")
        window.press("w")
        window.wait_for(r"Weights of weights\.ckpt")
        window.press("2")
        window.wait_for("To which repository")
        window.press("ada/small\r")
        window.wait_for(r"Upload weights\.ckpt[\s\S]*private[\s\S]*model\.safetensors[\s\S]*type ada/small to agree")
        assert TOKEN not in window.text()
        window.press("ada/small\r")
        wait_until(lambda: hub.repositories.get("ada/small", {}).get("files"), "the upload")
        assert hub.repositories["ada/small"]["private"]
        window.wait_for("uploaded: ")
        window.press("w")
        window.wait_for("export to a folder")
        window.press("1")
        window.wait_for("Into which new folder")
        window.press("\r")
        wait_until(lambda: list(project.folder.glob("exports/*/model.safetensors")), "the export")
        window.press("a")
        window.wait_for(r"share +ada/small +yes +done")


def test_a_gpu_that_somebody_takes_while_the_question_stands_is_asked_about_again(make_project, tmp_path):
    project = make_project()
    config = project.folder / "configs" / "tiny.yaml"
    config.write_text(config.read_text().replace('"cpu"', '"auto"'))
    pids = tmp_path / "pids"
    pids.touch()
    window = project.window(LD_LIBRARY_PATH=str(stub_folder(tmp_path)), NVML_PIDS_FILE=str(pids))
    window.wait_for("Ready to train")
    window.press("s")
    window.wait_for("Start what")
    window.press("1")
    window.wait_for(r"Start tiny\?[\s\S]*GPU 0 NVIDIA Stub 80GB, free")
    pids.write_text(str(window.pid))
    window.press("tiny\r")
    name = f"{getpass.getuser()}'s {psutil.Process(window.pid).name()}"
    window.wait_for(rf"Start tiny\?[\s\S]*GPU 0 NVIDIA Stub 80GB, shared with {name}")
    assert not run_folders(project.folder / "runs")
    window.press("tiny\r")
    assert project.run()
