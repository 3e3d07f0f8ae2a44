"""How the recorder gets into programs that know nothing of it; read by ``startup/sitecustomize.py``.

Lightning asks the environment's entry points for callbacks, transformers' Trainer reads a list in its module, and loops
write through a SummaryWriter. None is imported here: a finder waits for the import, and where the environment has no
cockpit it gives this one. A dry run has hooks of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGE = Path(__file__).parent.parent
_DRY = "COCKPIT_ESTIMATE" in os.environ
# what is waited for, and whose `attach` gets the module
_RECORDED = {
    "transformers.trainer": "cockpit.recorder.bridges.transformers",
    "torch.utils.tensorboard.writer": "cockpit.recorder.bridges.summary_writer",
    "tensorboardX.writer": "cockpit.recorder.bridges.summary_writer",
}
_MEASURED = {  # the same in a dry run
    "transformers.trainer": "cockpit.recorder.bridges.transformers_estimator",
    "torch.optim.optimizer": "cockpit.recorder.bridges.own_loop",
}
_ENTRY_POINTS = """\
[lightning.pytorch.callbacks_factory]
cockpit = cockpit.recorder.autoload:lightning_callbacks
[pytorch_lightning.callbacks_factory]
cockpit = cockpit.recorder.autoload:pytorch_lightning_callbacks
"""


def install() -> None:
    """Put the finders where imports are looked up."""
    sys.meta_path.insert(0, _AfterImport(_MEASURED if _DRY else _RECORDED))
    if find_spec("cockpit") is None:
        sys.meta_path.append(_Guest())
    if _DRY:
        from cockpit.runs.layout import ENV_ESTIMATE, EstimatePaths

        EstimatePaths(Path(os.environ[ENV_ESTIMATE])).hooked.touch()


class _AfterImport(MetaPathFinder):
    """Brings a bridge in as soon as what it leads to has been imported."""

    def __init__(self, watched: Mapping[str, str]) -> None:
        self._watched, self._looking = watched, False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._watched or self._looking:
            return None
        self._looking = True
        try:
            spec = find_spec(fullname)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Then(spec.loader, self._watched[fullname])
        return spec


class _Then(Loader):
    """A loader that has something to do after another."""

    def __init__(self, inner: Any, bridge: str) -> None:
        self._inner, self._bridge = inner, bridge

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._inner.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        try:
            import_module(self._bridge).attach(module)
        except Exception as error:  # somebody's training must go on, and a dry run must not train for real
            goes_on = "" if _DRY else "; training goes on"
            print(f"cockpit: the recorder could not attach ({error!r}){goes_on}", file=sys.stderr, flush=True)
            if _DRY:
                os._exit(1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Guest(DistributionFinder):
    """Gives this cockpit to an environment that has none: its package, and its entry points."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "cockpit":
            return None
        return spec_from_file_location(fullname, _PACKAGE / "__init__.py", submodule_search_locations=[str(_PACKAGE)])

    def find_distributions(self, context: DistributionFinder.Context = DistributionFinder.Context()) -> Iterator[Any]:  # noqa: B008
        if context.name in (None, "cockpit-ml"):
            yield _GuestDistribution()


class _GuestDistribution(Distribution):
    """What an installed cockpit would say of itself."""

    def read_text(self, filename: str) -> str | None:
        texts = {"METADATA": "Metadata-Version: 2.1\nName: cockpit-ml\nVersion: 0\n", "entry_points.txt": _ENTRY_POINTS}
        return texts.get(filename)

    def locate_file(self, path: Any) -> Any:
        return _PACKAGE.parent / path
