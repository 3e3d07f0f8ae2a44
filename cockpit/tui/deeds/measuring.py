"""What is done while a start is asked for: measuring what it would cost, reading what it would train."""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.worker import get_current_worker

from cockpit.actions.estimate import CalledOff, Progress, estimate, estimate_script
from cockpit.actions.resolved import resolve_config
from cockpit.actions.script import ScriptPlan
from cockpit.actions.start import StartPlan
from cockpit.errors import CockpitError
from cockpit.project.config_files import read_config
from cockpit.tui.deeds.desk import Desk
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.measure import MeasureScreen

_RESOLVED = "As its LightningCLI reads it, with every default; without secrets."
_WRITTEN = "As it is written, with what is set for this run; no LightningCLI is known that would tell the defaults."
_ASKING = "Its LightningCLI is asked: the imports take some seconds."


class MeasuringDeeds(Desk):
    """A dry run with its progress on the screen, and the config in full."""

    def _show_config(self, planned: StartPlan) -> None:
        app, config = self._app, planned.config
        screen = DocumentScreen(f"{config.name}, as it would be trained", "", _ASKING)
        left = threading.Event()
        app.push_screen(screen, lambda _: left.set())

        def attempt() -> None:
            worker = get_current_worker()

            def called_off() -> bool:
                return worker.is_cancelled or left.is_set()

            try:
                found = resolve_config(app.project, config, planned.content, called_off=called_off)
            except (CockpitError, OSError) as error:
                if not called_off():
                    app.call_from_thread(screen.dismiss)
                    app.call_from_thread(self.fail, error)
                return
            text = f"````yaml\n{found.config}\n````"
            if not called_off():
                app.call_from_thread(screen.show, text, _RESOLVED if found.resolved else _WRITTEN, found.config)

        app.run_worker(attempt, thread=True, group="look at a config")

    def _measure(self, planned: StartPlan | ScriptPlan, again: Callable[[], None]) -> None:
        app = self._app
        screen = MeasureScreen(planned.question.subject, script=isinstance(planned, ScriptPlan))
        app.push_screen(screen)

        def tell(progress: Progress) -> None:
            app.call_from_thread(screen.show, progress)

        def attempt() -> None:
            worker = get_current_worker()

            def called_off() -> bool:
                return screen.called_off or worker.is_cancelled

            try:
                if isinstance(planned, ScriptPlan):
                    estimate_script(
                        app.project, planned.words, planned.folder, again=True, tell=tell, called_off=called_off
                    )
                else:
                    file = read_config(planned.config.path, shipped=planned.config.shipped)
                    estimate(app.project, file, planned.overrides, again=True, tell=tell, called_off=called_off)
            except CalledOff:
                if worker.is_cancelled:  # the cockpit is closing
                    return
            except (CockpitError, OSError) as error:
                app.call_from_thread(screen.dismiss)
                app.call_from_thread(self.fail, error)
                return
            app.call_from_thread(screen.dismiss)
            again()

        app.run_worker(attempt, thread=True, group="deed")
