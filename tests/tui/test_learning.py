"""A script whose way of going on nobody knows: asked once on the screen, kept, then resumed."""

from support.app import settled
from support.fakes import FakeFeed, snapshot
from support.questions import QUESTION

from cockpit.errors import ResumeUnknown
from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.deeds import training
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.confirm import ConfirmScreen


async def reached(pilot, kind):
    while not isinstance(pilot.app.screen, kind):
        await pilot.pause(0.01)
    await pilot.pause()


async def test_it_is_asked_once_and_kept(tmp_path, monkeypatch):
    project = Project(tmp_path)
    asked = []

    def plan_resume(run, checkpoint, env_pass):
        asked.append({name: script.resume for name, script in project.settings.scripts.items()})
        if not asked[-1]:
            raise ResumeUnknown("How it takes a checkpoint is not known", "ours.py", "python ours.py")
        return type("Plan", (), {"question": QUESTION})()

    monkeypatch.setattr(training, "plan_resume", plan_resume)
    app = CockpitApp(project, FakeFeed(snapshot()))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("r")
        await reached(pilot, AskScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, AskScreen)  # a command without the place is not taken
        await pilot.press(*"-r {checkpoint}", "enter")
        await reached(pilot, ConfirmScreen)
    assert asked == [{}, {"ours.py": "python ours.py -r {checkpoint}"}]
