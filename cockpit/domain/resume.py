"""What has changed between a checkpoint and now, and what that does to a resume from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.domain.checkpoint import EXACT, STATE_ONLY
from cockpit.domain.text import counted

SCHEDULE = "the learning rate schedule may depend on it"
OTHER_NUMBERS = "other numbers than before"
_NOT_THERE = "not set"

# what changes neither the batches nor the arithmetic of a step; everything else is taken to
_HARMLESS = (
    "trainer.logger", "trainer.default_root_dir", "trainer.enable_", "trainer.log_every_n_steps", "trainer.profiler",
    "trainer.max_time", "trainer.fast_dev_run", "trainer.val_check_interval", "trainer.check_val_every_n_epoch",
    "trainer.limit_val_batches", "trainer.limit_test_batches", "trainer.num_sanity_val_steps", "trainer.inference_mode",
    "data.workers", "data.num_workers", "data.pin_memory", "data.persistent_workers", "data.prefetch_factor",
)  # fmt: skip
_LENGTHS = ("trainer.max_steps", "trainer.max_epochs", "trainer.min_steps", "trainer.min_epochs")
_WATCHING = ("ModelCheckpoint", "EarlyStopping", "LearningRateMonitor", "DeviceStatsMonitor", "RichProgressBar",
             "TQDMProgressBar", "RichModelSummary", "ModelSummary", "Timer")  # fmt: skip
_NUMERIC = ("torch", "triton", "lightning", "pytorch-lightning", "numpy", "transformers", "accelerate", "peft",
            "flash-attn", "bitsandbytes", "deepspeed", "nvidia-")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is another than it was; ``effect`` is what that breaks, empty where nothing."""

    name: str
    old: str
    new: str
    effect: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.old} → {self.new}" + (f" ({self.effect})" if self.effect else "")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a training runs in; None and empty are *not known*, and compare with nothing."""

    packages: Mapping[str, str]  # distribution: version
    device: str = ""  # "CPU", or the name of the GPU
    processes: int | None = None  # that train together


def config_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Where two parsed configs differ, by dotted name without ``init_args``; those that matter come first."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    found = [
        Difference(name, before.get(name, _NOT_THERE), after.get(name, _NOT_THERE), _effect(name))
        for name in [*before, *(name for name in after if name not in before)]
        if before.get(name) != after.get(name)
    ]
    return tuple(sorted(found, key=lambda difference: not difference.effect))


def _leaves(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _leaves(value, name if key == "init_args" else f"{name}.{key}".lstrip("."))
    elif isinstance(node, Sequence) and not isinstance(node, str) and any(isinstance(n, Mapping) for n in node):
        for number, value in enumerate(node):
            yield from _leaves(value, f"{name}.{_label(value, number)}")
    else:
        yield name, str(node)


def _label(item: Any, number: int) -> str:
    path = item.get("class_path") if isinstance(item, Mapping) else None
    return str(path).rpartition(".")[2] + (f" {number}" if number else "") if path else str(number)


def _effect(name: str) -> str:
    if name in _LENGTHS:
        return SCHEDULE
    watching = name.startswith("trainer.callbacks.") and name.split(".")[2].split(" ", maxsplit=1)[0] in _WATCHING
    return "" if watching or name.startswith(_HARMLESS) else OTHER_NUMBERS


def environment_differences(then: Surroundings, now: Surroundings) -> tuple[Difference, ...]:
    """What runs it now that did not then; packages that compute come one by one, the rest as a count."""
    found = []
    if then.device and now.device and then.device != now.device:
        found.append(Difference("device", then.device, now.device, OTHER_NUMBERS))
    if then.processes and now.processes and then.processes != now.processes:
        effect = "batches are shared out anew"
        found.append(Difference("processes", str(then.processes), str(now.processes), effect))
    changed = [
        Difference(name, old, now.packages.get(name, "not installed"), _package_effect(name))
        for name, old in then.packages.items()
        if now.packages and now.packages.get(name) != old
    ]
    found += [difference for difference in changed if difference.effect]
    others = [difference.name for difference in changed if not difference.effect]
    if others:
        shown = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        found.append(Difference("other packages", "as recorded", f"{len(others)} in another version: {shown}"))
    return tuple(found)


def _package_effect(name: str) -> str:
    return OTHER_NUMBERS if name.lower().startswith(_NUMERIC) else ""


def schedule_warnings(
    step: int | None, epoch: int | None, max_steps: int | None, max_epochs: int | None, planned: int | None
) -> tuple[str, ...]:
    """Why a resume may do nothing, or with another learning rate than a person expects.

    Args:
        step: optimizer steps done in the checkpoint.
        epoch: of the checkpoint, 0-based; the one it is in.
        max_steps: what the config allows today.
        max_epochs: what the config allows today.
        planned: steps of the whole training as it was begun.
    """
    warnings = []
    if max_steps is not None and step is not None and step >= max_steps:
        warnings.append(f"max_steps {max_steps:,} is reached: at most one step is left to train")
    elif planned is not None and step is not None and step >= planned and (max_steps or planned) <= planned:
        ends = f"max_epochs {max_epochs:,}" if max_epochs else counted(planned, "step")
        warnings.append(f"{ends} already reached: nothing may be left to train")
    elif max_epochs is not None and epoch is not None and epoch >= max_epochs:
        warnings.append(f"max_epochs {max_epochs:,} is reached: nothing is left to train")
    if max_steps is not None and planned is not None and max_steps != planned and not max_epochs:
        warnings.append(f"the schedule was laid out for {counted(planned, 'step')} and now ends at {max_steps:,}")
    return tuple(warnings)


def limited(guarantee: tuple[str, str], differences: Sequence[Difference]) -> tuple[str, str]:
    """A guarantee, less what these differences break."""
    breaking = [difference for difference in differences if difference.effect]
    if guarantee[0] != EXACT or not breaking:
        return guarantee
    more = f" and {len(breaking) - 1} more" if len(breaking) > 1 else ""
    return STATE_ONLY, f"{breaking[0].name} is another than it was{more}"
