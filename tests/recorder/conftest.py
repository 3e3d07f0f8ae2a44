"""Real trainings that belong to a run."""

import pytest
from support.fits import new_run, recorded
from support.tiny import Options, train


@pytest.fixture
def run(tmp_path):
    return new_run(tmp_path / "2026-11-24T1200-tiny-0001")


@pytest.fixture
def fit(run):
    """``fit(**options)`` starts a tiny training in the run; it is ended with the test."""
    begun = []

    def begin(attempt=1, target=train, environment=None, **options):
        begun.append(recorded(run, target, Options(run.root, **options), attempt=attempt, **(environment or {})))
        return begun[-1]

    yield begin
    for each in begun:
        each.end()


@pytest.fixture
def events(run):
    """``events("checkpoint", …)``: what the trainer's journal says of these kinds, in order; all without a kind."""
    from cockpit.runs.journal import JournalTail

    def read(*kinds):
        found = JournalTail(run.journal).poll()[0]
        return [event for event in found if not kinds or event["event"] in kinds]

    return read
