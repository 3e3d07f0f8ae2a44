"""The dashboard as a person sees it, in every state and at several sizes."""

import pytest
from support.app import cockpit, painted, settled
from support.fakes import (
    EIGHT_GPUS,
    EMPTY,
    FAILED,
    FINISHED,
    LAUNCHING,
    NO_GPU,
    NOW,
    TWO_GPUS,
    curves,
    run_state,
    snapshot,
)

from cockpit.domain.run import Mark
from cockpit.domain.state import State
from cockpit.tui import palette

LOOKS = {
    "running": snapshot(),
    "finished": snapshot(run_state(**FINISHED, series=curves(4000))),
    "nan": snapshot(run_state(**FAILED, series=curves(1240, bad_from=1100))),
    "launching": snapshot(run_state(**LAUNCHING)),
    "paused": snapshot(run_state(state=State.PAUSED, evidence="held at step 1,240 since 14:32")),
    "stalled": snapshot(
        run_state(state=State.STALLED, evidence="no step for 48 s, usual pace 0.58 s", supervised=False)
    ),
    "empty": EMPTY,
    "no-gpu": snapshot(gpus=NO_GPU, gpu_history={}),
    "two-gpus": snapshot(gpus=TWO_GPUS),
    "eight-gpus": snapshot(gpus=EIGHT_GPUS),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_wide(snap_compare, look):
    """Everything at once."""
    assert snap_compare(cockpit(look), terminal_size=(140, 40), run_before=settled)


MARKED = snapshot(
    run_state(
        marks=(
            Mark("a", 400, NOW - 300, "change", "lr 0.0006 → 0.0003", "ada", in_force=False),
            Mark("b", 640, NOW - 200, "change", "lr 0.0006 → 0.0003, max_epochs 5 → 10", "ada"),
            Mark("c", 900, NOW - 100, "note", "the bump is the new shard [/]", "bob"),
        )
    ),
    config_changes=("-    lr: 3e-4", "+    lr: 1e-4"),
)


@pytest.mark.parametrize("plain", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize("keys", [[], ["1", "enter"]], ids=["all", "enlarged"])
@pytest.mark.parametrize("size", [(140, 40), (80, 24)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_marks(snap_compare, size, keys, plain):
    """Changes and notes at their steps, in words under the enlarged chart; the edited config file."""

    async def look(pilot):
        await settled(pilot)
        await pilot.press(*keys)
        await painted(pilot)
        pilot.app.dashboard.notice(None)

    assert snap_compare(cockpit(MARKED, ascii_only=plain), terminal_size=size, run_before=look)


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5"])
@pytest.mark.parametrize("name", ["running", "nan"])
def test_page(snap_compare, name, key):
    """One page of five."""

    async def turn(pilot):
        await settled(pilot)
        await pilot.press(key)
        await painted(pilot)

    assert snap_compare(cockpit(LOOKS[name]), terminal_size=(80, 24), run_before=turn)


@pytest.mark.parametrize("size", [(200, 60), (40, 10), (20, 5)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_size(snap_compare, size):
    """Larger and smaller than usual."""
    assert snap_compare(cockpit(LOOKS["running"]), terminal_size=size, run_before=settled)


def test_ascii(snap_compare):
    """A terminal without Unicode."""
    assert snap_compare(cockpit(LOOKS["nan"], ascii_only=True), terminal_size=(140, 40), run_before=settled)


def test_sixteen_colours(snap_compare):
    """A terminal without more colours."""
    palette.use_sixteen_colours(True)
    try:
        assert snap_compare(cockpit(LOOKS["two-gpus"]), terminal_size=(140, 40), run_before=settled)
    finally:
        palette.use_sixteen_colours(False)
