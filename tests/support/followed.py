"""A run that cockpit launched and only follows, as its runner leaves it on the disk."""

from support.fakes import launch

from cockpit.domain.lifecycle import Life
from cockpit.runner.digest import Digest
from cockpit.runs import life
from cockpit.runs.journal import JournalWriter
from cockpit.runs.reader import RunReader
from cockpit.runs.record import create_run
from cockpit.runs.scalars import ATTEMPT, ScalarWriter

SAMPLES = {"ram/used": 8e9, "ram/total": 16e9, "ram/trainer": 1e9, "cpu/trainer": 99.0}


class Followed:
    """Takes points in, ``(step, time, tag, value)``, and reads the run back."""

    def __init__(self, folder, monkeypatch, begun, *, sampled=200, **changes):
        told = {"framework": "", "seed": None, "config": "", "resume": (), "packages": {"numpy": "2.4.0"}}
        made = launch(project=str(folder), created=begun, **{**told, **changes})
        self.run = create_run(folder / "runs", made, None)
        monkeypatch.setattr(life, "life", lambda launched, *_: Life.ALIVE if launched else Life.UNSEEN)
        runner = JournalWriter(self.run.runner_journal)
        monkeypatch.setattr("time.time", lambda: begun)
        runner.write("launched", attempt=1, pid=1, runner_pid=2, host="gpubox")
        for tag, name in enumerate(SAMPLES):
            runner.write("host_tag", tag=tag, name=name)
        ScalarWriter(self.run.host).write(
            [(s, begun + s, value, tag, 0) for s in range(sampled) for tag, value in enumerate(SAMPLES.values())]
        )
        self._journal, self._scalars = JournalWriter(self.run.tailed_journal), ScalarWriter(self.run.tailed)
        self._journal.write("source", format="metrics.csv", path="metrics.csv")
        self._tags, self.digest = {}, Digest(self.run)

    def add(self, points):
        for tag in dict.fromkeys(tag for _, _, tag, _ in points):
            if tag not in self._tags:
                self._tags[tag] = len(self._tags)
                self._journal.write("tag", tag=self._tags[tag], name=tag)
        self._scalars.write([(step, time, value, self._tags[tag], 0) for step, time, tag, value in points])

    def again(self, step, now):
        """Training begins again after ``step``."""
        self._scalars.write([(step, now, 0.0, ATTEMPT, 0)])

    def at(self, now, *, series=False):
        self.digest.read(last=True)
        return RunReader(self.run, series=series, clock=lambda: now).poll()
