"""Which keys are in the air, and what a person calls them."""

from __future__ import annotations

import os
import re
from argparse import Namespace

from cockpit.commands.common import say
from cockpit.domain.keys import Kind
from cockpit.errors import UsageError
from cockpit.probes.keyring import Keyring
from cockpit.project import Project

_FINGERPRINT = re.compile("[0-9a-f]{8}")


def keys(project: Project, arguments: Namespace) -> int:
    """List the keys in this environment by fingerprint, or remember what one of them is."""
    keyring = Keyring()
    found = keyring.in_environment(os.environ)
    if arguments.name is not None:
        named = next((key.fingerprint for key in found if key.name == arguments.name), None)
        wanted = named or (arguments.name if _FINGERPRINT.fullmatch(arguments.name) else None)
        if wanted is None or arguments.kind is None:
            names = ", ".join(key.name for key in found) or "none"
            raise UsageError(
                f"Say which key and what it is; there is: {names}",
                "No such key",
                "Example: cockpit keys HF_TOKEN production; a fingerprint names one in a config",
            )
        keyring.remember(wanted, Kind(arguments.kind))
        found = keyring.in_environment(os.environ)
    passed = set(project.settings.launch.env_pass)
    record = [
        {"name": key.name, "fingerprint": key.fingerprint, "kind": key.kind, "passed": key.name in passed}
        for key in found
    ]
    lines = [f"{key}  {'runs may see it' if key.name in passed else 'held back from runs'}" for key in found]
    say(record, arguments, "\n".join(lines) or "No key is in this environment.")
    return 0
