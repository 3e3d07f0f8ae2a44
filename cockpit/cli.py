"""The ``cockpit`` command: parses, calls actions, prints. Everything heavy is imported where it is used."""

from __future__ import annotations

import io
import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from cockpit.arguments import parser
from cockpit.errors import CannotDo, CockpitError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    _open_closed()
    arguments = parser().parse_args(argv)
    arguments.typed = sys.argv[1:] if argv is None else argv
    from cockpit.commands import run

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 still gets its answer
    try:
        return run(arguments)
    except CockpitError as error:
        return _tell(error, arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader of our output has left (`| head`); closing stderr keeps the interpreter quiet about it
        sys.stderr.close()
        return 0
    except OSError as error:  # a name that no file can have, a disk that went away
        from cockpit.domain.text import safe

        where = f"{safe(error.filename, 200)}: " if error.filename is not None else ""
        return _tell(CannotDo(f"{where}{error.strerror or error}", "The file system refused"), arguments)
    except UnicodeError:
        return _tell(CannotDo("A word of the command is not text", "It cannot be the name of anything"), arguments)


def _open_closed() -> None:
    """A stream that whoever called us has closed (``>&-``) is one that nobody reads or writes."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115 - for life


def _tell(error: CockpitError, arguments: Namespace) -> int:
    from cockpit.commands.common import print_error

    print_error(error, as_json=getattr(arguments, "json", False))
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
