"""Panels about the selected run: where it is, and what it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.state import State
from cockpit.domain.text import count, number, rate, safe
from cockpit.tui.cells import CellPanel, Line
from cockpit.tui.messages import Snapshot
from cockpit.tui.prose import wrap
from cockpit.tui.signs import bar

if TYPE_CHECKING:
    from cockpit.domain.run import RunState


class Progress(CellPanel):
    """The stage it is in, its pace, epoch and run as bars, and the health of its gradients."""

    _state: RunState | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self._state = snapshot.selected
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """Most important first: what does not fit is left out."""
        state = self._state
        if state is None:
            return [[("no run selected", "faint")]]
        if state.state.active:
            lines: list[Line] = [self._stage(state), self._detail(state), self._pace(state)]
        else:
            lines = [*_ending(state, width), [(safe(state.device), "dim")], self._pace(state)]
        if state.epoch is not None and state.steps_per_epoch:
            within = (state.step or 0) - state.epoch * state.steps_per_epoch
            lines.append(self._bar("epoch", within / state.steps_per_epoch, width))
        lines.append(self._bar("run", state.fraction, width))
        if state.state.active and state.next_validation_in is not None:
            lines.append([("val in ", "dim"), (f"{count(state.next_validation_in)} steps", "text")])
        grad = number(state.grad_norm)
        lines.append([("grad ", "dim"), (grad, "text"), ("  seed ", "dim"), (str(state.seed), "text")])
        if state.nonfinite_count:
            first = state.nonfinite[0]
            many = "+" if state.nonfinite_unnamed else ""
            said = f"! {state.nonfinite_count}{many} non-finite, first {safe(first.what)} @ {count(first.step)}"
            lines = [*wrap(said, width, "bad"), *lines]
        if state.save_error:
            said = f"! last save failed: {safe(state.save_error)}; older ones are kept"
            lines = [*wrap(said, width, "bad"), *lines]
        if not state.supervised:
            lines.insert(0, [("! unsupervised: its runner is gone", "warn")])
        return lines

    def _stage(self, state: RunState) -> Line:
        stage = state.stage
        if stage is None:
            return [("starting", "text"), (f" {safe(state.evidence)}", "dim")]
        training = [s for s in state.stages if s.pipeline == "training" and s.name == "train"]
        shown = training[0] if training and training[0].status == "running" else stage
        return [(f"{shown.pipeline} {shown.index}/{shown.of} ", "dim"), (safe(shown.name), "strong")]

    def _detail(self, state: RunState) -> Line:
        if state.phase_total and state.phase_done is not None:
            return [(f"validating {count(state.phase_done)}/{count(state.phase_total)}", "accent")]
        stage = state.stage
        if stage is None:
            return [(safe(state.device), "dim")]
        if stage.total and stage.done is not None:
            return [(f"{count(stage.done)}/{count(stage.total)}", "text")]
        return [(safe(state.evidence if state.step else stage.detail), "dim")]

    def _pace(self, state: RunState) -> Line:
        per_second = state.steps_per_second
        line: Line = [(rate(per_second, "it"), "text")]
        if per_second and state.samples_per_step:
            unit = "tok" if state.sample_unit == "tokens" else "smp"
            line += [("  ", ""), (rate(per_second * state.samples_per_step, unit), "text")]
        return line

    def _bar(self, label: str, share: float | None, width: int) -> Line:
        percent = f" {share:4.0%}" if share is not None else "    –"
        return [(f"{label:<6}", "dim"), *bar(share, max(4, width - 11), plain=self.ascii), (percent, "text")]


def _ending(state: RunState, width: int) -> list[Line]:
    """How it ended and what to press."""
    lines = wrap(f"{state.state}: {safe(state.evidence)}", width, "strong")[:3]
    last = safe(state.exception.strip().rpartition("\n")[2])
    if last and last not in state.evidence:
        lines += wrap(last, width, "bad")[:3]
    if state.state is not State.FINISHED and state.last_checkpoint:
        lines.append([("r", "key"), (" resume from a checkpoint", "dim")])
    return lines


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
        return [(f"{self._back} lines back", "warn")] if self._back else []

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
