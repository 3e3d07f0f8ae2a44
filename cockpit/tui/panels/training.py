"""Panels about the selected run: where it is, and what it prints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cockpit.domain.causes import error_line, todo_about
from cockpit.domain.state import State
from cockpit.domain.text import count, counted, number, rate, safe
from cockpit.tui.cells import CellPanel, Line
from cockpit.tui.messages import Snapshot
from cockpit.tui.prose import chop, wrap
from cockpit.tui.signs import bar

if TYPE_CHECKING:
    from cockpit.domain.run import RunState


class Progress(CellPanel):
    """The stage it is in, its pace, epoch and run as bars, and the health of its gradients."""

    _state: RunState | None = None
    _edited = False  # the config file is another than the run trains with

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self._state, self._edited = snapshot.selected, bool(snapshot.config_changes)
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """Most important first: what does not fit is left out."""
        state = self._state
        if state is None:
            return [[("no run selected", "faint")]]
        alarms = self._alarms(state, width)
        figures = self._figures(state, width)
        if state.state.active:
            told = self._stage(state, width)
            told += self._detail(state, width, max(2, height - len(alarms) - len(told) - len(figures)))
        else:
            told = self._ending(state, width, height - len(alarms) - len(figures))
        lines = [*alarms, *told, *figures]
        for tracker in state.trackers:  # a command that is cut is no command
            where = chop(safe(tracker.command or tracker.page or tracker.place, 500), width, "dim")
            lines += where if len(lines) + len(where) <= height else []
        return lines

    def _alarms(self, state: RunState, width: int) -> list[Line]:
        lines: list[Line] = []
        if state.nonfinite_count:
            first = state.nonfinite[0]
            many = "+" if state.nonfinite_unnamed else ""
            said = f"! {state.nonfinite_count}{many} non-finite, first {safe(first.what)} @ {count(first.step)}"
            lines = [*wrap(said, width, "bad"), *lines]
        if state.save_error:
            said = f"! last save failed: {safe(state.save_error)}; older ones are kept"
            lines = [*wrap(said, width, "bad"), *lines]
        told = [trouble for trouble in state.troubles if trouble.kind not in ("nonfinite", "save")]
        lines = [[(f"! {trouble.short}", trouble.level)] for trouble in told] + lines
        if self._edited:
            said = "! config file edited: this will not change the running experiment"
            lines = [*wrap(said, width, "warn"), [("v", "key"), (" what was edited", "dim")], *lines]
        if not state.supervised:
            lines.insert(0, [("! unsupervised: its runner is gone", "warn")])
        return lines

    def _ending(self, state: RunState, width: int, room: int) -> list[Line]:
        """How it ended and what to press; in so many lines, and in three or six if there are not even those."""
        resumes = state.state is not State.FINISHED and bool(state.last_checkpoint) and not self.read_only
        room -= resumes
        last = safe(error_line(state.exception))
        cause = wrap(last, width, "bad") if last and last not in state.evidence else []
        cause += wrap(todo, width, "dim") if (todo := todo_about(last)) else []
        lines = _cut(wrap(safe(state.told), width, "strong"), max(3, room - min(3, len(cause))))
        lines += _cut(cause, max(3, room - len(lines)))
        return [*lines, [("r", "key"), (" resumes it", "dim")]] if resumes else lines

    def _figures(self, state: RunState, width: int) -> list[Line]:
        """Those that are known."""
        lines: list[Line] = []
        if state.device and (state.stage is None or not state.state.active):
            lines.append([(safe(state.device), "dim")])
        if state.steps_per_second:
            lines.append(self._pace(state, state.steps_per_second))
        if state.epoch is not None and state.steps_per_epoch:
            within = (state.step or 0) - state.epoch * state.steps_per_epoch
            lines.append(self._bar("epoch", min(1.0, within / state.steps_per_epoch), width))
        if state.fraction is not None:
            lines.append(self._bar("run", state.fraction, width))
        if state.state.active and state.next_validation_in is not None:
            lines.append([("val in ", "dim"), (counted(state.next_validation_in, "step"), "text")])
        grad: Line = [("grad ", "dim"), (f"{number(state.grad_norm)}  ", "text")] if state.grad_norm is not None else []
        seed: Line = [("seed ", "dim"), (str(state.seed), "text")] if state.seed is not None else []
        lines += [[*grad, *seed]] if grad or seed else []
        names = Counter(tracker.told for tracker in state.trackers)
        told = ", ".join(f"{name} ×{many}" if many > 1 else name for name, many in names.items())
        return [*lines, [(safe(told, 200), "text")]] if told else lines

    def _stage(self, state: RunState, width: int) -> list[Line]:
        stage = state.stage
        if stage is None:
            return _cut(wrap(safe(state.told), width, "text"), 2)
        training = [s for s in state.stages if s.pipeline == "training" and s.name == "train"]
        shown = training[0] if training and training[0].status == "running" else stage
        return [[(f"{shown.pipeline} {shown.index}/{shown.of} ", "dim"), (safe(shown.name), "strong")]]

    def _detail(self, state: RunState, width: int, room: int) -> list[Line]:
        if state.phase_total and state.phase_done is not None:
            return [[(f"validating {count(state.phase_done)}/{count(state.phase_total)}", "accent")]]
        stage = state.stage
        if stage is None:
            return []
        if stage.total and stage.done is not None:
            return [[(f"{count(stage.done)}/{count(stage.total)}", "text")]]
        return _cut(wrap(safe(state.evidence if state.step else stage.detail), width, "dim"), room)

    def _pace(self, state: RunState, per_second: float) -> Line:
        line: Line = [(rate(per_second, "it"), "text")]
        if state.samples_per_step:
            unit = "tok" if state.sample_unit == "tokens" else "smp"
            line += [("  ", ""), (rate(per_second * state.samples_per_step, unit), "text")]
        return line

    def _bar(self, label: str, share: float, width: int) -> Line:
        return [(f"{label:<6}", "dim"), *bar(share, max(4, width - 11), plain=self.ascii), (f" {share:4.0%}", "text")]


def _cut(lines: list[Line], most: int) -> list[Line]:
    """The first lines; the last says that there are more."""
    if len(lines) <= most:
        return lines
    ((text, name),) = lines[most - 1]
    return [*lines[: most - 1], [(f"{text.rstrip()[:-1]}…", name)]]


class Log(CellPanel):
    """The end of what the trainer printed; scrolls back through what is kept."""

    _lines: tuple[str, ...] = ()
    _back = 0

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look; someone reading further up is not disturbed."""
        if self._back and len(snapshot.log) > len(self._lines):
            self._back += len(snapshot.log) - len(self._lines)
        self._lines = snapshot.log
        self.repaint()

    def status(self) -> Line:
        """Whether it follows."""
        return [(f"{counted(self._back, 'line')} back", "warn")] if self._back else []

    def rows(self, width: int, height: int) -> list[Line]:
        """The last lines, or those that were scrolled to."""
        end = len(self._lines) - min(self._back, max(0, len(self._lines) - height))
        shown = self._lines[max(0, end - height) : end]
        return [[(safe(line, 500), "bad" if "Error" in line or "Traceback" in line else "dim")] for line in shown]

    def scroll(self, by: int) -> None:
        """Move towards older lines (+) or newer ones (-)."""
        self._back = max(0, min(max(0, len(self._lines) - 3), self._back + by))
        self.repaint()

    def key_up(self) -> None:
        """One line back."""
        self.scroll(1)

    def key_down(self) -> None:
        """One line on."""
        self.scroll(-1)

    def key_pageup(self) -> None:
        """A screen back."""
        self.scroll(max(1, self.size.height - 3))

    def key_pagedown(self) -> None:
        """A screen on."""
        self.scroll(-max(1, self.size.height - 3))

    def key_end(self) -> None:
        """Follow again."""
        self.scroll(-len(self._lines))

    key_k, key_j = key_up, key_down
