"""The dashboard over runs of other tools: what it shows, that nothing acts, which metric is drawn."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from support.app import cockpit, screen_text, settled
from support.event_files import scalar
from support.fakes import NO_GPU, NOW, series, snapshot
from support.foreign_logs import write_csv
from support.hostile import HOSTILE

from cockpit.domain.checklist import Check
from cockpit.domain.criteria import summary
from cockpit.domain.criteria.rules import judge
from cockpit.domain.run import Best, Eta, RunState
from cockpit.domain.state import State
from cockpit.domain.vitals import Vitals
from cockpit.project import Project
from cockpit.tui.alarm import Alarm
from cockpit.tui.app import CockpitApp
from cockpit.tui.keys import KEYS
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.watch_feed import WatchFeed

SIZES = [(140, 40), (80, 24)]


def watched(**changes):
    steps = range(10, 1000, 10)
    curves = {
        "loss": series(steps, [3 * math.exp(-step / 300) for step in steps]),
        "eval_loss": series(range(100, 1000, 100), [3 * math.exp(-step / 300) + 0.1 for step in range(100, 1000, 100)]),
        "eval_acc": series(range(100, 1000, 100), [step / 1000 for step in range(100, 1000, 100)]),
        "lr": series(steps, [1e-4] * len(steps)),
    }
    values = {
        "id": "out/lora-bab7", "name": "out/lora", "path": "/runs/out", "launch": None, "state": State.WATCHED,
        "evidence": "LLaMA-Factory, last record 12s ago", "updated": NOW, "step": 990, "steps_total": 3000, "epoch": 1,
        "eta": Eta(750.0, reason="as it said 12s ago"), "loss_train": 0.11, "loss_val": 0.249, "learning_rate": 1e-4,
        "best": Best("eval_loss", 0.249, 900), "series": curves, "metrics": dict.fromkeys(curves, 0.1),
        "vitals": vitals(curves),
    }  # fmt: skip
    state = RunState(**values | changes)
    criteria = judge(state)
    return replace(state, criteria=criteria, verdict=summary(criteria))


def vitals(curves):
    """What such a log tells of itself: no seed, no norm of gradients, no memory."""
    losses, validations = (
        tuple(zip(curves[tag].steps.tolist(), curves[tag].values.tolist(), strict=True))
        for tag in ("loss", "eval_loss")
    )
    return Vitals("LLaMA-Factory", losses=losses, metric="eval_loss", validations=validations, last_point=NOW - 12)


def looking(state=None, others=()):
    state = state or watched()
    checks = (Check("l", "LLaMA-Factory", "ok", "1 run", "1 run."), Check("t", "TensorBoard", "ok", "2 runs", "2."))
    return snapshot(
        state, runs=(state, *others), checks=checks, watching=True, project="out", log=(), gpus=NO_GPU, gpu_history={}
    )


def over(look):
    app = cockpit(look)
    return CockpitApp(Project(Path("/home/ada/lm"), read_only=True), app.feed)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_picture(snap_compare, size):
    """A LLaMA-Factory run that is watched."""
    assert snap_compare(over(looking()), terminal_size=size, run_before=settled)


async def test_it_says_what_the_log_says_and_no_more():
    app = over(looking())
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        text = screen_text(app)
        for words in ("WATCHED", "ETA 12m as it said 12s ago", "990/3,000", "last record 12s ago", "Watching"):
            assert words in text
        assert "RUNNING" not in text
        assert "s starts one" not in text


async def test_no_key_acts():
    app = over(looking())
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        for key in KEYS:
            if key.acts:
                await pilot.press(key.key)
        assert app.screen is app.dashboard


async def test_another_metric_is_drawn_with_its_partner_and_back():
    app = over(looking())
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("y")
        assert isinstance(app.screen, ChooseScreen)
        labels = [choice.label for choice in app.screen.choices]
        assert labels == ["loss", "eval_acc", "eval_loss", "loss", "lr"]
        await pilot.press("2")
        assert app.dashboard.loss.title == "eval_acc"
        assert "● val 0.900" in screen_text(app)
        await pilot.press("y", "1")
        assert app.dashboard.loss.title == "loss"
        assert "val 0.249 (best 0.249 @ 900)" in screen_text(app)


async def test_a_run_without_a_loss_shows_what_it_has():
    app = over(looking(watched(series={"reward": series(range(50), range(50))}, best=None)))
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert app.dashboard.loss.title == "reward"


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names(size):
    curves = {name: series(range(20), range(20)) for name in (*HOSTILE, "loss [/]")}
    look = looking(watched(name=HOSTILE[1], evidence=HOSTILE[3], series=curves, best=Best(HOSTILE[0], 1.0)))
    app = over(look)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("y")
        await pilot.press(*["down"] * len(curves), "enter")
        assert app.screen is app.dashboard
        assert "\x1b" not in screen_text(app)


async def test_steps_as_far_apart_as_they_can_be():
    curves = {"loss": series([-(2**63), 0, 2**63 - 1], [1.0, math.nan, math.inf])}
    app = over(looking(watched(series=curves, best=None)))
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("plus", "left_square_bracket", "l", "m")
        assert "loss" in screen_text(app)


async def test_a_run_that_comes_later_and_grows_is_seen(tmp_path):
    app = CockpitApp(Project(tmp_path, read_only=True), WatchFeed([tmp_path]))
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert "no runs there yet" in screen_text(app)
        (tmp_path / "run").mkdir()
        with open(tmp_path / "run" / "events.out.tfevents.1", "wb", buffering=0) as file:
            for last in (3, 7):
                file.write(b"".join(scalar("train/loss", step, 1.0) for step in range(last - 3, last)))
                while f"step {last - 1}" not in screen_text(app):
                    await pilot.pause(0.05)


def records(folder, *, until=60, bad=None):
    points = [(step, 0.0, "train/loss", math.nan if step == bad else 2 - step / 60) for step in range(until)]
    points += [(step, 0.0, "val/loss", 2.5 - step / 60) for step in range(0, until, 10)]
    return write_csv(folder, points)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_it_is_judged_by_its_records_and_says_what_they_do_not_tell(size, tmp_path):
    records(tmp_path, bad=23)
    app = CockpitApp(Project(tmp_path, read_only=True), WatchFeed([tmp_path]))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("4")
        while "gradients" not in screen_text(app):
            await pilot.pause(0.05)
        text = screen_text(app)
        assert "Good training" in text
        assert "✓2 ✗1 ?3" in text
        assert "? memory       not told" in text
        assert "✗ gradients    train/loss" in text
        assert "! train/loss not finite" in text
        app.dashboard.criteria.focus()
        await pilot.press("enter")
        assert isinstance(app.screen, DocumentScreen)
        assert "train/loss is not finite since step 23; 1 value" in app.screen.text
        assert "? Memory monitored: not told" in app.screen.text
        assert "metrics.csv tells nothing of memory" in app.screen.text
        assert "attaches a note" not in app.screen.text


def test_what_lies_in_records_that_are_still_being_read_does_not_ring(tmp_path):
    feed = WatchFeed([records(tmp_path, bad=23)])
    state = feed.poll().selected
    assert state.troubles
    alarm = Alarm()
    assert alarm.new(replace(state, criteria=(), troubles=())) == []  # half of it has been read
    assert alarm.new(state) == []
    assert alarm.new(replace(state, troubles=())) == []
    fresh = Alarm()
    assert fresh.new(replace(state, troubles=())) == []
    assert [alert.title for alert in fresh.new(state)] == [f"{state.name} {state.short_id}: train/loss not finite"]
