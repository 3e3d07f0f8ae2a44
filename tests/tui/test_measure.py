"""Measuring before a start: the third answer, the progress, and the question afterwards."""

import threading
from dataclasses import replace

import pytest
from support.dry_trainer import RESULT
from support.fakes import EMPTY, FakeFeed
from support.host import OPEN, SMALL, WIDE, Host, opened
from support.questions import MEASURED, QUESTION, UNMEASURED

from cockpit.actions.estimate import CalledOff, EstimateFailed, Progress
from cockpit.actions.expectation import device_key
from cockpit.actions.script import plan_script
from cockpit.domain.estimate import measurement_of
from cockpit.domain.guard import Answer, Consent, Guard, Refused
from cockpit.errors import ConfigError
from cockpit.probes.gpu import GpuProbe
from cockpit.project import Project
from cockpit.runs.estimates import save_estimate
from cockpit.tui.app import CockpitApp
from cockpit.tui.deeds import measuring
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.measure import MeasureScreen
from cockpit.tui.screens.message import MessageScreen

LIGHT = replace(UNMEASURED, consent=Consent.LIGHT)


@pytest.mark.parametrize(
    ("question", "keys", "answer"),
    [
        (LIGHT, ["m"], Answer.measure()),
        (LIGHT, ["left", "enter"], Answer.measure()),
        (LIGHT, ["right", "right", "enter"], Answer.measure()),
        (LIGHT, ["right", "enter"], Answer.yes()),
        (LIGHT, ["y"], Answer.yes()),
        (LIGHT, ["enter"], Answer.no()),
        (QUESTION, ["m"], OPEN),
        (UNMEASURED, ["m"], Answer.measure()),
        (UNMEASURED, ["right", "enter"], Answer.measure()),
        (UNMEASURED, ["g", "m"], OPEN),
        (UNMEASURED, [*"gpt-stdlib", "enter"], Answer.typed("gpt-stdlib")),
        (replace(UNMEASURED, subject="mnist"), [*"mnist", "enter"], Answer.typed("mnist")),
        (replace(UNMEASURED, subject="mnist"), ["right", "enter"], Answer.measure()),
    ],
)
async def test_measuring_is_a_third_answer(question, keys, answer):
    async with opened(ConfirmScreen(question), SMALL, *keys) as (host, _):
        assert host.answer == answer


async def test_the_label_has_the_key_only_while_it_works():
    async with opened(ConfirmScreen(UNMEASURED), SMALL) as (host, pilot):
        assert host.place("Measure first (m)")
        await pilot.press("g")
        assert "(m)" not in "".join(host.shown())
        await pilot.click(offset=host.place("Measure first"))
        await pilot.pause()
        assert host.answer == Answer.measure()


def test_measuring_is_no_consent():
    with pytest.raises(Refused):
        Guard(lambda: 0.0, print).permit(LIGHT, Answer.measure())


@pytest.mark.parametrize("question", [UNMEASURED, MEASURED], ids=["before", "after"])
async def test_all_facts_fit_eighty_columns(question):
    async with opened(ConfirmScreen(question), SMALL) as (host, _):
        assert len(host.modal.box.body) <= host.modal.box.room
        lines = host.shown()
        assert all(any(line[2:].startswith(fact.label) for line in lines) for fact in question.facts)


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: ConfirmScreen(UNMEASURED, lambda: None),
        lambda: ConfirmScreen(MEASURED),
        lambda: _measuring(Progress("measuring", 9, 25)),
        lambda: _measuring(Progress("preparing"), script=True),
    ],
    ids=["before", "after", "progress", "script"],
)
def test_picture(snap_compare, make, size):
    """As a person sees it."""
    assert snap_compare(Host(make()), terminal_size=size)


def _measuring(progress, *, script=False):
    screen = MeasureScreen("train" if script else "gpt-stdlib", script=script, clock=lambda: 0.0)
    screen.progress = progress
    return screen


@pytest.fixture
def dry_run(monkeypatch):
    """Stands in for the measuring itself: tells one step, then ends as it is told to."""

    class DryRun:
        def __init__(self):
            self.go_on, self.error, self.calls, self.asked = threading.Event(), None, 0, None

        def __call__(self, project, *asked, again, tell, called_off):
            self.calls += 1
            self.asked = asked
            tell(Progress("measuring", 7, 25))
            while not self.go_on.wait(0.01):
                if called_off():
                    raise CalledOff("called off")
            if self.error:
                raise self.error

    made = DryRun()
    monkeypatch.setattr(measuring, "estimate", made)
    monkeypatch.setattr(measuring, "estimate_script", made)
    yield made
    made.go_on.set()


def keep_measurement(project, words):
    """What a dry run of this script would have kept: some three minutes."""
    key = plan_script(project, words, project.root).key
    found = measurement_of(RESULT | {"measured": 1e9, "host_peak": 1 << 20})
    save_estimate(project.runs_folder, key, device_key(None, GpuProbe().sample()), found)


@pytest.mark.parametrize(
    ("question", "keys", "looks"),
    [
        (LIGHT, ["v"], 1),
        (LIGHT, ["left", "enter"], 1),
        (LIGHT, ["v", "left", "enter"], 2),
        (UNMEASURED, ["v"], 1),
        (UNMEASURED, ["g", "v"], 0),
        (replace(UNMEASURED, subject="vit"), ["v"], 0),
        (replace(UNMEASURED, subject="vit"), ["right", "right", "enter"], 1),
    ],
)
async def test_looking_answers_nothing(question, keys, looks):
    seen = []
    async with opened(ConfirmScreen(question, lambda: seen.append(1)), SMALL, *keys) as (host, _):
        assert len(seen) == looks
        assert host.answer is OPEN


@pytest.fixture
def app(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "tiny.yaml").write_text("trainer: {max_steps: 3, accelerator: cpu}\n")
    return CockpitApp(Project(tmp_path), FakeFeed(EMPTY), ask_to_start="tiny")


async def reached(pilot, kind):
    while not isinstance(pilot.app.screen, kind):
        await pilot.pause(0.01)
    await pilot.pause()


async def test_after_measuring_the_question_is_asked_again(app, dry_run):
    async with app.run_test(size=SMALL) as pilot:
        await reached(pilot, ConfirmScreen)
        before = pilot.app.screen
        assert before.question.measurable
        await pilot.press("m")
        await reached(pilot, MeasureScreen)
        while pilot.app.screen.progress.step != 7:
            await pilot.pause(0.01)
        dry_run.go_on.set()
        await reached(pilot, ConfirmScreen)
        assert pilot.app.screen is not before
        assert not list((app.project.root / "runs").glob("*/run.json"))


async def test_a_script_is_measured_from_its_question(app, dry_run):
    (app.project.root / "train.py").write_text("import lightning\n")
    app = CockpitApp(app.project, FakeFeed(EMPTY))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.deeds.start_script(str(app.project.root / "train.py"))
        await reached(pilot, ConfirmScreen)
        before = app.screen
        assert before.question.consent is Consent.TYPED
        await pilot.press("m")
        await reached(pilot, MeasureScreen)
        shown = " ".join(app.screen.box.render_line(y).text.strip(" │|") for y in range(app.screen.box.size.height))
        assert "before its first step is done for real" in " ".join(shown.split())
        keep_measurement(app.project, ("python", "train.py"))
        dry_run.go_on.set()
        await reached(pilot, ConfirmScreen)
        assert dry_run.asked == (("python", "train.py"), app.project.root)
        assert app.screen is not before
        assert (app.screen.question.consent, app.screen.question.measurable) == (Consent.LIGHT, False)
        assert "about 3m" in app.screen.question.as_facts()["takes"]
        assert not list((app.project.root / "runs").glob("*/run.json"))


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "json"])
async def test_a_script_without_a_trainer_is_not_offered_to_be_measured(app, dry_run, framework):
    (app.project.root / "train.py").write_text(f"import {framework}\n")
    app = CockpitApp(app.project, FakeFeed(EMPTY))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()
        app.deeds.start_script(str(app.project.root / "train.py"))
        await reached(pilot, ConfirmScreen)
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        assert dry_run.calls == 0


async def test_escape_calls_it_off_and_asks_again(app, dry_run):
    async with app.run_test(size=SMALL) as pilot:
        await reached(pilot, ConfirmScreen)
        await pilot.press("m")
        await reached(pilot, MeasureScreen)
        await pilot.press("escape")
        await reached(pilot, ConfirmScreen)
        assert dry_run.calls == 1


async def test_a_training_that_fails_is_told(app, dry_run):
    dry_run.error = EstimateFailed("ValueError: cursed", "The training fails")
    dry_run.go_on.set()
    async with app.run_test(size=SMALL) as pilot:
        await reached(pilot, ConfirmScreen)
        await pilot.press("m")
        await reached(pilot, MessageScreen)
        assert pilot.app.screen.error is dry_run.error
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is pilot.app.dashboard


async def test_the_config_is_read_over_the_question(app):
    async with app.run_test(size=SMALL) as pilot:
        await reached(pilot, ConfirmScreen)
        question = pilot.app.screen
        await pilot.press("v")
        await reached(pilot, DocumentScreen)
        while "max_steps: 3" not in pilot.app.screen.text:
            await pilot.pause(0.01)
        await pilot.press("escape")
        assert pilot.app.screen is question
        assert not list((app.project.root / "runs").glob("*/run.json"))


async def test_one_that_its_program_refuses_says_why(app, monkeypatch):
    def refuse(project, config, content, *, called_off):
        raise ConfigError("no such class")

    monkeypatch.setattr(measuring, "resolve_config", refuse)
    async with app.run_test(size=SMALL) as pilot:
        await reached(pilot, ConfirmScreen)
        await pilot.press("v")
        await reached(pilot, MessageScreen)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, ConfirmScreen)


async def test_one_who_does_not_wait_for_the_config_calls_it_off(app, monkeypatch):
    over = threading.Event()

    def never(project, config, content, *, called_off):
        while not called_off():
            over.wait(0.01)
        over.set()
        raise ConfigError("called off")

    monkeypatch.setattr(measuring, "resolve_config", never)
    async with app.run_test(size=SMALL) as pilot:
        await reached(pilot, ConfirmScreen)
        await pilot.press("v")
        await reached(pilot, DocumentScreen)
        await pilot.press("escape")
        while not over.is_set():
            await pilot.pause(0.01)
        assert isinstance(pilot.app.screen, ConfirmScreen)
