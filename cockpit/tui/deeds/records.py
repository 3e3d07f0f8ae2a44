"""Looking at what stands on record."""

from __future__ import annotations

from cockpit.actions.permission import audit_path
from cockpit.domain.decisions import decided
from cockpit.runs.audit import read_audit
from cockpit.tui.deeds.desk import Desk
from cockpit.tui.screens.audit import AuditScreen


class RecordDeeds(Desk):
    """What is asked of the audit."""

    def audit(self) -> None:
        """Read it, verify it, show it."""

        def look() -> None:
            path = audit_path(self._app.project)
            try:
                found = read_audit(path)
            except OSError as error:
                self._app.call_from_thread(self.fail, error)
                return
            screen = AuditScreen(found, decided(found.entries), str(path))
            self._app.call_from_thread(self._app.push_screen, screen)

        self._app.run_worker(look, thread=True, group="look at records")
