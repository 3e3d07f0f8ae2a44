"""Read by every Python that a cockpit has launched, before its program: brings the recorder's hooks in.

The folder of this file comes first in ``PYTHONPATH``, so the environment's own ``sitecustomize`` is read from here.
It runs in whatever Python the user has, and must neither fail nor cost anything worth measuring.
"""

import os
import sys

_MEASURED = "COCKPIT_ESTIMATE" in os.environ


def _load_next() -> None:
    """Run the ``sitecustomize`` that this one has hidden."""
    from importlib.machinery import PathFinder

    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would cost every start 5 ms
    others = [entry for entry in sys.path if os.path.abspath(entry) != here]  # noqa: PTH100
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(sys.modules[__name__])


def _install() -> None:
    if not _MEASURED and "COCKPIT_RUN_DIR" not in os.environ:
        return
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody's environment, not ours
        if _MEASURED:
            raise RuntimeError("a dry run needs Python 3.11")
        print("cockpit: the recorder needs Python 3.11; this one is only watched", file=sys.stderr)
        return
    from importlib.util import module_from_spec, spec_from_file_location

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    spec = spec_from_file_location("_cockpit_hooks", os.path.join(package, "hooks.py"))  # noqa: PTH118
    if spec is not None and spec.loader is not None:
        hooks = module_from_spec(spec)
        spec.loader.exec_module(hooks)
        hooks.install()


try:
    _install()
except Exception as error:  # somebody's program must start whatever we do
    print(f"cockpit: the recorder's hooks failed ({error!r})", file=sys.stderr, flush=True)
    if _MEASURED:  # or it would train for real
        os._exit(1)
_load_next()
