"""The key that asks how far a step moves each layer."""

from support.app import cockpit, settled
from support.fakes import snapshot
from support.layers import WEIGHED

from cockpit.errors import NotPossible
from cockpit.tui.deeds import health
from cockpit.tui.screens.message import MessageScreen
from cockpit.tui.screens.weights import WeightsScreen


async def pressed(monkeypatch, weigh, kind):
    monkeypatch.setattr(health, "weigh", weigh)
    async with cockpit(snapshot()).run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("g")
        while not isinstance(pilot.app.screen, kind):
            await pilot.pause(0.01)
        box = pilot.app.screen.box
        text = "\n".join(box.render_line(y).text for y in range(box.size.height))
        await pilot.press("escape")
        assert pilot.app.screen is pilot.app.dashboard
        return text


async def test_the_layers_come_as_a_table_with_what_is_out_of_the_usual(monkeypatch):
    asked = []
    text = await pressed(monkeypatch, lambda run, seconds: asked.append(run.id) or WEIGHED, WeightsScreen)
    assert asked == [snapshot().selected.id]
    assert "▲" in next(line for line in text.splitlines() if " head.weight  too high" in line)
    assert "▼" in next(line for line in text.splitlines() if " embedding.weight  too low" in line)
    assert "not finite: 412 gradients" in text
    assert "30 more are not listed" in text


async def test_why_there_is_no_answer_is_told(monkeypatch):
    def refused(run, seconds):
        raise NotPossible("The trainer refused: it is paused and takes no step", "It was not done")

    assert "it is paused and takes no step" in await pressed(monkeypatch, refused, MessageScreen)
