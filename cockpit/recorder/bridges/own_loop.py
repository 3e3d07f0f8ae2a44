"""The tripwire of a dry run: a script that steps an optimizer while no Trainer is at work ends before that step.

It would otherwise train for real until the time is up: nothing tells how long such a loop is, or where it ends.
"""

from __future__ import annotations

from typing import Any

_WHY = "No Trainer appeared: it trains by a loop of its own"


class _Tripwire:
    """Armed while no Trainer is at work; a step of the measured ones costs nothing by it."""

    def __init__(self) -> None:
        self._register: Any = None
        self._armed: Any = None

    def attach(self, module: Any) -> None:
        """Lie across the steps of every optimizer that builds on this module."""
        self._register = module.register_optimizer_step_pre_hook
        self.arm()

    def arm(self) -> None:
        """No Trainer is at work."""
        if self._armed is None and self._register is not None:
            self._armed = self._register(_end)

    def disarm(self) -> None:
        """A Trainer is, and ends the process itself."""
        if self._armed is not None:
            self._armed.remove()
            self._armed = None


def _end(*_: Any) -> None:
    from cockpit.recorder.measuring import dry_run_folder, refuse

    refuse(dry_run_folder(), _WHY)


tripwire = _Tripwire()
attach = tripwire.attach
