"""What the dashboard says of a run, and what its charts show."""

from support.app import cockpit, screen_text, settled, shown
from support.fakes import (
    EMPTY,
    curves,
    run_state,
    series,
    snapshot,
)
from support.host import SMALL, WIDE

from cockpit.domain.state import State
from cockpit.domain.trackers import Tracker


async def test_what_was_told_of_a_live_run_is_taken_back_when_it_has_ended():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.tell("stop requested: it acts at the next step", "accent")
        await shown(pilot, snapshot(run_state(state=State.SAVING)))
        assert "stop requested" in screen_text(app)
        await shown(pilot, snapshot(run_state(state=State.STOPPED, evidence="stopped at step 1240")))
        assert "stop requested" not in screen_text(app)


async def test_what_tells_nothing_but_its_loss_has_all_the_room_for_it():
    told = run_state().series
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        before = app.dashboard.loss.size.height
        await shown(pilot, snapshot(run_state(series={"train/loss": told["train/loss"]})))
        assert not app.dashboard.second.display
        assert app.dashboard.loss.size.height > before
        await shown(pilot, snapshot(run_state(series={"train/loss": told["train/loss"], "val/acc": told["val/loss"]})))
        assert app.dashboard.second.title == "val/acc"
        await shown(pilot, snapshot())
        assert app.dashboard.second.title == "learning rate"


async def test_what_came_to_no_step_promises_no_curve():
    nothing = {"step": None, "epoch": None, "series": {}, "criteria": (), "stages": (), "stage": None}
    app = cockpit(snapshot(run_state(state=State.FINISHED, evidence="exit code 0", **nothing)))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        text = screen_text(app)
        assert "it came to no step: the log may say why" in text
        assert "begins with the first step" not in text
        await shown(pilot, EMPTY)
        assert "s starts a config or a script" in screen_text(app)


async def test_the_progress_says_what_is_known_and_cuts_no_command():
    error = "ValueError: " + "the shapes of the two matrices cannot be multiplied " * 3
    trackers = tuple(Tracker("tensorboard", f"/home/ada/lm/lightning_logs/version_{i}") for i in range(2))
    bare = {"grad_norm": None, "seed": None, "steps_per_second": None, "steps_total": None, "samples_per_step": None}
    app = cockpit(snapshot(run_state(trackers=trackers)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        text = screen_text(app)
        assert "TensorBoard ×2" in text
        assert "tensorboard --logdir" in text
        assert "…" not in "".join(line[-26:] for line in text.splitlines())
        await shown(pilot, snapshot(run_state(state=State.FAILED, evidence="exit code 1", exception=error, **bare)))
        text = "".join(line[-25:-1].strip() + " " for line in screen_text(app).splitlines()[2:])
        assert " ".join(error.split()) in " ".join(text.split())
        assert not {"grad", "seed", "run", "it/s"} & set(text.split())


async def test_a_figure_of_the_machine_is_charted_as_what_it_is():
    seconds = series(range(90), [2**31.0] * 90)
    state = run_state(series=curves(1240) | {"ram/used": seconds, "cpu/host": seconds}, step=1240)
    app = cockpit(snapshot(state))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("y")
        labels = [choice.label for choice in app.screen.choices]
        assert labels == ["loss", "lr", "train/loss", "val/loss", "cpu/host", "ram/used"]  # the machine's last
        details = {choice.label: choice.detail for choice in app.screen.choices}
        assert details["ram/used"].endswith("2.0 GiB, of the machine")
        assert details["train/loss"].startswith("█")  # it falls: the shape of the whole curve
        assert details["train/loss"][19] == "▁"
        await pilot.press(str(labels.index("ram/used") + 1))
        await settled(pilot)
        assert app.dashboard.loss.title == "ram/used, GiB, by seconds"
        text = screen_text(app)
        assert "━ now 2.000" in text
        assert "train 2.000" not in text


async def test_charts_obey_their_keys():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        whole = screen_text(app)
        await pilot.press("plus", "plus")
        assert "last 25%" in screen_text(app)
        await pilot.press("left_square_bracket")
        assert "zoom 25%" in screen_text(app)
        await pilot.press("right_square_bracket", "minus", "minus")
        assert screen_text(app) == whole
        await pilot.press("l")
        assert "log ─╮" in screen_text(app)
        await pilot.press("l", "m")
        assert screen_text(app) != whole
        await pilot.press("m")
        assert screen_text(app) == whole
