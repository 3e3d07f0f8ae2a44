"""From a pretraining to an answer: pretrain, export, fine-tune under the recorder, die, resume, export, generate."""

import json
import os
import shutil
import signal

import pytest
import torch
from support.fits import new_run, recorded
from support.shipped import train, write_config

from cockpit.actions.export import export, find_source
from cockpit.project import Project
from trainers.finetune import FineTune
from trainers.finetune.generate import answer
from trainers.finetune.pretrained import load_model

pytest.importorskip("transformers")
pytestmark = pytest.mark.slow
LONG = os.environ.get("COCKPIT_LONG") == "1"
# about 12 steps in an epoch, a validation at the end of each
DEATHS = [{"die_at": 17}, {"die_at": 13}, {"die_in_validation": 24}, {"die_in_save": 20}]
KINDS = [{}, {"gradient_checkpointing": True, "save_every": 4}, {"lora_rank": 0, "accumulate": 2, "save_every": 3}]
CASES = [(kind, death) for kind in KINDS for death in DEATHS if LONG or KINDS.index(kind) == DEATHS.index(death)]


def build(place):
    """In a process of its own: a GPT that nobody trained, as a base."""
    from trainers.gpt import GPT
    from trainers.hf import write

    torch.manual_seed(0)
    gpt = GPT(context=48, layers=2, heads=2, width=16)
    write({"hyper_parameters": dict(gpt.hparams), "state_dict": gpt.state_dict()}, place)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A base and rows to learn."""
    folder = tmp_path_factory.mktemp("raw")
    (folder / "base").mkdir()
    build(folder / "base")
    with open(folder / "rows.jsonl", "w") as file:
        for n in range(60):
            file.write(json.dumps({"prompt": f"{n}?", "completion": str(n) * (n % 4 + 1)}) + "\n")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("project")


def printed(run):
    return dict(
        line.split() for line in run.output.read_text().splitlines() if line[:1].isdigit() or line.startswith("hash ")
    )


def fit(run, raw, place, death, kind, checkpoint=None, attempt=1):
    write_config("finetune-lora", run.config, raw, death, **kind)
    return recorded(run, train, run.config, checkpoint, place, attempt=attempt).wait()


def newest(run):
    return max(run.checkpoints.glob("step=*.ckpt"), key=lambda path: int(path.stem.split("=")[1]))


_whole = {}


@pytest.mark.parametrize(("kind", "death"), CASES)
def test_a_fine_tuning_resumes_bit_by_bit(tmp_path, raw, place, kind, death):
    if str(kind) not in _whole:
        run = new_run(tmp_path / "whole")
        assert fit(run, raw, place, {}, kind) == 0, run.output.read_text()[-3000:]
        _whole[str(kind)] = printed(run)
    whole = _whole[str(kind)]
    assert "hash" in whole

    run = new_run(tmp_path / "torn")
    each = kind.get("accumulate", 1)
    death = {moment: step // each for moment, step in death.items()}
    if "die_in_save" in death:
        death["die_in_save"] -= death["die_in_save"] % kind.get("save_every", 5)
    assert fit(run, raw, place, death, kind) == -signal.SIGKILL, run.output.read_text()[-3000:]
    before = printed(run)
    assert before == {step: whole[step] for step in before}

    run.output.unlink()
    assert fit(run, raw, place, {}, kind, newest(run), attempt=2) == 0, run.output.read_text()[-3000:]
    after = printed(run)
    assert len(after) > 2
    assert after == {step: whole[step] for step in after}


def test_a_checkpoint_of_adapters_holds_them_alone_and_knows_its_base(tmp_path, raw, place):
    own = tmp_path / "raw"
    shutil.copytree(raw, own)
    run = new_run(tmp_path / "run")
    assert fit(run, own, place, {}, {}) == 0, run.output.read_text()[-3000:]
    saved = torch.load(newest(run), weights_only=True)
    assert all("lora_" in name for name in saved["state_dict"])
    (fitted,) = [json.loads(line) for line in run.journal.read_text().splitlines() if '"fit_start"' in line]
    assert (fitted["sample_unit"], fitted["samples_per_step"], fitted["guarantee"]) == ("tokens", 4 * 48, "exact")

    weights = own / "base" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert fit(run, own, place, {}, {}, newest(run), attempt=2) != 0
    assert "are not those that this checkpoint's adapters were trained on" in run.output.read_text()


def test_rows_longer_than_the_base_can_see_are_refused_at_once(tmp_path, raw, place):
    run = new_run(tmp_path / "run")
    write_config("finetune-lora", run.config, raw, {})
    run.config.write_text(run.config.read_text().replace("context: 48", "context: 64"))
    assert recorded(run, train, run.config, None, place).wait() != 0
    assert "rows of 64 tokens are longer than the 48 positions" in run.output.read_text()


def exported(run, folder):
    """What ``cockpit export --format hf`` makes of a run's newest checkpoint."""
    project = Project(folder.parent)
    return export(project, find_source(project, str(newest(run))), folder, "hf").folder


def test_from_pretraining_to_an_answer(tmp_path, raw, place):
    code = tmp_path / "code"
    code.mkdir()
    for n in range(40):
        (code / f"m{n}.py").write_text("".join(f"# user\n{n + line}?\n# assistant\n" for line in range(60)))
    first = new_run(tmp_path / "first")
    write_config("gpt-stdlib", first.config, code, {}, context=48, lr=0.02)
    pretrained = recorded(first, train, first.config, None, place)
    assert pretrained.wait() == 0, first.output.read_text()[-3000:]
    own = tmp_path / "raw"
    own.mkdir()
    (own / "rows.jsonl").write_bytes((raw / "rows.jsonl").read_bytes())
    base = exported(first, own / "base")
    assert not any(str(tmp_path) in path.read_text(errors="replace") for path in base.iterdir())

    second = new_run(tmp_path / "second")
    assert fit(second, own, place, {}, {"lr": 0.01, "lora_rank": 8, "lora_dropout": 0.0}) == 0, (
        second.output.read_text()[-3000:]
    )
    losses = [float.fromhex(loss) for step, loss in printed(second).items() if step != "hash"]
    assert sum(losses[-5:]) < sum(losses[:5])
    tuned = exported(second, tmp_path / "tuned")
    assert not any(str(tmp_path) in path.read_text(errors="replace") for path in tuned.iterdir())

    tokens = torch.arange(48)[None]
    with torch.no_grad():
        whole, before = (load_model(str(folder)).eval()(tokens).logits for folder in (tuned, base))
        adapted = FineTune.load_from_checkpoint(newest(second), weights_only=True).eval()
        assert torch.allclose(whole, adapted(tokens, tokens), atol=1e-4)
    assert not torch.allclose(whole, before, atol=1e-2)
    said = answer(str(tuned), "7?", most=5)
    assert said == answer(str(tuned), "7?", most=5)
    with pytest.raises(ValueError, match="the model sees 48"):
        answer(str(tuned), "7" * 60)


def test_a_base_that_is_not_here_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # read from the environment at its import
    with pytest.raises(FileNotFoundError, match="cockpit export --format hf RUN models/none"):
        load_model("models/none")
    with pytest.raises(FileNotFoundError, match="cockpit fetch"):
        load_model("somebody/something")
