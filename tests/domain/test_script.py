"""Recognising somebody's training script from its source and its command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.script import find_script, from_template, is_launched, read_script, script_name

HYDRA = "import hydra, lightning\n@hydra.main()\ndef main(c): fit({})"
ARGPARSE = "import argparse, torch\np = argparse.ArgumentParser()\np.add_argument({})\n"


@pytest.mark.parametrize(
    ("command", "script"),
    [
        ("python train.py --lr 3e-4", "train.py"),
        ("python -u -W ignore src/train.py", "src/train.py"),
        ("python -m mypkg.train --x 1", "module:mypkg.train"),
        ("torchrun --nproc_per_node 2 --standalone train.py", "train.py"),
        ("torchrun --nproc_per_node=2 -m pkg.train", "module:pkg.train"),
        ("accelerate launch --num_processes 2 train.py", "train.py"),
        ("python -m torch.distributed.run --nproc_per_node 2 train.py", "train.py"),
        ("python -m torch.distributed.run -m pkg.train", "module:pkg.train"),
        ("/opt/env/bin/python3.11 train.py", "train.py"),
        ("env OMP_NUM_THREADS=1 python train.py", "train.py"),
        ("./train.sh --now", "./train.sh"),
        ("bash -x scripts/train.sh --lr 1", "scripts/train.sh"),
        ("bash -c train.sh", None),
        ("bash -lc train.sh", None),
        ("bash train.py", None),
        ("llamafactory-cli train x.yaml", None),
        ("python", None),
    ],
)
def test_the_script_of_a_command(command, script):
    assert find_script(command.split()) == script


@pytest.mark.parametrize(
    ("command", "name"),
    [("python -m pkg.train", "pkg.train"), ("bash a/run.sh", "a/run.sh"), ("/opt/bin/trains", "trains"), ("", "")],
)
def test_what_settings_call_it(command, name):
    assert script_name(command.split()) == name


@pytest.mark.parametrize(
    ("command", "launched"),
    [
        ("/opt/bin/accelerate launch train.py", True), ("bash run.sh", True), ("./run.sh", True),
        ("uv run train.py", True),
        ("python -m accelerate.commands.launch train.py", True), ("python -m torch.distributed.run train.py", True),
        ("python train.py", False), ("python -m mypkg.train", False), ("", False),
    ],
)  # fmt: skip
def test_whether_something_else_runs_it(command, launched):
    assert is_launched(command.split()) is launched


@pytest.mark.parametrize(
    ("source", "framework", "resume"),
    [
        ("from lightning.pytorch import Trainer", "Lightning", ()),
        ("import pytorch_lightning as pl", "Lightning", ()),
        ("import lightning.pytorch.cli as c\nc.LightningCLI()", "Lightning", ("--ckpt_path", "{checkpoint}")),
        ("from transformers import HfArgumentParser\nHfArgumentParser(())", "transformers",
         ("--resume_from_checkpoint", "{checkpoint}")),
        (HYDRA.format("c.ckpt_path"), "Lightning", ("++ckpt_path='{checkpoint}'",)),
        (HYDRA.format("c.get('ckpt_path')"), "Lightning", ("++ckpt_path='{checkpoint}'",)),
        (HYDRA.format("c.run.resume_from"), "Lightning", ("++run.resume_from='{checkpoint}'",)),
        (HYDRA.format("c.lr"), "Lightning", ()),
        (HYDRA.format("trainer.ckpt_path"), "Lightning", ()),
        (ARGPARSE.format("'--resume-from'"), "PyTorch", ("--resume-from", "{checkpoint}")),
        (ARGPARSE.format("'-r', '--resume', default=None"), "PyTorch", ("--resume", "{checkpoint}")),
        (ARGPARSE.format("'--resume', action='store_true'"), "PyTorch", ()),
        (ARGPARSE.format("'--lr'"), "PyTorch", ()),
        ("import tensorflow as tf", "TensorFlow", ()),
        ("from .lightning import x", "", ()),
        ("def broken(:", "", ()),
    ],
)  # fmt: skip
def test_what_a_source_says(source, framework, resume):
    found = read_script(source)
    assert (found.framework, found.resume) == (framework, resume)
    assert bool(found.how) == bool(resume)


@pytest.mark.parametrize(
    ("source", "several"),
    [
        ("trainer.fit(model)", False),
        ("Trainer(max_epochs=1).fit(model)", False),
        ("trainer.fit(model)\ntrainer.fit(model)", True),
        ("for fold in folds:\n    pl.Trainer().fit(fold)", True),
        ("[trainer.train() for _ in range(3)]", True),
        ("if resumed:\n    trainer.train(resumed)\nelse:\n    trainer.train()", False),
        ("scaler.fit(x)\nmodel.train()\ntrainer.train()", False),
        ("f(trainer.fit)", False),
        ("(" * 90 + "1" + ")" * 90, False),
        ("+".join(["1"] * 3000), False),
    ],
)
def test_whether_it_trains_more_than_once(source, several):
    assert read_script(source).several is several


@pytest.mark.parametrize(
    ("source", "acts"),
    [
        ("if __name__ == '__main__':\n    go()", True),
        ("if 1:\n    if '__main__' == __name__:\n        go()", True),
        ("def main(): ...\nmain()", True),
        ("def main(): ...\nsys.exit(main())", True),
        ("def main(): ...\nfire.Fire(main)", True),
        ("async def main(): ...\nasyncio.run(main())", True),
        ("app = typer.Typer()\napp()", True),
        ("for x in data:\n    loss(x).backward()", True),
        ("with device:\n    trainer.fit(model)", True),
        ("cli = LightningCLI(Net)", True),
        ("", False),
        ("class Net:\n    def fit(self):\n        self.trainer.fit()", False),
        ("def main():\n    trainer.fit()", False),
        ("fit = lambda: trainer.fit()", False),
        ("def pick(): ...\nDEVICE = pick()", False),
        ("def end(): ...\natexit.register(end)", False),
        ("torch.manual_seed(1)\nlogging.basicConfig()", False),
        ("print(__name__)", False),
        ("+".join(["f()"] * 3000), False),
    ],
)
def test_whether_it_does_something_when_it_is_run(source, acts):
    assert read_script(source).acts is acts


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import model, a.b as c", {"model", "a"}),
        ("def f():\n    from model.net import Net", {"model"}),
        ("from .model import Net", {"model"}),
        ("from . import model, data", {"model", "data"}),
        ("from ..model import Net", set()),
        ("'import model'", set()),
    ],
)
def test_what_it_imports(source, names):
    assert read_script(source).imports == names


@given(st.text())
def test_no_text_is_too_strange(text):
    read_script(text)


def test_the_checkpoint_takes_its_place_whole():
    words = ("python", "train.py", "--from={checkpoint}")
    assert from_template(words, "/a b/x=1.ckpt") == ("python", "train.py", "--from=/a b/x=1.ckpt")


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/a b/x=1.ckpt", "k='/a b/x=1.ckpt'"), ("/it's.ckpt", r"k='/it\'s.ckpt'"), ("/a\\'b", r"k='/a\\\'b'"),
        ("/end\\", r"k='/end\\'"), ("/${x}", r"k='/\${x}'"), ("/in\\side", r"k='/in\side'"),
    ],
)  # fmt: skip
def test_hydra_takes_it_in_quotes(path, word):
    assert from_template(("k='{checkpoint}'",), path) == (word,)
