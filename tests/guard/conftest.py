"""A project whose effects are noted."""

import pytest
from support.guarded import Guarded
from support.server import serving


@pytest.fixture
def place(tmp_path, monkeypatch):
    with serving() as server:
        made = Guarded(tmp_path, monkeypatch, server)
        yield made
        made.close()
