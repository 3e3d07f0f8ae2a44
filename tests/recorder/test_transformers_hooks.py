"""What is hooked into transformers' Trainer, and given back when its training is over; needs no transformers."""

import signal
from contextlib import suppress
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from cockpit.recorder.bridges import transformers as bridge
from cockpit.recorder.bridges.wishes import Wishes
from cockpit.recorder.journal import NoJournal

STATE = Mock(is_world_process_zero=False, global_step=0)
ARGUMENTS = Mock(world_size=2, save_strategy="steps")


@pytest.fixture
def module(run, monkeypatch):
    """transformers' module as far as the bridge knows it, in a process that is not the first."""
    monkeypatch.setattr(bridge, "run_paths", lambda: run)
    monkeypatch.setattr(bridge, "journal", lambda: None)

    class Trainer:
        error = None
        args, state = ARGUMENTS, STATE
        callback_handler = SimpleNamespace(callbacks=[])

        def training_step(self):
            pass

        def train(self):
            module.DEFAULT_CALLBACKS[0]().on_train_begin(ARGUMENTS, STATE, Mock())
            self.handler = signal.getsignal(signal.SIGTERM)
            if self.error:
                raise self.error

    module = SimpleNamespace(DEFAULT_CALLBACKS=[], TrainerCallback=object, Trainer=Trainer)
    bridge.attach(module)
    return module


@pytest.mark.parametrize("error", [None, ValueError("the data are cursed")], ids=["ends", "raises"])
def test_a_signal_ends_the_script_again_once_its_training_is_over(module, error):
    trainer = module.Trainer()
    trainer.error = error
    for _ in range(2):  # a script may train again
        with suppress(ValueError):
            trainer.train()
        assert trainer.handler is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_second_training_is_not_ended_by_what_ended_the_first(run):
    wishes = Wishes(run, NoJournal())
    wishes.ending = ("stopped", "stopped at step 3, checkpoint saved")
    wishes.begin(ARGUMENTS, STATE, None)
    wishes.close()
    assert wishes.ending is None
