"""Reads what a checkpoint says of itself without torch and without running anything that is in it.

``python -m cockpit.runs.pickle_peek PATH...`` prints one line of JSON per path. It is run as a child with hard
limits (see ``peek``), since a malicious pickle may still ask for endless memory or time.
"""

from __future__ import annotations

import io
import json
import pickle
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SECONDS = 2  # for one child, CPU and wall
_MEMORY = 1 << 30  # bytes of address space
_PICKLE_LIMIT = 64 << 20  # bytes of data.pkl; those of the largest models have a few
_ENTRIES = 200_000
_FOREIGN_NAMED = 12
# what torch.load(weights_only=True) accepts, and everything a Lightning checkpoint needs
_KNOWN = {
    "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "_codecs.encode",
    "builtins.bytearray", "builtins.set", "builtins.complex", "torch.Size", "torch.device", "torch.Tensor",
    "torch.nn.parameter.Parameter", "torch.serialization._get_layout", "torch._tensor._rebuild_from_type_v2",
}  # fmt: skip
_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # as Python 2 called them, and torch still writes
_KNOWN_DTYPES = ("Storage", "float", "int", "uint", "bool", "bfloat16", "half", "double", "long", "complex")


class _Inert:
    """Stands for any object of a pickle: it takes every construction step, and keeps the last state it was given."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        self.state: Any = None

    def __call__(self, *arguments: Any, **keywords: Any) -> _Inert:
        return _Inert()

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """As a list would."""

    def extend(self, values: Any) -> None:
        """As a list would."""

    def add(self, value: Any) -> None:
        """As a set would."""


class _Unpickler(pickle.Unpickler):
    """Every global becomes what makes inert objects; the foreign ones are remembered."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.foreign: list[str] = []

    def find_class(self, module: str, name: str, /) -> Any:
        module = _RENAMED.get(module, module)
        full = f"{module}.{name}"
        if not _is_known(module, name) and full not in self.foreign:
            self.foreign.append(full)
        return _Inert  # the class: an object is made of one by its __new__, where a function is called

    def persistent_load(self, pid: Any, /) -> Any:
        return _Inert()


def _is_known(module: str, name: str) -> bool:
    if f"{module}.{name}" in _KNOWN:
        return True
    if module == "torch._utils":
        return name.startswith("_rebuild_")
    return module in ("torch", "torch.storage") and (name.endswith("Storage") or name.startswith(_KNOWN_DTYPES))


def read(path: Path) -> dict[str, Any]:
    """What one checkpoint says; ``problem`` where it cannot be trusted. Only for use inside the limited child."""
    if path.is_dir():
        return {"problem": "a folder, as sharded strategies save; not one file that can be verified"}
    with open(path, "rb") as file:
        magic = file.read(4)
    if magic != b"PK\x03\x04":
        legacy = magic[:1] == b"\x80"
        return {"problem": "torch's old format, a bare pickle" if legacy else "not a torch checkpoint"}
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if problem := _shape_problem(entries, path.stat().st_size):
            return {"problem": problem}
        entry = next((e for e in entries if e.filename.endswith("/data.pkl")), None)
        if entry is None or entry.file_size > _PICKLE_LIMIT:
            return {"problem": "its data.pkl is missing" if entry is None else "its data.pkl is too large"}
        unpickler = _Unpickler(io.BytesIO(archive.read(entry)))
    content = unpickler.load()
    own = getattr(content, "state", None) if isinstance(content, _Inert) else None
    return {
        "foreign": unpickler.foreign[:_FOREIGN_NAMED],
        **_facts(content if isinstance(content, dict) else {}),
        "arguments": _arguments(own if isinstance(own, dict) else {}),
    }


def _arguments(state: dict[Any, Any]) -> dict[str, int | bool]:
    """What the ``TrainingArguments`` of transformers say of randomness."""
    named = {name: state.get(name) for name in ("seed", "data_seed", "full_determinism")}
    return {name: value for name, value in named.items() if isinstance(value, int) and 0 <= value < 1 << 62}


def _shape_problem(entries: list[zipfile.ZipInfo], file_size: int) -> str:
    if len(entries) > _ENTRIES:
        return "too many entries for a checkpoint"
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        return "compressed entries, which torch never writes (a bomb?)"
    if sum(entry.file_size for entry in entries) > file_size:
        return "entries that overlap (a bomb?)"
    return ""


def _facts(content: dict[Any, Any]) -> dict[str, Any]:
    def whole(value: Any) -> int | None:
        return value if isinstance(value, int) and abs(value) < 1 << 62 else None

    own = content.get("cockpit")
    version = content.get("pytorch-lightning_version")
    return {
        "epoch": whole(content.get("epoch")),
        "step": whole(content.get("global_step", content.get("step"))),
        "lightning": version[:40] if isinstance(version, str) else None,
        "random_state": isinstance(own, dict) and "rng" in own,
        "optimizer": bool(content.get("optimizer_states")),
        "cut_short": _cut_short(content),
    }


def _cut_short(content: dict[Any, Any]) -> bool:
    """Whether Lightning counts an epoch as done that was left early (``should_stop``): a resume skips its rest."""
    try:
        loop = content["loops"]["fit_loop"]
        epoch, last = loop["epoch_progress"]["current"], loop["epoch_loop.batch_progress"]["is_last_batch"]
        return last is False and epoch["processed"] == epoch["ready"]
    except (KeyError, TypeError):
        return False


def peek(paths: Iterable[Path]) -> dict[Path, dict[str, Any]]:
    """What checkpoints say of themselves, read by a child with hard limits.

    Returns:
        For every path ``epoch``, ``step``, ``lightning``, ``random_state``, ``optimizer``, ``cut_short``, ``foreign``
        (globals that torch would not load with ``weights_only``) and ``arguments`` (of a saved ``TrainingArguments``:
        ``seed``, ``data_seed``, ``full_determinism``, as far as they are whole numbers), or ``problem`` in words. One
        that brings the child down spoils no other.
    """
    wanted = list(paths)
    found = _child(wanted)
    for path in wanted:
        if path not in found:
            found |= _child([path])
        found.setdefault(path, {"problem": "reading it broke the limits on time and memory (a bomb?)"})
    return found


def _child(paths: list[Path]) -> dict[Path, dict[str, Any]]:
    if not paths:
        return {}
    command = [sys.executable, "-I", "-m", "cockpit.runs.pickle_peek", *map(str, paths)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False, cwd="/"
        )
        lines = done.stdout.splitlines()
    except subprocess.TimeoutExpired as expired:
        lines = (expired.stdout or b"").splitlines()
    found = {}
    for path, line in zip(paths, lines, strict=False):
        try:
            found[path] = json.loads(line)
        except ValueError:
            break
    return found


def main(paths: list[str]) -> None:
    """Inside the child: limits first, then one line of JSON per path."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for path in paths:
        try:
            facts = read(Path(path))
        except zipfile.BadZipFile as error:
            facts = {"problem": f"torn: {error}"}
        except Exception as error:
            facts = {"problem": f"cannot be read: {type(error).__name__}"}
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
