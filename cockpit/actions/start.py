"""Starting a run: the facts a person is shown, then the deed."""

from __future__ import annotations
