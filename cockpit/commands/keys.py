"""Which keys are in the air, and what a person calls them."""

from __future__ import annotations

import os
import re
from argparse import Namespace

from cockpit.actions.keys import name_key, naming_question
from cockpit.actions.permission import make_guard
from cockpit.commands.common import say
from cockpit.commands.consent import consent
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
        wanted = next((key for key in found if key.name == arguments.name), None)
        if wanted is None and _FINGERPRINT.fullmatch(arguments.name):
            wanted = keyring.known(arguments.name)
        if wanted is None or arguments.kind is None:
            names = ", ".join(key.name for key in found) or "none"
            raise UsageError(
                f"Say which key and what it is; there is: {names}",
                "No such key",
                "Example: cockpit keys HF_TOKEN production; a fingerprint names one in a config",
            )
        kind, guard = Kind(arguments.kind), make_guard(project, "cli")
        asked = naming_question(wanted, kind)
        name_key(keyring, wanted, kind, consent(guard, asked, arguments) if asked else None, guard)
        found = keyring.in_environment(os.environ)
    passed = set(project.settings.launch.env_pass)
    record = [
        {"name": key.name, "fingerprint": key.fingerprint, "kind": key.kind, "passed": key.name in passed}
        for key in found
    ]
    lines = [f"{key}  {'runs may see it' if key.name in passed else 'held back from runs'}" for key in found]
    say(record, arguments, "\n".join(lines) or "No key is in this environment.")
    return 0
