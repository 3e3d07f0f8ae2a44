"""The one question all dangerous actions pass through."""

from __future__ import annotations

from textual import events

from cockpit.domain.guard import Answer, Consent, Question
from cockpit.domain.text import safe
from cockpit.tui.cells import Line
from cockpit.tui.screens.box import BoxScreen, wrap

_LABEL = 14
_SIGNS = {"": ("  ", "text"), "warn": ("! ", "warn"), "bad": ("✗ ", "bad")}


class ConfirmScreen(BoxScreen[Answer]):
    """What will happen, the facts, what cannot be undone, two answers; "no" is where one starts."""

    def __init__(self, question: Question) -> None:
        super().__init__(safe(question.title, 80))
        self.question = question
        self._yes = False
        self._word = ""

    def lines(self, width: int) -> list[Line]:
        """The whole question."""
        question = self.question
        lines: list[Line] = [*wrap(question.will, width, "text"), []]
        for fact in question.facts:
            sign, name = _SIGNS[fact.level]
            first, *more = wrap(safe(fact.value, 400), width - _LABEL - 2, name)
            lines.append([(f"{safe(fact.label, _LABEL - 1):<{_LABEL}}", "dim"), (sign, name), *first])
            lines += [[(" " * (_LABEL + 2), ""), *line] for line in more[:2]]
        if question.command:
            lines += [[], *wrap(safe(question.command, 600), width, "code")[:3]]
        if question.cannot_undo:
            lines += [[], *wrap(safe(question.cannot_undo, 300), width, "warn")]
        if question.consent is Consent.TYPED:
            lines += [
                [],
                [
                    ("type ", "dim"),
                    (safe(question.subject), "strong"),
                    (" to agree: ", "dim"),
                    (f"{self._word}▏", "input"),
                ],
            ]
        return [*lines, [], self._buttons()]

    def _buttons(self) -> Line:
        no, yes = ("dim", "selected") if self._yes else ("selected", "dim")
        yes_key = "y" if self.question.consent is Consent.LIGHT else "…"
        return [
            (f"  {self.question.no} (n)  ", no), ("   ", ""), (f"  {self.question.yes} ({yes_key})  ", yes),
            ("   enter takes the bright one", "faint"),
        ]  # fmt: skip

    def on_key(self, event: events.Key) -> None:
        """Arrows and tab choose, enter takes; y and n answer at once where a light yes is enough."""
        event.stop()
        typed = self.question.consent is Consent.TYPED
        if event.key == "escape":
            self.dismiss(Answer.no())
        elif event.key in ("left", "right", "tab", "shift+tab"):
            self._yes = not self._yes
        elif event.key == "enter":
            self._answer(self._yes)
        elif typed and event.key == "backspace":
            self._word = self._word[:-1]
        elif typed and event.is_printable and event.character:
            self._word += event.character
        elif event.key in ("y", "n"):
            self._answer(event.key == "y")
        self.layout_box()

    def on_click(self, event: events.Click) -> None:
        """A click on an answer gives it."""
        row = event.screen_offset.y - self.box.region.y - 1 + self.box.top
        if row != len(self.box.lines) - 1:
            return
        column = event.screen_offset.x - self.box.region.x - 2
        split = len(self._buttons()[0][0]) + 2
        if column < len(self._buttons()[0][0]):
            self._answer(False)
        elif split < column < split + len(self._buttons()[2][0]) + 1:
            self._answer(True)

    def _answer(self, yes: bool) -> None:
        if not yes:
            self.dismiss(Answer.no())
        elif self.question.consent is Consent.LIGHT:
            self.dismiss(Answer.yes())
        elif self._word == self.question.subject:
            self.dismiss(Answer.typed(self._word))
