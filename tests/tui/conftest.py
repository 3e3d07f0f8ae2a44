"""What every test of the screen begins with."""

import pytest

from cockpit.tui.cells import CellPanel


@pytest.fixture(autouse=True)
def pretty(monkeypatch):
    monkeypatch.setattr(CellPanel, "ascii", False)
