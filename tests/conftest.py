"""Shared by all tests."""

import os

import pytest

LONG = os.environ.get("COCKPIT_LONG") == "1"


@pytest.fixture
def loops():
    """``loops(short, long)``: how often to repeat; long when COCKPIT_LONG=1."""
    return lambda short, long: long if LONG else short
