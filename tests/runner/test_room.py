"""Last words wait for room, and for nothing else."""

import errno

import pytest

from cockpit.errors import CannotWrite
from cockpit.runner.room import when_there_is_room


class Disk:
    """Refuses so many writes for a reason; time passes only by its clock."""

    def __init__(self, *refusals):
        self.refusals, self.written, self.slept = list(refusals), 0, []

    def write(self):
        if self.refusals:
            raise self.refusals.pop(0)
        self.written += 1


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("refusal", [FULL, OSError(errno.EDQUOT, "quota"), CannotWrite("run", FULL, "no")])
def test_it_waits_while_the_disk_is_full(refusal):
    disk = Disk(refusal, refusal)
    when_there_is_room(disk.write, disk.slept.append)
    assert disk.written == 1
    assert len(disk.slept) == 2


def test_it_does_not_wait_for_permission():
    disk = Disk(PermissionError(errno.EACCES, "denied"))
    with pytest.raises(PermissionError):
        when_there_is_room(disk.write, disk.slept.append)
    assert disk.slept == []


def test_it_gives_up_one_day():
    disk = Disk(*[FULL] * 200_000)
    with pytest.raises(OSError, match="No space"):
        when_there_is_room(disk.write, disk.slept.append)
    assert sum(disk.slept) == 24 * 3600
