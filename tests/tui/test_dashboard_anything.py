"""The dashboard at any size, with anything in it."""

from dataclasses import replace

import pytest
from rich.cells import cell_len
from support.app import cockpit, screen_text, settled, shown
from support.fakes import (
    FAILED,
    ONE_GPU,
    STAGES,
    STRANGER,
    checkpoint,
    curves,
    gpu,
    launch,
    run_state,
    snapshot,
)
from support.host import SMALL, WIDE
from support.hostile import HOSTILE

from cockpit.domain.run import Best, NonFinite
from cockpit.domain.state import State
from cockpit.probes.gpu import GpuReport


async def test_the_terminal_may_take_any_size_at_any_time():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        for size in (SMALL, (40, 10), (20, 5), (1, 1), (2, 40), (140, 1), (110, 28), (109, 27), (300, 90), WIDE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            rows = screen_text(app).split("\n")
            assert [cell_len(row) for row in rows] == [size[0]] * size[1]
            if size[0] >= 20 and size[1] >= 5:
                assert "RUNNING" in "".join(rows).upper()


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_new_look_reaches_hidden_panels_when_they_are_shown(size):
    app = cockpit(snapshot())
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await shown(pilot, snapshot(run_state(checkpoints=(checkpoint(3999, 1.5, "best"),))))
        await pilot.press("2")
        assert "step 3,999" in screen_text(app)


def hostile_look(text):
    state = run_state(
        **FAILED | {
            "name": text, "evidence": text, "device": text, "exception": text, "sample_unit": text, "seed": 1,
            "best": Best(text, 1.0), "nonfinite": (NonFinite(1, text, 0.0),), "launch": launch(name=text),
            "checkpoints": (replace(checkpoint(1, 0.5, text), path=text, name=text, metric=text),),
            "series": curves(50), "stages": (replace(STAGES[0], name=text, detail=text, pipeline=text),),
        }
    )  # fmt: skip
    stranger = replace(STRANGER, name=text, user=text)
    checks = tuple(replace(check, evidence=text, detail=text, remedy=text) for check in snapshot().checks)
    return replace(
        snapshot(state, log=(text,) * 3, gpus=GpuReport((gpu(name=text, processes=(stranger,)),), text), checks=checks),
        project=text,
        host=text,
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("size", [WIDE, SMALL, (40, 10)])
async def test_hostile_text_is_shown_and_obeyed_nowhere(text, size):
    app = cockpit(hostile_look(text))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for keys in (["1"], ["2"], ["3"], ["4"], ["5"], ["enter"], ["escape"]):
            await pilot.press(*keys)
            seen = screen_text(app).replace("\n", "")
            assert not any(c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u200b\u2066\u2069\ud800" for c in seen)
        assert app.is_running


async def test_an_active_run_with_hostile_stages_is_shown():
    for text in HOSTILE:
        stage = replace(STAGES[0], name=text, detail=text, pipeline=text, status="running")
        app = cockpit(snapshot(run_state(state=State.LAUNCHING, stage=stage, stages=(stage,), series={}), gpus=ONE_GPU))
        async with app.run_test(size=WIDE) as pilot:
            await settled(pilot)
            assert not any(c < " " for c in screen_text(app).replace("\n", ""))
