"""Lists: enlarged, longer than their panel, under the cursor."""

from dataclasses import replace

from support.app import cockpit, screen_text, settled
from support.fakes import (
    checkpoint,
    run_state,
    snapshot,
)
from support.host import WIDE

from cockpit.domain.state import State


async def test_z_enlarges_a_list_and_gives_everything_back():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.dashboard.runs.focus()
        await pilot.press("z")
        assert app.dashboard.zoomed == "runs"
        assert app.dashboard.runs.size.width == WIDE[0]
        await pilot.press("z")
        assert app.dashboard.zoomed is None


async def test_an_enlarged_list_of_runs_tells_steps_time_and_the_best():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.dashboard.runs.focus()
        await pilot.press("z")
        row = next(line for line in screen_text(app).splitlines() if "gpt-stdlib" in line and ">" in line)
        for words in ("✓4 ⚠1", "running", "1,240/4,000", "12m41s", "best val/loss 1.598 @ 1,000"):
            assert words in row


async def test_a_list_says_that_it_goes_on_below():
    many = tuple(run_state(id=f"2026-11-22T1830-run-{i:04x}", state=State.FINISHED) for i in range(60))
    app = cockpit(replace(snapshot(), runs=many))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "60 ↓ ─╮" in screen_text(app)
        app.dashboard.runs.focus()
        await pilot.press("end")
        assert "60 ─╮" in screen_text(app)


async def test_page_keys_move_by_what_is_seen_of_a_list():
    many = tuple(run_state(id=f"2026-11-22T1830-run-{i:04x}") for i in range(60))
    app = cockpit(replace(snapshot(), runs=many))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        runs = app.dashboard.runs
        runs.focus()
        await pilot.press("home", "pagedown")
        assert runs.cursor == runs.size.height - 2
        await pilot.press("end", "pagedown")
        assert runs.cursor == len(many) - 1
        await pilot.press("pageup")
        assert runs.cursor == len(many) - 1 - (runs.size.height - 2)


async def test_a_checkpoint_without_a_metric_has_its_age():
    saved = replace(checkpoint(1200, None), time=snapshot().now - 600)
    app = cockpit(snapshot(run_state(checkpoints=(saved,))))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "10m ago" in screen_text(app)
