"""``python -m cockpit.recorder.export FORMAT CKPT DIR``: the weights of a checkpoint, and nothing else of it.

A child of the cockpit, which has no torch. Prints one line of JSON: what was written, or ``problem``. The checkpoint
is read with ``weights_only=True``, so that nothing in it is run; what would have to be is named.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

WEIGHTS = "model.safetensors"
_FOREIGN = re.compile(r"(?:Unsupported global: GLOBAL|GLOBAL) ([\w.]+)")


class NoExport(Exception):
    """Why the weights cannot be had, in words for a person."""


def read(path: Path) -> dict[str, Any]:
    """What a checkpoint holds, its tensors still on disk.

    Raises:
        NoExport: it is no checkpoint, or loading it would run code.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        foreign = _FOREIGN.findall(str(error))
        if foreign:
            raise NoExport(f"loading it would run code: {', '.join(dict.fromkeys(foreign))}") from None
        raise NoExport(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}") from None
    if not isinstance(content, dict):
        raise NoExport("it holds no weights by name")
    return content


def weights(content: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name: Lightning's ``state_dict``, ``model``, or the checkpoint itself.

    Raises:
        NoExport: there are none, or one is of a kind that the format has not.
    """
    found = next((content[k] for k in ("state_dict", "model") if isinstance(content.get(k), Mapping)), content)
    tensors = {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
    if not tensors:
        raise NoExport("it holds no weights by name")
    strange = [name for name, tensor in tensors.items() if tensor.layout is not torch.strided or tensor.is_quantized]
    if strange:
        raise NoExport(f"{strange[0]} is sparse or quantized")
    return tensors


def untied(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Each tensor once, and for every other name of one the name it is kept under.

    Views that only overlap are copied: a file has no shared memory.
    """
    kept: dict[str, Tensor] = {}
    same: dict[str, str] = {}
    seen: dict[tuple[Any, ...], str] = {}
    storages: set[int] = set()
    for name, tensor in tensors.items():
        storage = tensor.untyped_storage()
        place = (storage.data_ptr(), tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype)
        if tensor.numel() and place in seen:
            same[name] = seen[place]
            continue
        seen[place] = name
        shared = storage.data_ptr() in storages or storage.nbytes() != tensor.numel() * tensor.element_size()
        kept[name] = tensor.detach().clone(memory_format=torch.contiguous_format) if shared else tensor.contiguous()
        storages.add(storage.data_ptr())
    return kept, same


def write_safetensors(content: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """``model.safetensors``; names of tied tensors stand in its metadata, as ``safetensors.torch`` reads them."""
    from safetensors.torch import save_file

    kept, same = untied(weights(content))
    save_file(kept, folder / WEIGHTS, metadata={"format": "pt", **same})
    return {
        "tensors": len(kept),
        "parameters": sum(tensor.numel() for tensor in kept.values()),
        "types": sorted({str(tensor.dtype).removeprefix("torch.") for tensor in kept.values()}),
        "tied": same,
        "load": f'from safetensors.torch import load_file\n\nstate = load_file("{WEIGHTS}")',
    }


def write_hf(content: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What transformers loads; only the trainers know how one of their models is to be called there.

    Raises:
        NoExport: it is none of theirs, or something it needs is not here.
    """
    try:
        from trainers.hf import write

        return write(content, folder)
    except (ImportError, ValueError, FileNotFoundError) as error:
        raise NoExport(str(error)) from None


# format: what writes it into a folder and tells what it wrote
WRITERS: Mapping[str, Callable[[Mapping[str, Any], Path], dict[str, Any]]] = {
    "safetensors": write_safetensors,
    "hf": write_hf,
}


def main(words: list[str]) -> int:
    """Write it; gives the exit code."""
    kind, checkpoint, folder = words[0], Path(words[1]), Path(words[2])
    os.umask(0o077)
    try:
        content = read(checkpoint)
        told = WRITERS[kind](content, folder)
    except (NoExport, OSError) as error:
        print(json.dumps({"problem": str(error)}))
        return 1
    facts = {"epoch": content.get("epoch"), "step": content.get("global_step"), "hparams": _hparams(content)}
    print(json.dumps(told | facts, default=str))
    return 0


def _hparams(content: Mapping[str, Any]) -> Any:
    found = content.get("hyper_parameters")
    return found if isinstance(found, dict) else {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
