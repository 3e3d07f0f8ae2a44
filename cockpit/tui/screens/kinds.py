"""What a person may call a key."""

from __future__ import annotations

from cockpit.domain.keys import Key
from cockpit.tui.screens.choose import Choice

KINDS = (
    Choice("production", "a production key", "tests never get it: demo, estimate, fast_dev_run, limit_*, --test"),
    Choice("test", "a test key", "tests get it too, where a setting or you let it through"),
)


def about_key(key: Key) -> str:
    """Enough to tell which one it is, and too little to find it."""
    place = f"Written in the config ({key.name})" if key.written else f"In the environment as {key.name}"
    return f"{place}, fingerprint {key.fingerprint}. Remembered as a salted hash, never itself."
