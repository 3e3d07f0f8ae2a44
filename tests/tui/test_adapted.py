"""The checklist of somebody else's project, on the screen."""

from dataclasses import replace

import pytest
from support.app import cockpit, screen_text, settled
from support.fakes import EMPTY
from support.host import SMALL, WIDE

from cockpit.domain.checklist import checklist
from cockpit.probes.gpu import GpuReport
from cockpit.project import Project
from cockpit.project.gathering import gather


@pytest.fixture
def look(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch\nno-such-package>=2\n")
    (tmp_path / "train.py").write_text("import lightning\n")
    return replace(EMPTY, checks=checklist(gather(Project(tmp_path), GpuReport(error="no driver"))))


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
async def test_what_was_recognised_stands_first_and_each_check_gives_its_remedy(look, size):
    app = cockpit(look)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("4")
        text = screen_text(app)
        lines = [line for line in text.split("\n") if "project" in line or "tracking" in line]
        assert "project      Lightning" in lines[0]
        assert "tracking" in lines[-1]  # no check is cut off
        assert "1 missing" in text
        await pilot.press("enter")
        assert "what its scripts import" in screen_text(app)
        await pilot.press("escape", "down", "down", "enter")
        shown = screen_text(app)
        assert "no-such-package>=2" in shown
        assert "-m pip install -r" in shown
