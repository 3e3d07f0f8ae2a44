"""What is counted as growth, and what is not."""

import errno
import os
import time

import pytest
from support.processes import wait_until

from cockpit.fetching.shelf import Shelf, Shelved, Shelving
from cockpit.fetching.transfer import part_of
from cockpit.runner.tripwire import DATA, Tripwire, Watch

KB = 1000


class Wired:
    """A tripwire over a data folder that holds something already."""

    def __init__(self, folder, limit):
        self.data, self.runs, self.cache = folder / "data", folder / "data" / "runs", folder / "cache"
        self.put("old.bin", 50 * KB)
        self.runs.mkdir()
        self.cache.mkdir()
        time.sleep(0.02)  # the kernel's clock for files ticks every few milliseconds
        watch = Watch({DATA: str(self.data), "cache": str(self.cache), "missing": str(folder / "missing")}, limit)
        self.wire = Tripwire(watch, self.runs, time.time(), period=0.01)

    def put(self, name, count, folder=None):
        path = (folder or self.data) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(count))

    def trip(self):
        return wait_until(self.wire.take, "the wire to trip", 10)

    def walked(self):
        """Wait until a walk that began after now is over."""
        seen, measure = [], self.wire._measure
        self.wire._measure = lambda **options: seen.append(measure(**options)) or seen[-1]
        wait_until(lambda: len(seen) > 2, "two walks", 10)


@pytest.fixture
def wired(tmp_path):
    made = []

    def make(limit=10 * KB):
        made.append(Wired(tmp_path, limit))
        made[-1].wire.start()
        return made[-1]

    yield make
    for wire in made:
        wire.wire.stop()


def test_growth_trips_once_and_again_at_twice_as_much(wired):
    it = wired()
    it.put("a/b/new.bin", 12 * KB)
    trip = it.trip()
    assert (trip.bytes, trip.limit, trip.folders) == (12 * KB, 10 * KB, {DATA: 12 * KB, "cache": 0, "missing": 0})
    it.put("more.bin", 11 * KB)
    it.walked()
    assert it.wire.take() is None
    it.put("again.bin", 2 * KB)
    assert it.trip().bytes == 25 * KB


def test_a_file_system_that_refuses_for_a_while_does_not_end_the_watch(wired, monkeypatch):
    refusals, real = [1, 0, 1, 1, 0], Shelf.agreed

    def agreed(shelf):
        if refusals and refusals.pop(0):
            raise OSError(errno.ESTALE, "Stale file handle")
        return real(shelf)

    monkeypatch.setattr(Shelf, "agreed", agreed)
    it = wired()
    wait_until(lambda: not refusals, "all refusals", 10)
    it.put("new.bin", 12 * KB)
    assert it.trip().bytes == 12 * KB


def test_what_is_below_the_limit_was_there_or_belongs_to_runs_is_no_reason(wired):
    it = wired()
    it.put("new.bin", 9 * KB)
    it.put("checkpoint.ckpt", 500 * KB, it.runs)
    it.walked()
    assert it.wire.take() is None


def test_a_limit_of_nothing_trips_at_the_first_byte(wired):
    it = wired(0)
    it.put("a", 1, it.cache)
    assert it.trip().folders["cache"] == 1


def test_what_one_folder_has_lost_makes_up_for_no_other(wired):
    it = wired()
    (it.data / "old.bin").unlink()
    it.put("model.bin", 20 * KB, it.cache)
    assert it.trip().bytes == 20 * KB


def test_a_folder_behind_a_link_counts_once_and_a_circle_ends(wired, tmp_path):
    it = wired()
    (tmp_path / "disk").mkdir()
    (it.data / "raw").symlink_to(tmp_path / "disk")
    (it.cache / "same").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "back").symlink_to(it.data)
    it.put("raw/new.bin", 12 * KB)
    assert it.trip().bytes == 12 * KB


def test_what_people_agreed_to_fetch_is_left_out_and_no_byte_more(wired):
    it = wired()
    shelf = Shelf(it.data)
    shelf.write("corpus", Shelving("u", "", "", "", 0.0, (Shelved("corpus.bin", 100 * KB),)))
    part = part_of(shelf.path("corpus.bin"))
    part.write_bytes(bytes(60 * KB))
    it.walked()
    assert it.wire.take() is None
    os.replace(part, shelf.path("corpus.bin"))
    it.walked()
    assert it.wire.take() is None
    it.put("raw/corpus.bin", 112 * KB)
    assert 11 * KB < it.trip().bytes < 14 * KB  # the record of the agreement is new too
