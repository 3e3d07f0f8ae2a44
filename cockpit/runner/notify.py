"""``python -m cockpit.runner.notify``: send one alert, given as JSON on stdin (project, title, body), through apprise.

A process of its own: apprise takes more memory than the whole runner, and a dead webhook takes its time.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cockpit.errors import SettingsError
from cockpit.runs.layout import ENV_ALERTS
from cockpit.settings import load_settings


def main() -> int:
    """Send it; gives the exit code."""
    words = json.load(sys.stdin)
    try:
        told = load_settings(Path(words["project"]) / "cockpit.toml").alerts.urls
    except SettingsError as error:
        print(f"cockpit: no alert by cockpit.toml: {error.message}", file=sys.stderr)
        told = ()
    failed = send((*told, *os.environ.get(ENV_ALERTS, "").split()), words["title"], words["body"])
    for scheme in failed:
        # the rest of the address is a secret
        print(f"cockpit: alert not delivered by {scheme}: {words['title']}", file=sys.stderr, flush=True)
    return 1 if failed else 0


def send(urls: Sequence[str], title: str, body: str) -> list[str]:
    """Send to each address; gives the schemes of those that did not take it."""
    if not urls:
        return []
    try:
        import apprise
    except ImportError:
        print("cockpit: alerts need apprise: pip install 'cockpit-ml[notify]'", file=sys.stderr)
        return [_scheme(url) for url in urls]
    logging.getLogger("apprise").disabled = True  # it names addresses
    failed = []
    for url in urls:
        sender = apprise.Apprise()
        if not sender.add(url) or not sender.notify(title=title, body=body):
            failed.append(_scheme(url))
    return failed


def _scheme(url: str) -> str:
    return url.partition("://")[0] if "://" in url else "an address that is none"


if __name__ == "__main__":
    sys.exit(main())
