"""How deeds are done: the facts on a thread, the question on the screen, the deed on a thread again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.actions.keys import name_key
from cockpit.actions.permission import make_guard
from cockpit.domain.guard import Answer, FactsChanged, Permit, Question, Refused
from cockpit.domain.keys import Key, KeysUnnamed, Kind
from cockpit.domain.script import CHECKPOINT
from cockpit.errors import CockpitError, ResumeUnknown
from cockpit.probes.keyring import Keyring
from cockpit.project.settings_edit import keep_resume, resume_problem
from cockpit.runs.layout import RunPaths
from cockpit.tui.messages import Done
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.kinds import KINDS, about_key
from cockpit.tui.screens.message import MessageScreen

if TYPE_CHECKING:
    from cockpit.tui.acting import ActingApp

ANSWER_WITHIN = 20.0  # seconds until a training that has not answered is said to be silent


class Desk:
    """Carries out what a person asks of ``app``, and shows every error on a screen of its own."""

    def __init__(self, app: ActingApp) -> None:
        self._app = app
        self._guard = make_guard(app.project, "tui")

    def _do(self, deed: Callable[[], str], again: Callable[[], None] | None = None) -> None:
        def attempt() -> None:
            try:
                self._app.post_message(Done(deed()))
            except Refused:
                self._app.post_message(Done("nothing was changed", "dim"))
            except FactsChanged:
                self._app.post_message(Done("the facts have changed: look again", "warn"))
                if again is not None:
                    again()
            except (CockpitError, OSError) as error:
                self._app.call_from_thread(self.fail, error)

        self._app.run_worker(attempt, thread=True, group="deed")

    def _ask(
        self,
        plan: Callable[[], tuple[Any, Question]],
        deed: Callable[[Any, Any], str],
        measure: Callable[[Any, Callable[[], None]], None] | None = None,
        look: Callable[[Any], None] | None = None,
    ) -> None:
        """Ask, then do.

        ``measure`` betters the facts of what was planned, and then calls what asks again; ``look`` shows what was
        planned while it is asked.
        """

        def again() -> None:
            self._ask(plan, deed, measure, look)

        def answered(planned: Any, question: Question, answer: Answer) -> None:
            if measure is not None and answer == Answer.measure():
                measure(planned, again)
            else:
                self._do(lambda: deed(planned, self._guard.permit(question, answer)), again)

        def attempt() -> None:
            try:
                planned, question = plan()
                self._guard.check(question)
            except KeysUnnamed as error:
                self._app.call_from_thread(self._name, error.keys[0], again)
                return
            except ResumeUnknown as error:
                self._app.call_from_thread(self._learn_resume, error, again)
                return
            except (CockpitError, OSError) as error:
                self._app.call_from_thread(self.fail, error)
                return
            screen = ConfirmScreen(question, (lambda: look(planned)) if look is not None else None)
            self._app.call_from_thread(
                self._app.push_screen, screen, lambda answer: answered(planned, question, answer or Answer.no())
            )

        self._app.run_worker(attempt, thread=True, group="deed")

    def _learn_resume(self, why: ResumeUnknown, again: Callable[[], None]) -> None:
        """Nobody has said how this script goes on from a checkpoint: ask once, keep it, then go on."""

        def told(template: str | None) -> None:
            if template is None:
                self._app.tell("nothing was changed", "dim")
                return

            def deed() -> str:
                keep_resume(self._app.project, why.script, template)
                self._app.call_from_thread(again)
                return "kept in cockpit.toml"

            self._do(deed)

        lead = (
            f"{why.message}. Its command, with {CHECKPOINT} where the path belongs (--resume {CHECKPOINT}, say); "
            "it is kept in cockpit.toml:"
        )
        # the place is not filled in: a script that minds no such option would train from its beginning
        self._app.push_screen(AskScreen("How does it go on?", lead, f"{why.command} ", resume_problem), told)

    def _name(self, key: Key, again: Callable[[], None]) -> None:
        """A key that a run would see is here for the first time: ask what it is, then go on."""

        def chosen(kind: str | None) -> None:
            if kind is None:
                self._app.tell("nothing was changed", "dim")
                return

            def deed() -> str:
                told = self._call(key, Kind(kind), None)
                self._app.call_from_thread(again)
                return told

            self._do(deed)

        self._app.push_screen(
            ChooseScreen(f"The run would see {key.name}: what is it?", KINDS, about_key(key), cancel_first=True), chosen
        )

    def _call(self, key: Key, kind: Kind, permit: Permit | None) -> str:
        """Remember what a key is; gives the words for the person."""
        name_key(Keyring(), key, kind, permit, self._guard)
        return f"{key.name} {key.fingerprint} is a {kind} key from now on"

    def fail(self, error: CockpitError | OSError) -> None:
        """Show what went wrong and what to do; that it was asked for is no news then."""
        self._app.hush()
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            error = CockpitError(
                f"{where}{error.strerror or error}",
                "The file system refused",
                "Nothing was changed; see that the folder is there and can be written",
            )
        self._app.push_screen(MessageScreen(error))

    def _run(self) -> RunPaths | None:
        """The run on the screen."""
        state = self._app.snapshot.selected if self._app.snapshot else None
        if state is None:
            self._app.tell("there is no run yet: press s", "warn")
            return None
        return RunPaths(Path(state.path))
