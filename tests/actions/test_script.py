"""What is looked at before somebody's own script is run."""

import os
from dataclasses import replace

import pytest
from support.fakes import launch

from cockpit.actions.script import _record, arguments_before, plan_script, resume_setting
from cockpit.domain.keys import KeysUnnamed, Kind
from cockpit.errors import UsageError
from cockpit.probes.keyring import Keyring
from cockpit.project import Project
from cockpit.runs.record import create_run

SETTINGS = """\
[launch]
resume = "python a.py --resume {checkpoint}"
[scripts."run.sh"]
resume = "python -m pkg.train --from {checkpoint}"
"""


@pytest.fixture
def project(tmp_path):
    for name in ("a.py", "b.py", "run.sh", "pkg/train.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("import torch\n" if name.endswith(".py") else "python a.py\n")
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("command", "resumed"),
    [
        ("python a.py --lr 1", "a.py --resume {checkpoint}"),
        ("python b.py", ""),
        ("bash run.sh", "-m pkg.train --from {checkpoint}"),
        ("bash b.sh", ""),
        ("python -m pkg.train", ""),
    ],
)
def test_what_is_said_of_one_script_is_not_taken_for_another(project, command, resumed):
    project.settings_file.write_text(SETTINGS)
    assert " ".join(resume_setting(project, project.root, command.split())[1:]) == resumed


@pytest.mark.parametrize(
    ("command", "name", "script"),
    [("python -m pkg.train", "train", "pkg/train.py"), ("bash run.sh", "run", "run.sh"), ("python a.py", "a", "a.py")],
)
def test_a_script_is_called_by_its_own_name(project, command, name, script):
    plan = plan_script(project, command.split(), project.root)
    facts = {fact.label: fact.value for fact in plan.question.facts}
    assert (plan.name, facts["script"].partition(",")[0]) == (name, script)


def test_a_script_that_is_not_there_is_told_with_those_that_are(project):
    with pytest.raises(UsageError) as refused:
        plan_script(project, ["python", "train.py"], project.root)
    assert refused.value.hint == "There is: a.py, b.py"


def test_what_the_newest_run_of_a_script_was_given_is_known(project):
    def ran(run, *argv):
        made = create_run(project.runs_folder, replace(launch(), id=run, argv=argv), None)
        os.utime(made.run_json, (1000, 1000))

    ran("2026-01-01T0000-a-0001", "/opt/python", "a.py", "--lr", "1", "--name", "two words")
    ran("2026-01-02T0000-b-0002", "/opt/python", "b.py", "--lr", "2")
    assert arguments_before(project, "a.py") == ("--lr", "1", "--name", "two words")
    assert arguments_before(project, "b.py") == ("--lr", "2")
    assert arguments_before(project, "c.py") == ()
    ran("2026-01-03T0000-a-0003", "torchrun", "--nproc-per-node", "2", "a.py")
    assert arguments_before(project, "a.py") == ()


def test_a_loop_is_promised_no_more_than_is_known(project):
    (project.root / "a.py").write_text(
        "import argparse, torch\np = argparse.ArgumentParser()\np.add_argument('--resume')\n"
    )
    facts = {f.label: f.value for f in plan_script(project, ["python", "a.py"], project.root).question.facts}
    assert facts["resume"] == "yes, it takes --resume; of what it saves below its folder"


def test_seed_and_length_are_told_with_what_says_them_and_kept(project):
    (project.root / "a.py").write_text(
        "import argparse, torch\np = argparse.ArgumentParser()\n"
        "p.add_argument('--seed', default=7)\np.add_argument('--epochs', default=5)\n"
    )

    def facts(*words):
        plan = plan_script(project, ["python", "a.py", *words], project.root)
        return plan, plan.question.as_facts()

    plan, found = facts("--epochs", "2")
    assert (found["seed"], found["length"]) == ("7, the default of --seed", "2 epochs, its command line")
    record = _record(plan)
    assert (record.seed, record.seed_by, record.epochs_planned) == (7, "the default of --seed", None)
    (project.root / "a.py").write_text("import torch\n")
    _, found = facts()
    assert (found["seed"].partition(":")[0], found["length"]) == ("not known", "not known")


def test_a_yes_is_to_the_files_that_the_command_names(project):
    def digest():
        return plan_script(project, words, project.root, run_id="r").question.digest

    config, large = project.root / "c.yaml", project.root / "big.bin"
    config.write_text("max_steps: 3\n")
    large.write_bytes(bytes(2 << 20))
    words = ["python", "a.py", "--config", "c.yaml", "--init=big.bin"]
    facts = [f.value for f in plan_script(project, words, project.root).question.facts if f.label == "reads"]
    assert [fact.partition(",")[0] for fact in facts] == ["c.yaml", "big.bin"]
    before = digest()
    assert digest() == before
    config.write_text("max_steps: 9\n")
    assert (changed := digest()) != before
    os.utime(large, (1, 1))
    assert digest() != changed


def test_many_files_are_one_list_of_which_each_counts(project):
    for number in range(9):
        (project.root / f"{number}.yaml").write_text("a: 1\n")
    words = ["python", "a.py", *(f"{number}.yaml" for number in range(9))]
    before = plan_script(project, words, project.root, run_id="r").question.digest
    (project.root / "8.yaml").write_text("a: 2\n")
    assert plan_script(project, words, project.root, run_id="r").question.digest != before


def test_no_secret_of_the_command_is_in_its_record(project, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "plain-pass-phrase")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(project.root / "home"))
    words = ["python", "a.py", "--password", "hunter2", "--note", "plain-pass-phrase"]
    with pytest.raises(KeysUnnamed) as asked:
        plan_script(project, words, project.root)
    for key in asked.value.keys:
        Keyring().remember(key.fingerprint, Kind.TEST)
    plan = plan_script(project, words, project.root)
    for told in (repr(_record(plan)), repr(plan.question)):
        assert "hunter2" not in told
        assert "plain-pass-phrase" not in told


def test_a_script_that_is_a_pipe_hangs_nothing(project):
    os.mkfifo(project.root / "pipe.py")
    with pytest.raises(UsageError, match="not a file"):
        plan_script(project, ["python", "pipe.py"], project.root)
