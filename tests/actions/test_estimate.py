"""Dry runs: what is measured, what is left behind, and what a start asks for afterwards."""

import json
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from support.processes import marked, wait_until
from support.project import COCKPIT
from support.project import Project as Place

from cockpit.actions import estimate as module
from cockpit.actions.estimate import CalledOff, EstimateFailed, Progress, estimate
from cockpit.actions.start import find_config, plan_start
from cockpit.domain.estimate import Measurement, Misfit
from cockpit.domain.guard import Consent
from cockpit.errors import LaunchError
from cockpit.project import Project
from cockpit.runner.dryrun import Outcome
from cockpit.runs.layout import ESTIMATES

_COMMAND = '[launch]\ncommand = "{python} dry_trainer.py {config}"\n'


@pytest.fixture
def project(outside):
    (outside / "configs").mkdir()
    (outside / "cockpit.toml").write_text(_COMMAND)
    shutil.copy(Path(__file__).parent.parent / "support" / "dry_trainer.py", outside)
    return Project(outside)


@pytest.fixture
def measure(project):
    def go(end, overrides=(), *, options=None, **fake):
        file = project.configs_folder / "tiny.yaml"
        file.write_text(json.dumps({"trainer": {"accelerator": "cpu"}, "fake": {"end": end, **fake}}))
        return estimate(project, find_config(project, "tiny"), overrides, **(options or {}))

    return go


def nothing_left(project):
    return not marked(project.root) and not list((project.runs_folder / ESTIMATES).glob("dry-*"))


def consent(project, name="tiny", **options):
    question = plan_start(project, find_config(project, name), **options).question
    return question.consent, question.as_facts(), question.measurable


def test_a_measurement_is_told_kept_and_found_again(project, measure):
    told = []
    found = measure("measured", options={"tell": told.append})
    assert Progress("measuring", 3, 25) in told
    assert isinstance(found.found, Measurement)
    assert found.found.host_peak > 1 << 20
    assert not found.cached
    assert nothing_left(project)
    again = measure("measured")
    assert (again.cached, again.found) == (True, found.found)
    assert not measure("measured", ["trainer.max_steps=9"]).cached, "an override is another config"
    assert not measure("measured", options={"again": True}).cached


def test_consent_follows_what_was_measured(project, measure):
    measure("measured", pace=0.1)
    assert consent(project)[::2] == (Consent.LIGHT, False)
    assert consent(project)[1]["takes"] == "about 3m"
    assert consent(project)[1]["memory"].startswith("it fits")
    measure("measured", pace=9.0)
    assert consent(project)[0] is Consent.TYPED
    (project.root / "cockpit.toml").write_text(f"{_COMMAND}[guard]\nlight_minutes = 1e4\n")
    assert consent(project)[0] is Consent.LIGHT


def test_gpus_count_too(project, measure):
    many = {"device": "cuda:0 H100", "world_size": 2, "gpu_peak": 1}
    measure("measured", result=many)
    (project.root / "cockpit.toml").write_text(f"{_COMMAND}[cost]\ngpu_hour = 2.0\n")
    asked, facts, _ = consent(project)
    assert asked is Consent.TYPED
    assert "USD" in facts["costs"]


def test_unmeasured_asks_as_the_project_says(project):
    (project.configs_folder / "tiny.yaml").write_text("trainer: {max_steps: 3}\n")
    asked, facts, measurable = consent(project)
    assert (asked, measurable) == (Consent.TYPED, True)
    assert facts["takes"] == "not measured (cockpit estimate tiny)"
    (project.root / "cockpit.toml").write_text('[guard]\nunmeasured = "light"\n')
    assert consent(project)[0] is Consent.LIGHT


def test_what_is_shipped_and_untouched_is_known(tmp_path):
    place = Project(tmp_path)
    asked, facts, _ = consent(place, "gpt-stdlib")
    assert asked is Consent.LIGHT
    assert "says who ships it" in facts["takes"]
    assert consent(place, "gpt-stdlib", overrides=["trainer.max_epochs=4000"])[0] is Consent.TYPED


def test_out_of_memory_does_not_fit(project, measure):
    found = measure("oom").found
    assert isinstance(found, Misfit)
    assert "Tried to allocate 9 GiB" in found.words
    asked, facts, measurable = consent(project)
    assert (asked, measurable) == (Consent.TYPED, True)
    assert facts["memory"].startswith("it does not fit")


@pytest.mark.parametrize(("end", "words"), [("fails", "ValueError: cursed"), ("dies", "the trainer's last words")])
def test_a_training_that_fails_is_told_in_its_words(project, measure, end, words):
    with pytest.raises(EstimateFailed, match=words) as caught:
        measure(end)
    assert "abcdefgh12345678" not in caught.value.message
    assert nothing_left(project)
    assert consent(project)[1]["takes"].startswith("not measured")


def test_a_command_that_does_not_exist(project, measure):
    (project.root / "cockpit.toml").write_text('[launch]\ncommand = "/no/such/python {config}"\n')
    with pytest.raises(LaunchError, match="No such file"):
        measure("measured")
    assert nothing_left(project)


def test_called_off_leaves_nothing(project, measure):
    told = []
    with pytest.raises(CalledOff):
        measure("hang", options={"tell": told.append, "called_off": lambda: bool(told)})
    assert nothing_left(project)


def test_it_is_given_up_after_a_while(project, measure, monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 1.0)
    with pytest.raises(EstimateFailed, match="not done after"):
        measure("hang")
    assert nothing_left(project)


def test_what_never_shows_a_trainer_cannot_be_measured():
    silent = Outcome(None, "step 4711", None, "", late=True, hooked=True, silent=True, host_peak=1, gpu_peak=None,
                     gpu_total=None, watts=None)  # fmt: skip
    with pytest.raises(EstimateFailed, match="No Trainer appeared"):
        module._judge(silent, "")
    killed = replace(silent, late=False, silent=False, oom="out of memory, the kernel's OOM killer struck")
    assert module._judge(killed, "").words == killed.oom
    with pytest.raises(EstimateFailed, match="4711"):
        module._judge(replace(killed, oom="killed from outside"), "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_asker_that_dies_takes_the_dry_run_along(project, measure, number):
    (project.configs_folder / "tiny.yaml").write_text(json.dumps({"fake": {"end": "hang"}, "trainer": {}}))
    asker = subprocess.Popen([COCKPIT, "estimate", "tiny"], cwd=project.root, stdin=subprocess.DEVNULL)
    wait_until(lambda: any(p.name() == "sleep" for p in marked(project.root)), "the trainer's own child")
    asker.send_signal(number)
    asker.wait()
    wait_until(lambda: nothing_left(project), lambda: f"the end of {marked(project.root)}")


def test_a_keeper_that_is_killed_takes_the_trainer_along(project, measure):
    def kill(progress):
        for process in marked(project.root):
            if "cockpit.runner.dryrun" in process.cmdline():
                process.kill()

    with pytest.raises(LaunchError, match="has died"):
        measure("hang", options={"tell": kill})
    wait_until(lambda: not any("dry_trainer.py" in p.cmdline() for p in marked(project.root)), "the trainer's end")


def test_without_a_terminal_the_facts_come_as_json(project):
    (project.configs_folder / "tiny.yaml").write_text(json.dumps({"fake": {"end": "measured"}, "trainer": {}}))

    def cockpit(*words):
        done = subprocess.run(
            [COCKPIT, *words, "--json"], cwd=project.root, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return done.returncode, json.loads(done.stdout)

    code, before = cockpit("start", "tiny", "--yes")
    assert (code, before["facts"]["needs"]) == (3, "--allow start")
    code, measured = cockpit("estimate", "tiny")
    assert (code, measured["fits"], measured["consent"]) == (0, True, "light")
    assert measured["seconds"]["likely"] == pytest.approx(152, abs=1)
    code, after = cockpit("start", "tiny")
    assert (code, after["facts"]["needs"], after["facts"]["takes"]) == (3, "--yes", "about 3m")


@pytest.mark.parametrize(
    ("trainer", "test"),
    [({}, False), ({"fast_dev_run": True}, True), ({"limit_val_batches": 3}, True), ({"limit_train_batches": 1}, True),
     ({"limit_train_batches": 1.0}, False), ({"limit_test_batches": None, "fast_dev_run": False}, False)],
)  # fmt: skip
def test_a_run_of_a_few_batches_is_a_test(project, trainer, test):
    (project.configs_folder / "tiny.yaml").write_text(yaml.safe_dump({"trainer": trainer}))
    config = find_config(project, "tiny")
    assert plan_start(project, config).test is test
    assert plan_start(project, config, ["trainer.fast_dev_run=true"]).test
    assert plan_start(project, config, test=True).test


@pytest.mark.slow
def test_the_shipped_digits_are_measured_for_real(tmp_path):
    place = Project(tmp_path)
    told = []
    found = estimate(place, find_config(place, "digits"), tell=told.append).found
    assert isinstance(found, Measurement)
    assert (found.steps_total, found.validate_every, found.validation_batches) == (475, 19, 1)
    assert len(found.step_seconds) == 20
    assert all(0 < each < 30 for each in found.step_seconds)
    assert [(saver.every, saver.kept) for saver in found.savers] == [(None, 2), (95, 1)]
    assert found.checkpoint_bytes > 100_000
    assert found.host_peak > 100 << 20
    assert {"preparing", "measuring"} <= {progress.phase for progress in told}
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.parent for path in left] == [tmp_path / "runs" / ESTIMATES], left


@pytest.mark.slow
def test_somebody_elses_lightning_cli_writes_nothing(tmp_path):
    place = Project(tmp_path)
    (tmp_path / "train.py").write_text(
        "from lightning.pytorch.cli import LightningCLI\n"
        "from lightning.pytorch.demos.boring_classes import BoringDataModule, BoringModel\n"
        "if __name__ == '__main__':\n    LightningCLI(BoringModel, BoringDataModule)\n"
    )
    place.configs_folder.mkdir()
    (place.configs_folder / "boring.yaml").write_text(
        "trainer: {accelerator: cpu, max_epochs: 2, log_every_n_steps: 1}\n"
    )
    found = estimate(place, find_config(place, "boring")).found
    assert (found.steps_total, found.validate_every, found.validation_batches) == (128, 64, 64)
    left = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"train.py", "configs", "runs"}, left


@pytest.mark.slow
def test_a_real_training_that_fails(tmp_path):
    place = Place(tmp_path / "project", trainer="lightning_trainer", raise_at=4)
    try:
        done = place.cockpit("estimate", "tiny", "--json", check=False)
        assert done.returncode == 1
        assert "ValueError: the data are cursed" in json.loads(done.stdout)["message"]
    finally:
        place.close()
