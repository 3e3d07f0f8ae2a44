"""What a start runs: the project's own command, or the shipped trainers."""

import sys

import pytest

from cockpit.actions.start import _record, find_config, plan_start
from cockpit.project import Project


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("trainer: {max_steps: 3}\n")
    (tmp_path / "cockpit.toml").write_text("[launch]\ncommand = \"{python} 'my train.py' --config={config}\"\n")
    return Project(tmp_path)


def test_the_command_of_the_settings_is_run(project):
    plan = plan_start(project, find_config(project, "a"))
    assert plan.argv == (sys.executable, "my train.py", f"--config={project.runs_folder / plan.id / 'config.yaml'}")
    assert plan.question.command.startswith(sys.executable)
    assert "'my train.py'" in plan.question.command


def test_a_shipped_config_is_run_by_the_shipped_trainers(project):
    assert plan_start(project, find_config(project, "digits")).argv[1:4] == ("-m", "trainers", "fit")


def test_what_a_config_reads_that_is_not_there_is_told(project):
    file = project.configs_folder / "a.yaml"
    file.write_text("model: {base: models/small}\ntrainer: {max_steps: 3}\n")
    told = lambda: {fact.label: fact for fact in plan_start(project, find_config(project, "a")).question.facts}  # noqa: E731
    assert (told()["missing"].value, told()["missing"].level) == ("models/small (model.base)", "warn")
    (project.root / "models" / "small").mkdir(parents=True)
    assert "missing" not in told()


def test_a_config_of_ones_own_is_told_with_where_it_says_it(project):
    (project.root / "my train.py").write_text("import torch\n")
    (project.root / "configs" / "b.yaml").write_text("seed: 42\nepochs: 20\n")
    plan = plan_start(project, find_config(project, "b"), ["epochs=3"])
    facts = plan.question.as_facts()
    assert (facts["seed"], facts["length"]) == ("42, seed of b.yaml", "3 epochs, epochs of b.yaml")
    record = _record(plan)
    assert (record.seed, record.seed_by, record.epochs_planned) == (42, "seed of b.yaml", None)
    (project.root / "configs" / "c.yaml").write_text("lr: 1\n")
    facts = plan_start(project, find_config(project, "c")).question.as_facts()
    assert (facts["seed"].partition(":")[0], facts["length"]) == ("not known", "not known")
    assert facts["takes"].startswith("not known: no Trainer is seen")
    assert "keeps a checkpoint" not in plan.question.cannot_undo
