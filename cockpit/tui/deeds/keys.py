"""The keys in the air: what they are called, and letting one through to one run."""

from __future__ import annotations

import os

from cockpit.actions.keys import naming_question
from cockpit.domain.keys import Key, Kind
from cockpit.probes.keyring import Keyring
from cockpit.tui.deeds.training import TrainingDeeds
from cockpit.tui.screens.choose import Choice, ChooseScreen
from cockpit.tui.screens.kinds import KINDS, about_key

_PASS = "pass"  # noqa: S105 - a choice
_PASS_AGAIN = "pass again"  # noqa: S105 - likewise


class KeyDeeds(TrainingDeeds):
    """What is asked of keys."""

    def keys(self) -> None:
        """Choose one."""
        found = {key.name: key for key in Keyring().in_environment(os.environ)}
        if not found:
            self._app.tell("no key is in this environment", "dim")
            return
        given = self._app.project.settings.launch.env_pass

        def chosen(name: str | None) -> None:
            if name is not None:
                self._key(found[name])

        choices = tuple(
            Choice(key.name, str(key), "cockpit.toml gives it to runs" if key.name in given else "held back from runs")
            for key in found.values()
        )
        self._app.push_screen(ChooseScreen("Keys in the air", choices), chosen)

    def _key(self, key: Key) -> None:
        def chosen(what: str | None) -> None:
            if what == _PASS:
                self.start((key.name,))
            elif what == _PASS_AGAIN:
                self.resume(None, (key.name,))
            elif what is not None:
                self._rename(key, Kind(what))

        through = [Choice(_PASS, "let it through for one run", "choose the config; then the facts, then start")]
        state = self._app.snapshot.selected if self._app.snapshot else None
        if state is not None and not state.state.active and state.launch is not None:
            again = f"let it through when {state.short_id} goes on"
            through.append(Choice(_PASS_AGAIN, again, "from its newest good checkpoint; then the facts, then resume"))
        self._app.push_screen(ChooseScreen(key.name, (*KINDS, *through), about_key(key), cancel_first=True), chosen)

    def _rename(self, key: Key, kind: Kind) -> None:
        asked = naming_question(key, kind)
        if asked is None:
            self._do(lambda: self._call(key, kind, None))
        else:
            self._ask(lambda: (None, asked), lambda _, permit: self._call(key, kind, permit))
