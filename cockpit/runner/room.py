"""Last words on a full disk: they wait until there is room."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable

from cockpit.errors import CannotWrite

_FULL = (errno.ENOSPC, errno.EDQUOT)
_EVERY = 1.0  # seconds
_TRIES = 86_400  # a day


def when_there_is_room(write: Callable[[], object], sleep: Callable[[float], None] = time.sleep) -> None:
    """Call ``write`` again and again while the disk is full, for a day at the most.

    Raises:
        OSError, CannotWrite: it fails for another reason, or there never was room.
    """
    for _ in range(_TRIES):
        try:
            write()
        except (OSError, CannotWrite) as error:
            if error.errno not in _FULL:
                raise
        else:
            return
        sleep(_EVERY)
    write()
