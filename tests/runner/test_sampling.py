"""Readings become scalars with names that hold over attempts; a bad look or a full disk ends nothing."""

import errno

from cockpit.probes.gpu import GpuProcess, GpuReport, GpuSample
from cockpit.probes.host import HostSample
from cockpit.runner import sampling
from cockpit.runner.postmortem import Memory
from cockpit.runner.sampling import HostLog, Probes, Reading, Sampler
from cockpit.runs.journal import JournalTail, JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.runner_fold import RunnerFold
from cockpit.runs.scalar_tail import last_records
from cockpit.runs.scalars import ScalarWriter


def reading(time=1000.0, gpu_error="", **figures):
    return Reading(time, figures, {"gpu0": "H100"}, gpu_error)


class Look:
    """A probe that always sees the same."""

    def __init__(self, seen):
        self._seen = seen

    def sample(self, *_):
        return self._seen


def read(monkeypatch, folder, host, *processes):
    """The figures of a look at one GPU with these processes, (pid, bytes)."""
    owned = tuple(GpuProcess(pid, "ada", "python", memory, mine=True) for pid, memory in processes)
    gpu = GpuSample(0, "a", "H100", memory_used=50, memory_total=80, processes=owned)
    monkeypatch.setattr(sampling, "GpuProbe", lambda: Look(GpuReport((gpu,))))
    monkeypatch.setattr(sampling, "HostProbe", lambda _: Look(host))
    return Probes(7, folder).read().figures


def test_the_trainers_share_of_a_gpu_is_told_from_that_of_others(monkeypatch, tmp_path):
    host = HostSample(2, process_rss=1.0, pids=frozenset({7, 8}))
    figures = read(monkeypatch, tmp_path, host, (7, 20), (8, 5), (99, 25))
    assert (figures["gpu0/memory_used"], figures["gpu0/memory_trainer"], figures["ram/trainer"]) == (50, 25, 1)
    assert "gpu0/memory_trainer" not in read(monkeypatch, tmp_path, host, (4711, 50))


def history(run):
    fold = RunnerFold()
    events = JournalTail(run.runner_journal).poll()[0]
    for event in events:
        fold.apply(event)
    return fold, events


def log(run, known, origin=990.0):
    return HostLog(ScalarWriter(run.host), JournalWriter(run.runner_journal), known, origin)


def test_figures_are_named_once_and_counted_from_the_first_launch(tmp_path):
    run = RunPaths(tmp_path)
    log(run, {}).write([reading(**{"ram/used": 1.0, "gpu0/power": 300.0}), reading(1001.5, **{"ram/used": 2.0})])
    fold, _ = history(run)
    assert {tag: (e["name"], e["device"]) for tag, e in fold.host_tags.items()} == {
        0: ("ram/used", None),
        1: ("gpu0/power", "H100"),
    }
    assert list(last_records(run.host, 9)) == [
        (10, 1000.0, 1.0, 0, 0),
        (10, 1000.0, 300.0, 1, 0),
        (11, 1001.5, 2.0, 0, 0),
    ]


def test_a_name_keeps_its_tag_in_the_next_attempt(tmp_path):
    run = RunPaths(tmp_path)
    log(run, {}).write([reading(**{"a": 1.0, "b": 1.0})])
    log(run, history(run)[0].host_tags).write([reading(**{"c": 5.0, "b": 4.0})])
    assert [(value, tag) for _, _, value, tag, _ in last_records(run.host, 2)] == [(5.0, 2), (4.0, 1)]
    assert len(history(run)[0].host_tags) == 3


def test_a_gpu_error_is_told_when_it_comes_and_when_it_goes(tmp_path):
    run = RunPaths(tmp_path)
    errors = ["no driver", "no driver", "", ""]
    log(run, {}).write([reading(gpu_error=error) for error in errors])
    told = [event["message"] for event in history(run)[1] if event["event"] == "gpu_error"]
    assert told == ["no driver", ""]


def test_a_full_disk_loses_figures_but_is_said_once(tmp_path, monkeypatch, capsys):
    host = log(RunPaths(tmp_path), {})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ScalarWriter, "write", full)
    for used in (1.0, 2.0):
        host.write([reading(**{"ram/used": used, "ram/total": 8.0})])
    assert capsys.readouterr().err.count("No space left") == 1
    assert host.memory == Memory(2.0, 8.0)


def test_sampling_goes_on_after_a_look_that_failed(capsys, wait_for):
    looks = iter([ValueError("bad look"), reading(1.0), ValueError("bad look"), reading(2.0)])

    def read():
        look = next(looks, None) or reading(3.0)
        if isinstance(look, ValueError):
            raise look
        return look

    sampler, taken = Sampler(read, period=0.001), []
    sampler.start()
    wait_for(lambda: taken.extend(sampler.take()) or len(taken) > 2, "readings")
    sampler.stop()
    assert [look.time for look in taken[:3]] == [1.0, 2.0, 3.0]
    assert capsys.readouterr().err.count("ValueError: bad look") == 1
