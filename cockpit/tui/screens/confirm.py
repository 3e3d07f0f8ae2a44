"""The one question all dangerous actions pass through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from textual import events

from cockpit.domain.guard import Answer, Consent, Fact, Question
from cockpit.domain.text import safe
from cockpit.tui.cells import Line, line_width
from cockpit.tui.prose import chop, shorten, wrap
from cockpit.tui.screens.box import BoxScreen

_LABEL = 16  # cells a label may take
_LEVELS = {"": (" ", " ", "text"), "warn": ("!", "!", "warn"), "bad": ("✗", "x", "bad")}
_DENSITIES = ((3, True), (1, True), (1, False))  # lines for an unmarked fact, and whether sections stand apart


Choice = Literal["no", "yes", "measure", "look"]
_LETTERS: dict[str, Choice] = {"m": "measure", "v": "look"}


class ConfirmScreen(BoxScreen[Answer]):
    """What will happen, the facts, what cannot be undone, two answers; "no" is where one starts.

    Once the name that is asked for stands there whole, "yes" is chosen. Where a dry run would better the facts,
    measuring them first is a third.

    Args:
        question: what is asked.
        look: shows what is behind the facts, above this screen, which goes on asking.
    """

    def __init__(self, question: Question, look: Callable[[], None] | None = None) -> None:
        super().__init__(question.title)
        self.question, self._look = question, look
        self.subject = safe(question.subject)  # as it is shown is as it has to be typed
        self._chosen: Choice = "no"
        self._word = ""
        self._buttons: list[tuple[int, int, int, Choice]] = []  # line of the foot, first and last cell, answer

    @property
    def _ready(self) -> bool:
        """Whether a yes may be chosen."""
        return self.question.consent is Consent.LIGHT or self._word == self.subject

    @property
    def _choices(self) -> list[Choice]:
        """What can be chosen now, from left to right."""
        there: dict[Choice, bool] = {
            "no": True, "yes": self._ready, "measure": self.question.measurable, "look": self._look is not None,
        }  # fmt: skip
        return [choice for choice, is_there in there.items() if is_there]

    def _chosen_by(self, key: str) -> Choice | None:
        """What a letter chooses, where it is not one of the name that has to be typed."""
        typing = self.question.consent is Consent.TYPED and (self._word or self.subject.startswith(key))
        choice = _LETTERS.get(key)
        return choice if choice in self._choices and not typing else None

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
        light = self.question.consent is Consent.LIGHT
        if not light:
            room = max(1, width - 2)
            field = self._word[-room:] + ("_" if self.box.ascii else "▏")
            lines = [
                [("type ", "dim"), (self.subject, "strong"), (" to agree", "dim")],
                [("> ", "dim"), (field, "input")],
            ]
        buttons: list[tuple[Choice, Line]] = [
            ("no", self._button("no", self.question.no, "n" if light else "")),
            ("yes", self._button("yes", self.question.yes, "y" if light else "")),
        ]
        for key, label in (("m", "Measure first"), ("v", "Config")):
            if _LETTERS[key] in self._choices:
                buttons.append((_LETTERS[key], self._button(_LETTERS[key], label, key if self._chosen_by(key) else "")))
        self._buttons, row = [], len(lines)
        if sum(line_width(button) + 1 for _, button in buttons) <= width:
            line: Line = []
            for choice, button in buttons:
                start = line_width(line)
                line += [*button, (" ", "")]
                self._buttons.append((row, start, line_width(line) - 2, choice))
            return [*lines, [*line[:-1], *self._hint(width - line_width(line) + 1)]]
        self._buttons = [(row + i, 0, width, choice) for i, (choice, _) in enumerate(buttons)]
        return [*lines, *(button for _, button in buttons)]

    def _button(self, choice: Choice, label: str, key: str) -> Line:
        here = choice == self._chosen
        name = "selected" if here else "text" if choice in self._choices else "faint"
        shown = f" ({key})" if key else ""
        return [(f"{' >' if here else '  '} {safe(label, 40)}{shown} ", name)]

    def _hint(self, width: int) -> Line:
        hint = "   ←→ choose, enter takes" if not self.box.ascii else "   tab chooses, enter takes"
        return [(hint, "faint")] if len(hint) <= width else []

    def on_key(self, event: events.Key) -> None:
        """Arrows and tab choose, enter takes; y, n, m and v do at once where they are no letters of a name."""
        event.stop()
        key, typed = event.key, self.question.consent is Consent.TYPED
        if key == "enter":
            self._answer(self._chosen)
        elif key == "escape" or (key == "n" and not typed):
            self._answer("no")
        elif key == "y" and not typed:
            self._answer("yes")
        elif choice := self._chosen_by(key):
            self._answer(choice)
        elif key in ("left", "right", "tab", "shift+tab"):
            choices = self._choices
            step = -1 if key in ("left", "shift+tab") else 1
            self._chosen = choices[(choices.index(self._chosen) + step) % len(choices)]
            self.layout_box()
        elif typed and (key == "backspace" or event.is_printable):
            self._type(event)
        else:
            self.scroll_key(key)

    def _type(self, event: events.Key) -> None:
        self._word = self._word[:-1] if event.key == "backspace" else self._word + (event.character or "")
        self._chosen = "yes" if self._ready else "no"  # the whole name is what was asked for: enter takes it
        self.layout_box()

    def on_click(self, event: events.Click) -> None:
        """A click on an answer gives it."""
        event.stop()
        found = self.box.hit(event)
        for line, first, last, choice in self._buttons:
            if found is not None and found[:2] == ("foot", line) and first <= found[2] <= last:
                self._answer(choice)

    def _answer(self, choice: Choice) -> None:
        if choice == "no":
            self.dismiss(Answer.no())
        elif choice == "measure":
            self.dismiss(Answer.measure())
        elif choice == "look" and self._look is not None:
            self._look()
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
