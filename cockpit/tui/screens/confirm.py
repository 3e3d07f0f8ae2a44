"""The one question all dangerous actions pass through."""

from __future__ import annotations

from textual import events

from cockpit.domain.guard import Answer, Consent, Fact, Question
from cockpit.domain.text import safe
from cockpit.tui.cells import Line, line_width
from cockpit.tui.prose import chop, shorten, wrap
from cockpit.tui.screens.box import BoxScreen

_LABEL = 16  # cells a label may take
_LEVELS = {"": (" ", " ", "text"), "warn": ("!", "!", "warn"), "bad": ("✗", "x", "bad")}
_DENSITIES = ((3, True), (1, True), (1, False))  # lines for an unmarked fact, and whether sections stand apart


class ConfirmScreen(BoxScreen[Answer]):
    """What will happen, the facts, what cannot be undone, two answers; "no" is where one starts."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.title)
        self.question = question
        self.subject = safe(question.subject)  # as it is shown is as it has to be typed
        self._yes = False
        self._word = ""
        self._buttons: list[tuple[int, int, int, bool]] = []  # line of the foot, first and last cell, answer

    @property
    def _ready(self) -> bool:
        """Whether a yes may be chosen."""
        return self.question.consent is Consent.LIGHT or self._word == self.subject

    def lines(self, width: int, height: int) -> list[Line]:
        """The whole question; plain facts give way before anything has to be scrolled."""
        for allowance, apart in _DENSITIES:
            lines = self._body(width, allowance, apart=apart)
            if len(lines) <= height:
                break
        return lines

    def _body(self, width: int, allowance: int, *, apart: bool) -> list[Line]:
        question = self.question
        label = max((line_width([(_label(fact), "")]) for fact in question.facts), default=0) + 1
        gap: list[Line] = [[]] if apart else []
        lines: list[Line] = [*wrap(safe(question.will, 400), width, "text"), *gap]
        for fact in question.facts:
            lines += _fact_lines(fact, label, width, allowance, plain=self.box.ascii)
        if question.command:
            lines += [*gap, *chop(safe(question.command, 4000), width, "code")]
        if question.cannot_undo:
            lines += [*gap, *wrap(safe(question.cannot_undo, 400), width, "warn")]
        return lines

    def foot(self, width: int) -> list[Line]:
        """The word to type, where one is asked for, and the two answers, one above the other if need be."""
        lines: list[Line] = []
        if self.question.consent is Consent.TYPED:
            room = max(1, width - 2)
            field = self._word[-room:] + ("_" if self.box.ascii else "▏")
            lines = [
                [("type ", "dim"), (self.subject, "strong"), (" to agree", "dim")],
                [("> ", "dim"), (field, "input")],
            ]
        no = self._button(self.question.no, "n", yes=False)
        yes = self._button(self.question.yes, "y", yes=True)
        if line_width([*no, *yes]) + 1 <= width:
            start = line_width(no) + 1
            row = len(lines)
            self._buttons = [(row, 0, start - 2, False), (row, start, start + line_width(yes) - 1, True)]
            return [*lines, [*no, (" ", ""), *yes, *self._hint(width - start - line_width(yes))]]
        self._buttons = [(len(lines), 0, width, False), (len(lines) + 1, 0, width, True)]
        return [*lines, no, yes]

    def _button(self, label: str, key: str, *, yes: bool) -> Line:
        here = yes == self._yes
        name = "selected" if here else "text" if not yes or self._ready else "faint"
        shown = f" ({key})" if self.question.consent is Consent.LIGHT else ""
        return [(f"{' >' if here else '  '} {safe(label, 40)}{shown} ", name)]

    def _hint(self, width: int) -> Line:
        hint = "   ←→ choose, enter takes" if not self.box.ascii else "   tab chooses, enter takes"
        return [(hint, "faint")] if len(hint) <= width else []

    def on_key(self, event: events.Key) -> None:
        """Arrows and tab choose, enter takes; y and n answer at once where a light yes is enough."""
        event.stop()
        key, typed = event.key, self.question.consent is Consent.TYPED
        if key == "enter":
            self._answer(self._yes)
        elif key == "escape" or (key == "n" and not typed):
            self._answer(False)
        elif key == "y" and not typed:
            self._answer(True)
        elif key in ("left", "right", "tab", "shift+tab"):
            self._yes = not self._yes and self._ready
            self.layout_box()
        elif typed and (key == "backspace" or event.is_printable):
            self._type(event)
        else:
            self.scroll_key(key)

    def _type(self, event: events.Key) -> None:
        self._word = self._word[:-1] if event.key == "backspace" else self._word + (event.character or "")
        self._yes = self._yes and self._ready
        self.layout_box()

    def on_click(self, event: events.Click) -> None:
        """A click on an answer gives it."""
        event.stop()
        found = self.box.hit(event)
        for line, first, last, yes in self._buttons:
            if found is not None and found[:2] == ("foot", line) and first <= found[2] <= last:
                self._answer(yes)

    def _answer(self, yes: bool) -> None:
        if not yes:
            self.dismiss(Answer.no())
        elif self._ready:
            typed = self.question.consent is Consent.TYPED
            self.dismiss(Answer.typed(self.question.subject) if typed else Answer.yes())


def _label(fact: Fact) -> str:
    return safe(fact.label, _LABEL)


def _fact_lines(fact: Fact, label: int, width: int, allowance: int, *, plain: bool) -> list[Line]:
    """Label, mark and value; a value that is marked is never shortened."""
    pretty, simple, name = _LEVELS[fact.level]
    room = max(1, width - label - 2)
    value = safe(fact.value, 1000)
    first, *more = wrap(value, room, name)
    if not fact.level and len(more) >= allowance:
        first, *more = wrap(shorten(value, room * allowance), room, name)[:allowance]
    shown = _label(fact)
    gap = " " * (label - line_width([(shown, "")]))
    return [
        [(shown + gap, "dim"), (f"{simple if plain else pretty} ", name), *first],
        *([(" " * (label + 2), ""), *line] for line in more),
    ]
