"""Weights leave the run: into a folder, or to the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cockpit.domain.guard import Question
from cockpit.domain.text import safe
from cockpit.errors import CockpitError
from cockpit.tui.deeds.desk import Desk
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.choose import Choice, ChooseScreen

_WAYS = (
    Choice("folder", "export to a folder", "safetensors and a model card, on this machine"),
    Choice("private", "upload to the hub, private", "only who may see the repository sees it"),
    Choice("public", "publish on the hub", "EVERYBODY can see and download it"),
)


class SharingDeeds(Desk):
    """What is asked of weights."""

    def share(self, path: str) -> None:
        """Choose where to; then the facts."""

        def chosen(way: str | None) -> None:
            if way == "folder":
                self._ask_folder(path)
            elif way is not None:
                self._ask_repository(path, public=way == "public")

        self._app.push_screen(ChooseScreen(f"Weights of {safe(Path(path).name)}", _WAYS, cancel_first=True), chosen)

    def _ask_folder(self, path: str) -> None:
        state = self._app.snapshot.selected if self._app.snapshot else None
        name = f"{state.name}-{state.short_id}" if state else "weights"
        lead = f"Into which new folder, below {self._app.project.root}?"

        def typed(folder: str | None) -> None:
            if folder is not None:
                self._app.tell("exporting…", "accent")
                self._do(lambda: self._export(path, folder))

        self._app.push_screen(AskScreen("export", lead, f"exports/{name}", _of_nobody), typed)

    def _export(self, path: str, folder: str) -> str:
        from cockpit.actions.export import export, find_source

        project = self._app.project
        made = export(project, find_source(project, path), project.root / Path(folder).expanduser())
        return f"exported to {made.folder}; left out: {made.taken}"

    def _ask_repository(self, path: str, *, public: bool) -> None:
        def wrong(name: str) -> str:
            from cockpit.probes.hub import repository_name

            try:
                repository_name(f"hf:{name}")
            except CockpitError as error:
                return error.message
            return ""

        def typed(name: str | None) -> None:
            if name is not None:
                self._app.tell("writing what would be uploaded…", "accent")
                self._share(path, name, public=public)

        self._app.push_screen(AskScreen("upload", "To which repository, as org/name?", wrong=wrong), typed)

    def _share(self, path: str, name: str, *, public: bool) -> None:
        from cockpit.actions.share import SharePlan, plan_share, share

        def plan() -> tuple[SharePlan, Question]:
            planned = plan_share(self._app.project, path, f"hf:{name}", public=public)
            return planned, planned.question

        def deed(planned: SharePlan, permit: Any) -> str:
            return f"uploaded: {share(planned, permit, self._guard)}"

        self._ask(plan, deed)


def _of_nobody(folder: str) -> str:
    """Why this can be no folder: ``~name`` is that of a user who is not there."""
    try:
        Path(folder).expanduser()
    except RuntimeError:
        return f"{folder.partition('/')[0]}: there is no such user"
    return ""
