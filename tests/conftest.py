"""Shared by all tests."""

import os

import pytest
from hypothesis import HealthCheck, settings
from support.processes import MARK, end_marked

LONG = os.environ.get("COCKPIT_LONG") == "1"
# how long an example takes is no property of ours; the long loops look for new examples, the others repeat theirs
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=not LONG)
settings.load_profile("ours")


@pytest.fixture
def loops():
    """``loops(short, long)``: how often to repeat; long when COCKPIT_LONG=1."""
    return lambda short, long: long if LONG else short


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """A folder outside of any run; every process that was started for it is ended with the test."""
    monkeypatch.setenv(MARK, str(tmp_path))
    for name in ("COCKPIT_RUN_DIR", "COCKPIT_ESTIMATE"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    end_marked(tmp_path)
