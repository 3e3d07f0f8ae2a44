"""What the keys set going. Loaded at the first deed, so that the first frame does not wait for it."""

from __future__ import annotations

from cockpit.tui.deeds.changing import ChangingDeeds
from cockpit.tui.deeds.fetching import FetchDeeds
from cockpit.tui.deeds.files import FileDeeds
from cockpit.tui.deeds.health import HealthDeeds
from cockpit.tui.deeds.keys import KeyDeeds
from cockpit.tui.deeds.records import RecordDeeds
from cockpit.tui.deeds.sharing import SharingDeeds


class Deeds(KeyDeeds, ChangingDeeds, FetchDeeds, FileDeeds, HealthDeeds, SharingDeeds, RecordDeeds):
    """Everything a person can ask for."""
