"""What every test of the screen begins with."""

import pytest

from cockpit.tui.cells import CellPanel


@pytest.fixture(autouse=True)
def all_panels(monkeypatch):
    """What an app sets for all panels is set back after it."""
    monkeypatch.setattr(CellPanel, "ascii", False)
    monkeypatch.setattr(CellPanel, "read_only", False)
