"""The preview of a resume: what is another than it was when the checkpoint was saved."""

import json

import pytest
from support.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A project with one run that was stopped with a checkpoint."""
    project = Project(tmp_path_factory.mktemp("resume") / "project")
    run = project.start()
    project.cockpit("stop", "latest", "--yes")
    yield project, run
    project.close()


def preview(project, **environment):
    done = project.cockpit("resume", "latest", "--json", check=False, **environment)
    assert done.returncode == 3, done.stdout + done.stderr
    return json.loads(done.stdout or done.stderr)["facts"]


def test_nothing_has_changed(stopped):
    facts = preview(stopped[0])
    assert facts["will redo"] == "0 steps"
    assert not {"config", "environment", "file today", "not compared"} & set(facts)


def test_the_runs_own_config_was_edited(stopped):
    project, run = stopped
    before = run.config.read_text()
    run.config.write_text(before.replace('"seed_everything": 1', '"seed_everything": 2'))
    facts = preview(project)
    run.config.write_text(before)
    assert facts["config"] == "seed_everything: 1 → 2 (other numbers than before)"


def test_the_persons_file_was_edited(stopped):
    project, _ = stopped
    file = project.folder / "configs" / "tiny.yaml"
    before = file.read_text()
    file.write_text(before.replace('"max_steps": ', '"max_steps": 9'))
    facts = preview(project)
    file.write_text(before)
    assert facts["file today"] == "differs and is not used: trainer.max_steps"
    assert "config" not in facts


def test_another_package_than_at_launch(stopped):
    project, run = stopped
    before = run.run_json.read_text()
    record = json.loads(before)
    record["packages"]["torch"] = "1.0"
    run.run_json.write_text(json.dumps(record))
    facts = preview(project)
    run.run_json.write_text(before)
    assert facts["environment"].startswith("torch: 1.0 → ")


def test_a_secret_in_the_config_is_not_shown(stopped, tmp_path):
    project, run = stopped
    before = run.config.read_text()
    run.config.write_text(before.replace('"fake": {', '"fake": {"api_key": "sk-ant-abcdefgh12345678", '))
    around = {"XDG_CONFIG_HOME": str(tmp_path)}
    (fingerprint,) = preview(project, **around).values()  # a person is asked first what this key is
    project.cockpit("keys", fingerprint, "test", **around)
    facts = preview(project, **around)
    run.config.write_text(before)
    assert "abcdefgh12345678" not in json.dumps(facts)
    assert "api_key" in facts["config"]
