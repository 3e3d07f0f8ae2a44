"""No sequence of keys reaches an effect without its own yes in the audit: the real cockpit over real files."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.guarded import SECRETS, Guarded
from support.server import serving

from cockpit.actions.estimate import EstimateFailed
from cockpit.domain.guard import Consent
from cockpit.tui.app import CockpitApp
from cockpit.tui.deeds import measuring
from cockpit.tui.feed import LiveFeed
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen

DEEDS = ["s", "x", "e", "r", "d", "w", "K", "u", "R", "f", "p", "c", "n", "g"]
ANSWERS = ["y", "n", "enter", "escape", "tab", "left", "right", "up", "down", "1", "2", "3", "m", "backspace"]
ELSEWHERE = ["tab", "shift+tab", "down", "up", "enter", "a", "v", "h", "l", "plus", "question_mark", "ctrl+p"]
KEYS = st.one_of(
    st.sampled_from(DEEDS),
    st.sampled_from(ANSWERS),
    st.sampled_from(ELSEWHERE),
    st.sampled_from(["<choose>", "<agree>", "<agree>", "<type wrongly>", "<another run>", "<the config changes>"]),
)


class Files(LiveFeed):
    """The runs as they lie there; the machine is not looked at."""

    def _look_around(self, *, busy):
        pass


class Hands:
    """Presses keys, and waits for what they set going."""

    def __init__(self, place, app, pilot):
        self.place, self.app, self.pilot, self._changes = place, app, pilot, 0

    async def press(self, *keys):
        await self.pilot.press(*keys)
        await self.idle()

    async def idle(self):
        for _ in range(2000):
            await self.pilot.pause()
            if not any(worker.group == "deed" and not worker.is_finished for worker in self.app.workers):
                return
            await asyncio.sleep(0.005)
        pytest.fail("a deed does not end")

    async def do(self, key):
        screen = self.app.screen
        match key:
            case "<agree>" if isinstance(screen, ConfirmScreen):
                typed = screen.question.consent is Consent.TYPED
                await self.press(*([*screen.subject, "enter"] if typed else ["y"]))
            case "<type wrongly>" if isinstance(screen, ConfirmScreen) and screen.question.consent is Consent.TYPED:
                await self.press(*screen.subject[:-1], "right", "enter")
            case "<choose>" if isinstance(screen, ChooseScreen):
                await self.press("down", "enter")
            case "<choose>" if isinstance(screen, AskScreen):
                await self.press("backspace", *"ada/small", "enter")
            case "<another run>":
                self._changes += 1
                run = self.place.runs()[self._changes % len(self.place.runs())]
                self.app.show_run(run.id)
                await self.pilot.pause(0.15)
            case "<the config changes>":
                self._changes += 1
                self.place.config.write_text(f'{{"trainer": {{"max_steps": {self._changes}, "accelerator": "cpu"}}}}')
            case _ if not key.startswith("<"):
                await self.press(key)


async def pressed(place, keys):
    app = CockpitApp(place.project, Files(place.project, place.ended.id))
    async with app.run_test(size=(140, 40)) as pilot:
        while app.snapshot is None:
            await pilot.pause(0.01)
        hands = Hands(place, app, pilot)
        for key in keys:
            await hands.do(key)
            for effect in place.effects:
                assert effect.allowed is not None, (effect, keys)


def no_dry_run(*_, **__):
    raise EstimateFailed("it is not measured here", "Not measured")


def walk(keys):
    """One cockpit, one project, these keys; gives the effects."""
    with tempfile.TemporaryDirectory() as folder, serving() as server, pytest.MonkeyPatch.context() as patch:
        place = Guarded(Path(folder), patch, server)
        patch.setattr(measuring, "estimate", no_dry_run)
        for name, secret in SECRETS.items():
            patch.setenv(name, secret)
        try:
            asyncio.run(pressed(place, keys))
            place.expect_all_allowed()
            return [effect.action for effect in place.effects]
        finally:
            place.close()


ANOTHER = "<another run>"  # the one that trains, after the one that has ended
# What is pressed once, what asks, what comes of an agreement.
ASKED = {
    "start": ([], ["s", "<choose>", "enter"], ["start"]),
    "resume": ([], ["r"], ["resume"]),
    "replay": ([], ["R"], ["resume"]),
    "download": ([], ["f", "enter"], ["download"]),
    "modify": ([ANOTHER], ["e", *"x0.5", "enter"], ["modify"]),
    "modify much": ([ANOTHER], ["e", *"x9", "enter"], ["modify"]),
    "stop": ([ANOTHER], ["x", "1"], ["stop"]),
    "kill": ([ANOTHER], ["x", "3"], ["kill"]),
    "delete": (["tab", "down"], ["d"], ["delete"]),
    "share": (["tab"], ["w", "2", *"ada/small", "enter"], ["share", "share"]),
    "publish": (["tab"], ["w", "3", *"ada/small", "enter"], ["share", "share"]),
    "keys": (["K", "1", "1"], ["K", "1", "3", "1"], []),
    "keys, start": (["K", "1", "1"], ["K", "1", "3", "1", "<agree>"], ["start", "keys"]),
}


@pytest.mark.parametrize("deed", ASKED)
def test_what_is_agreed_to_is_done_and_whatever_else_is_answered_does_nothing(deed):
    once, ask, effects = ASKED[deed]
    refused = [*ask, "enter", *ask, "escape", *ask, "<type wrongly>", "escape"]
    assert walk([*once, *refused, *ask, "<agree>"]) == effects


def test_no_sequence_of_keys_gets_around_a_yes(loops):
    @settings(max_examples=loops(4, 300), derandomize=loops(True, False), database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.lists(KEYS, min_size=10, max_size=30))
    def sequences(keys):
        walk(keys)

    sequences()
