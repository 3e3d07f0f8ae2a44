"""Seed and length before a run begins: what its command, its script and its config say, and never a guess."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.arguments import Plan, declared, first, of_config, planned

PARSER = """
import argparse
p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=7)
p.add_argument("-e", "--epochs", type=int, default=5)
p.add_argument("--max-steps", type=int, default=-1)
p.add_argument("--evaluate", action="store_true")
"""


def told(source, words=""):
    plan = planned(("python", "train.py", *words.split()), declared(ast.parse(source)))
    return {name: (said.value, said.by) for name in ("seed", "steps", "epochs") if (said := getattr(plan, name))}


@pytest.mark.parametrize(
    ("words", "seed", "steps", "epochs"),
    [
        ("", (7, "the default of --seed"), None, (5, "the default of --epochs")),
        ("--seed 3 --epochs=2", (3, "its command line"), None, (2, "its command line")),
        ("-e 2", (7, "the default of --seed"), None, (2, "its command line")),
        ("--ep 2 --max-steps 100", (7, "the default of --seed"), (100, "its command line"), (2, "its command line")),
        ("--max_steps 100", (7, "the default of --seed"), (100, "its command line"), (5, "the default of --epochs")),
        ("--seed x", None, None, (5, "the default of --epochs")),
        ("--seed 3 --seed 4", (4, "its command line"), None, (5, "the default of --epochs")),
        ("--max-steps -1 --epochs 0", (7, "the default of --seed"), None, None),
        ("--e 9", (7, "the default of --seed"), None, (5, "the default of --epochs")),
    ],
)
def test_a_command_goes_before_the_defaults_of_its_script(words, seed, steps, epochs):
    wanted = {"seed": seed, "steps": steps, "epochs": epochs}
    assert told(PARSER, words) == {name: said for name, said in wanted.items() if said}


@pytest.mark.parametrize(
    "words", ["--seed 3", "--seed=3", "seed=3", "--random-seed 3", "trainer.seed=3", "--trainer.seed 3",
              "--seed_everything 3"],
)  # fmt: skip
def test_a_seed_is_known_by_what_people_call_it(words):
    assert told("", words)["seed"][0] == 3


@pytest.mark.parametrize("words", ["", "--seed", "--seeds 3", "seed 3", "--data-seed 3", "--seed=-1", "--seed 3.5"])
def test_what_is_no_seed_is_none(words):
    assert "seed" not in told("", words)


@pytest.mark.parametrize(
    "source",
    [
        PARSER + "p.set_defaults(**file)",
        PARSER.replace("import argparse", "import configargparse as argparse"),
        PARSER + 'p.add_argument("--config", default="x.yaml")',
        PARSER.replace("default=7", "default=SEED").replace("default=5", "default=None"),
        PARSER.replace("type=int", "nargs='+'"),
        PARSER + 'q.add_argument("--seed", default=8)\nq.add_argument("--num-epochs", default=9)',
        'seed = 7\nepochs = 5\nadd_argument("seed", 7)',
    ],
)
def test_a_default_that_may_be_another_is_not_told(source):
    assert told(source) == {}


def test_a_config_that_is_given_may_overrule_defaults_and_not_the_command():
    source = PARSER + 'p.add_argument("--config")'
    assert told(source)["seed"] == (7, "the default of --seed")
    assert told(source, "--config x.yaml") == {}
    assert told(source, "--config x.yaml --seed 3") == {"seed": (3, "its command line")}


def test_of_two_names_for_a_length_none_is_picked():
    assert "epochs" not in told("", "--epochs 3 --num_epochs 4")


@pytest.mark.parametrize(
    "source",
    ['import click\n@click.option("--steps", default=100)\ndef main(steps): ...',
     'import typer\ndef main(steps: int = typer.Option(100, "--steps")): ...'],
)  # fmt: skip
def test_options_of_click_and_typer_too(source):
    assert told(source) == {"steps": (100, "the default of --steps")}


@pytest.mark.parametrize(
    ("tree", "seed", "epochs"),
    [
        ({"seed": 42, "epochs": 20}, (42, "seed of a.yaml"), (20, "epochs of a.yaml")),
        (
            {"training": {"seed": 0, "num-epochs": 3}},
            (0, "training.seed of a.yaml"),
            (3, "training.num-epochs of a.yaml"),
        ),
        ({"seed": True, "epochs": "20"}, None, None),
        ({"seed": -1, "epochs": 0}, None, None),
        ({"epochs": 3, "max_epochs": 4}, None, None),
        ({"model": {"seed": 1}, "train": None, 3: 4}, None, None),
    ],
)
def test_a_config_of_ones_own(tree, seed, epochs):
    plan = of_config(tree, "a.yaml")
    assert (plan.seed and (plan.seed.value, plan.seed.by), plan.epochs and (plan.epochs.value, plan.epochs.by)) == (
        seed,
        epochs,
    )


def test_of_each_number_what_is_said_first():
    ours, theirs = of_config({"seed": 1}, "a"), of_config({"seed": 2, "steps": 3}, "b")
    assert first(ours, theirs) == Plan(ours.seed, theirs.steps, None)


@given(st.lists(st.text()))
def test_no_command_is_too_strange(words):
    planned(words, declared(ast.parse(PARSER)))
