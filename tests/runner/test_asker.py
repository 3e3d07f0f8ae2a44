"""A keeper of a dry run that dies is told in words."""

import os
import sys

import pytest

from cockpit.errors import LaunchError
from cockpit.runner import asker
from cockpit.runner.dryrun import DrySpec


def test_a_keeper_that_dies_before_it_has_heard_what_to_do(tmp_path, monkeypatch):
    def when_it_is_dead(spec):
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        return {}

    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(asker, "asdict", when_it_is_dead)
    spec = DrySpec(str(tmp_path / "dry"), "", ["true"], str(tmp_path), 1.0)
    with pytest.raises(LaunchError, match="has died"):
        asker.measure(spec, os.environ, lambda progress: None, lambda: False)
