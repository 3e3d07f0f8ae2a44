"""What becomes of checkpoints, runs and documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.actions.delete import DeletePlan, delete, plan_delete
from cockpit.domain.guard import Question
from cockpit.domain.text import count, number, safe, size
from cockpit.runs.documents import write_handoff
from cockpit.runs.layout import RunPaths
from cockpit.runs.trash import Trash
from cockpit.tui.deeds.desk import Desk
from cockpit.tui.screens.document import DocumentScreen

if TYPE_CHECKING:
    from cockpit.domain.checkpoint import CheckpointReport
    from cockpit.domain.run import Checkpoint


class FileDeeds(Desk):
    """What is asked of files."""

    def delete(self, path: str, *, checkpoint: bool) -> None:
        """Show what would be lost; then into the trash."""
        run = self._run() if checkpoint else RunPaths(Path(path))
        if run is None:
            return

        def plan() -> tuple[DeletePlan, Question]:
            planned = plan_delete(run, [path] if checkpoint else [])
            return planned, planned.question

        def deed(planned: DeletePlan, permit: Any) -> str:
            moved = delete(planned, permit, self._guard)
            return f"{moved[0].name} is in the trash: u brings it back"

        self._ask(plan, deed)

    def undo(self) -> None:
        """Bring back what was deleted last."""

        def deed() -> str:
            trash = Trash(self._app.project.runs_folder)
            newest = next(iter(trash.items()), None)
            return f"{trash.restore(newest).name} is back" if newest else "the trash is empty"

        self._do(deed)

    def handoff(self) -> None:
        """Write it and show it."""
        run = self._run()
        if run is None:
            return

        def deed() -> str:
            handoff = write_handoff(run)
            screen = DocumentScreen(
                "handoff", handoff.markdown, f"written to {handoff.markdown_path}", handoff.markdown
            )
            self._app.call_from_thread(self._app.push_screen, screen)
            return "handoff written"

        self._do(deed)

    def show_check(self, check: Any) -> None:
        """What was found, and its remedy, ready to copy."""
        remedy = f"\n\n```bash\n{check.remedy}\n```" if check.remedy else ""
        self._app.push_screen(DocumentScreen(check.label, check.detail + remedy, copy=check.remedy))

    def show_checkpoint(self, checkpoint: Checkpoint, report: CheckpointReport | None) -> None:
        """Where it is and what it is worth."""
        text = _about(checkpoint, report)
        if not self._app.project.read_only:
            text += "\n\nr with the cursor on it resumes from it."
        self._app.push_screen(DocumentScreen("checkpoint", text, copy=checkpoint.path))


def _about(checkpoint: Checkpoint, report: CheckpointReport | None) -> str:
    lines = [checkpoint.path, "", f"- **step**: {count(checkpoint.step)}", f"- **size**: {size(checkpoint.bytes)}"]
    if checkpoint.value is not None:
        lines.append(f"- **{safe(checkpoint.metric or 'metric')}**: {number(checkpoint.value)}")
    if report is not None:
        lines.append(f"- **verified**: {'every checksum is right' if report.verified else report.reason}")
        lines.append(f"- **a resume is**: {report.guarantee}: {report.reason}")
        lines += [f"- **is the same as**: {report.alias_of}"] if report.alias_of else []
        lines += [f"- **would run**: {name}" for name in report.inspection.foreign]
    return "\n".join(lines)
