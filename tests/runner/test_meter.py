"""What a dry run took, by a GPU that tells what the tests want."""

import os
from dataclasses import dataclass

import pytest

from cockpit.probes.gpu import GpuProcess, GpuReport, GpuSample
from cockpit.runner import meter as module
from cockpit.runner.meter import Meter, PowerLook, mean_power

GIB = 2**30


def looks(*rows):
    return [PowerLook(time, watts, {} if joules is None else {"a": joules}) for time, watts, joules in rows]


def test_power_is_what_the_energy_counter_says_once_the_steps_have_settled():
    """As an H100 told it: the mean power of the last second lags behind."""
    told = looks((0.0, 80, 1000), (0.5, 90, 1200), (1.0, 180, 1400), (2.0, 400, 2000), (3.0, 600, 2600))
    assert mean_power(told) == pytest.approx(600.0)


def test_without_a_counter_the_second_that_the_mean_lags_behind_is_left_out():
    told = looks((0.0, 80, None), (0.5, 90, None), (1.0, 500, None), (2.0, 600, None), (3.0, 700, None))
    assert mean_power(told) == pytest.approx(600.0)


def test_a_short_run_is_told_by_what_there_is():
    assert mean_power(looks((0.0, 80, None), (0.25, 100, None))) == pytest.approx(90.0)
    assert mean_power(looks((0.0, 80, 5.0))) == 80
    assert mean_power(looks((0.0, None, None))) is None
    assert mean_power([]) is None


def test_a_gpu_that_joined_later_adds_nothing_that_it_used_before():
    early, late = PowerLook(0.0, 100, {"a": 10.0}), PowerLook(0.5, 300, {"a": 20.0, "b": 1e9})
    assert mean_power([early, late]) == pytest.approx(200.0)


@dataclass
class Probe:
    """One GPU, as each look finds it."""

    reports: list

    def sample(self):
        gpus = self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]
        return GpuReport(tuple(gpus))


def gpu(*processes, used=0, power=None, energy=None):
    owned = tuple(GpuProcess(pid, "ada", "python", memory, mine=True) for pid, memory in processes)
    return GpuSample(
        0, "a", "H100", memory_used=used, memory_total=80 * GIB, power=power, energy=energy, processes=owned
    )


def test_the_memory_is_that_of_its_own_processes(tmp_path):
    reports = [[gpu(used=5 * GIB)], [gpu((7, 3 * GIB), (9, 40 * GIB), used=48 * GIB)]]
    meter = Meter(tmp_path, Probe(reports))
    meter.look(7, lambda: {7, 8}, stepping=True)
    assert meter.gpu_peak == (3 * GIB, 80 * GIB)


def test_where_the_driver_names_nobody_it_is_by_how_much_the_gpu_has_filled(tmp_path):
    meter = Meter(tmp_path, Probe([[gpu(used=5 * GIB)], [gpu(used=9 * GIB)]]))
    meter.look(7, lambda: {7}, stepping=True)
    assert meter.gpu_peak == (4 * GIB, 80 * GIB)


def test_what_the_driver_still_lists_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_POLL", 0.0)
    dying = [[gpu()], [gpu((7, GIB), used=GIB)], [gpu((7, GIB))], [gpu((7, None))], [gpu((9, GIB))]]
    probe = Probe(dying)
    meter = Meter(tmp_path, probe)
    meter.look(7, lambda: {7}, stepping=True)
    meter.wait_for_release()
    assert probe.reports == [[gpu((9, GIB))]]


def test_without_a_gpu_nobody_is_looked_for_while_the_steps_are_timed(tmp_path):
    meter = Meter(tmp_path, Probe([[]]))
    meter.look(os.getpid(), lambda: pytest.fail("looked through every process"), stepping=True)
    assert meter.host_peak > 0
