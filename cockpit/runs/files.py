"""What the files of one run say, read on at every look; what it means is ``reader``'s to tell."""

from __future__ import annotations

import math

from cockpit.domain.run import Launch
from cockpit.errors import RunDamaged
from cockpit.runs import requests
from cockpit.runs.failures import Failure, first_failure
from cockpit.runs.figures import Figures
from cockpit.runs.fold import TrainerFold, integer
from cockpit.runs.journal import JournalTail, read_number
from cockpit.runs.layout import RunPaths
from cockpit.runs.marks import Marks
from cockpit.runs.record import read_launch
from cockpit.runs.requests import Request
from cockpit.runs.runner_fold import RunnerFold
from cockpit.runs.tailed_fold import TailedFold


class RunFiles:
    """The folded journals and the figures of one run.

    Args:
        run: where it lies.
        series: keep whole series (needs numpy) or only the latest values.
    """

    def __init__(self, run: RunPaths, *, series: bool) -> None:
        self.run = run
        self.launch: Launch | None = None
        self.damage = ""  # why the launch cannot be read
        self.trainer, self.runner, self.tailed = TrainerFold(), RunnerFold(), TailedFold()
        self.marks = Marks(run)
        self.figures = Figures(run, series=series)
        self._failure_of: tuple[int, bool] | None = None
        self._failure: Failure | None = None
        self._journal = JournalTail(run.journal)
        self._runner_journal = JournalTail(run.runner_journal)
        self._tailed_journal = JournalTail(run.tailed_journal)

    def read(self) -> None:
        """Take in what is new; never raises for a damaged run."""
        self._read_launch()
        self._read_journals()
        tailing = self.tailing
        self.figures.read_from(self.run.tailed if tailing else self.run.scalars)
        self.figures.poll(self.tailed.tags if tailing else self.trainer.tags, self.runner.host_tags)

    @property
    def failure(self) -> Failure | None:
        """What another process of the latest attempt raised before the first had anything to say of its end."""
        trainer, ended = self.trainer, self.runner.exit
        processes = integer(trainer.fit.get("world_size")) or 1
        if processes == 1 or not (trainer.exception or (ended and ended.get("code") != 0)):
            return None
        if self._failure_of != (trainer.attempt, ended is not None):
            self._failure_of = trainer.attempt, ended is not None
            self._failure = first_failure(self.run, trainer.attempt, processes)
        said = trainer.exception_time if trainer.exception else self._end_time()
        return self._failure if self._failure is not None and self._failure.time <= said else None

    def _end_time(self) -> float:
        """When the first process said that it ends; one that a person has stopped has not failed."""
        end = self.trainer.end or {}
        if end.get("reason") in ("stopped", "finished"):
            return 0.0
        return read_number(end.get("t")) or math.inf

    @property
    def tailing(self) -> bool:
        """Whether the figures are those of files that the script writes by itself."""
        return self.trainer.attached is None and bool(self.tailed.sources)

    @property
    def bad(self) -> int:
        """Lines of the journals that could not be read."""
        return self._journal.bad + self._runner_journal.bad

    def pending(self) -> list[Request]:
        """Requests that were not acknowledged, oldest first."""
        return requests.pending(self.run, self.trainer.acknowledged)

    def _read_launch(self) -> None:
        if self.launch is None:
            try:
                self.launch, self.damage = read_launch(self.run), ""
            except RunDamaged as error:
                self.damage = error.message

    def _read_journals(self) -> None:
        events, restarted = self._journal.stream()
        if restarted:
            self.trainer = TrainerFold()
            self.marks.forget_changes()
        for event in events:
            self.trainer.apply(event)
            self.marks.apply(event)
        events, restarted = self._runner_journal.stream()
        if restarted:
            self.runner = RunnerFold()
        for event in events:
            self.runner.apply(event)
        events, restarted = self._tailed_journal.stream()
        if restarted:
            self.tailed = TailedFold()
        for event in events:
            self.tailed.apply(event)
