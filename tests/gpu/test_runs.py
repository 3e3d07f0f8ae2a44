"""The shipped language model trained on a real GPU by the command line, killed, resumed, fine-tuned."""

import json
import signal

import pytest
import torch
from support.fits import digest
from support.processes import wait_until
from support.project import trainer_of

from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow


def weights(run):
    newest = max(run.checkpoints.glob("step=*.ckpt"), key=lambda path: int(path.stem.split("=")[1]))
    return newest.name, digest(torch.load(newest, map_location="cpu", weights_only=True)["state_dict"])


def losses(run):
    series = RunReader(run, series=True).poll().series["train/loss"]
    return dict(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def test_the_check_names_it(box, gpu):
    box.configure("small")
    told = {each["key"]: each for each in json.loads(box.cockpit("check", "--json", check=False).stdout)["checks"]}
    assert told["gpu"]["status"] == "ok"
    assert gpu.name.removeprefix("NVIDIA ") in told["gpu"]["detail"]


def test_what_it_takes_of_the_gpu_is_on_record(box, gpu):
    run = box.start(box.configure("watched", steps=300))
    state = box.ended(run)
    assert state.exit_code == 0, run.output.read_text()[-3000:]
    assert state.device == f"cuda:{gpu.index} {gpu.name}"
    assert state.precision == "bf16-mixed"
    assert state.gpus[0].memory_total == gpu.memory_total
    assert {"gpu0/memory_used", "gpu0/utilisation", "gpu0/power"} <= set(state.series)
    memory = next(each for each in state.vitals.memory if each.name == "GPU 0")
    assert memory.peak > 500 * 2**20  # the CUDA context alone takes that
    assert {c.key: c.status for c in state.criteria}["memory"] == "ok"
    assert not state.troubles


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_killed_and_resumed_it_ends_with_the_same_weights(box, precision):
    name = box.configure("exact", trainer={"precision": precision, "deterministic": True}, model={"dropout": 0.1})
    whole = box.start(name)
    assert box.ended(whole).exit_code == 0, whole.output.read_text()[-3000:]

    torn = box.start(name)
    wait_until(lambda: (RunReader(torn).poll().step or 0) >= 25, "a step after the first checkpoint")
    trainer_of(torn).send_signal(signal.SIGKILL)
    broken = box.ended(torn)
    assert broken.guarantee[0] == "exact", broken.guarantee
    wait_until(lambda: not RunReader(torn).poll().remaining, "the end of its loader workers")
    box.cockpit("resume", torn.id, "--allow", "resume", "--detach")
    wait_until(lambda: RunReader(torn).poll().attempt == 2, "the second attempt")
    state = box.ended(torn)
    assert state.exit_code == 0, torn.output.read_text()[-3000:]
    assert losses(torn) == losses(whole)
    assert weights(torn) == weights(whole)


def test_kernels_that_add_in_any_order_are_no_exact_resume(box):
    state = box.ended(box.start(box.configure("loose", steps=20)))
    assert state.guarantee[0] == "state-only"
    assert "deterministic=True" in state.guarantee[1]


def test_nccl_in_one_process(box):
    state = box.ended(box.start(box.configure("ddp", trainer={"strategy": "ddp"})))
    assert (state.exit_code, state.step) == (0, 60)


def test_from_a_pretraining_to_an_answer(box):
    """Pretrain, export, fine-tune by LoRA, all of it on the GPU."""
    pytest.importorskip("transformers", reason="transformers is not installed: extra [finetune]")
    run = box.start(box.configure("base", steps=40))
    assert box.ended(run).exit_code == 0
    box.cockpit("export", "--format", "hf", run.id, "models/base")
    (box.folder / "configs" / "lora.yaml").write_text(
        "seed_everything: 1\n"
        "model:\n  class_path: trainers.finetune.FineTune\n  init_args: {base: models/base, lora_rank: 4}\n"
        "data:\n  class_path: trainers.finetune.Texts\n  init_args: {tokenizer: models/base, context: 128}\n"
        "trainer: {accelerator: gpu, devices: 1, precision: bf16-mixed, max_steps: 30, log_every_n_steps: 1}\n"
    )
    tuned = box.start("lora")
    state = box.ended(tuned)
    assert (state.exit_code, state.step) == (0, 30), tuned.output.read_text()[-3000:]
    assert state.device.startswith("cuda")
