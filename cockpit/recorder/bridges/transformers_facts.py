"""What transformers' ``Trainer`` says of a training before its first step."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from cockpit.recorder.conditions import device_name
from cockpit.recorder.exact import STATE_ONLY

WHY = "transformers restores random state and skips what was seen; cockpit has not compared it bit by bit"


def fit_facts(args: Any, state: Any, have: dict[str, Any]) -> dict[str, Any]:
    """Fields of the journal's ``fit_start`` event."""
    samples = args.per_device_train_batch_size * args.gradient_accumulation_steps * args.world_size
    precision = "bf16-mixed" if args.bf16 else "16-mixed" if args.fp16 else "32-true"
    return {
        "step": state.global_step,
        "epoch": int(state.epoch or 0),
        "steps_per_epoch": steps_per_epoch(args, have.get("train_dataloader")),
        **changing_facts(args, state, have.get("train_dataloader")),
        "accumulate": args.gradient_accumulation_steps,
        "world_size": args.world_size,
        "device": device_name(args.device),
        "precision": precision,
        "parameters": sum(p.numel() for p in have["model"].parameters()) if "model" in have else None,
        "seed": args.seed,
        "monitor": metric_of(args.metric_for_best_model) or "eval_loss",
        "mode": "max" if args.greater_is_better else "min",
        "max_seconds": None,
        "early_stopping": False,
        "samples_per_step": samples,
        "sample_unit": "samples",
        "resumed_from": str(args.resume_from_checkpoint) if state.global_step and args.resume_from_checkpoint else None,
        "guarantee": STATE_ONLY,
        "guarantee_reason": WHY,
    }


def changing_facts(args: Any, state: Any, loader: Any) -> dict[str, Any]:
    """Those of them that a person may change on the way."""
    total = state.max_steps if state.max_steps > 0 else None
    per_epoch = steps_per_epoch(args, loader)
    return {
        "steps_total": total,
        "epochs_total": math.ceil(total / per_epoch) if total and per_epoch else None,
        "validate_every": _every(args.eval_strategy, _steps("eval_steps", args, state), per_epoch),
        "checkpoint_every": _every(args.save_strategy, _steps("save_steps", args, state), per_epoch),
    }


def steps_per_epoch(args: Any, loader: Any) -> int | None:
    """Optimizer steps of one epoch, as transformers counts them; None where its data have no length."""
    batches = length(loader)
    return None if batches is None else max(1, math.ceil(batches / int(args.gradient_accumulation_steps)))


def length(loader: Any) -> int | None:
    """How many a loader gives; None where nobody knows."""
    try:
        return len(loader)
    except TypeError:  # a loader of a stream has the method and raises
        return None


def checkpoint_folder(args: Any, state: Any) -> Path:
    """Where the checkpoint of this step lies."""
    return Path(args.output_dir).absolute() / f"checkpoint-{state.global_step}"


def names_of(callbacks: list[Any]) -> list[str]:
    """The trackers among them: those that transformers brings for ``report_to``."""
    reporting = (each for each in callbacks if type(each).__module__.startswith("transformers.integrations"))
    return [type(each).__name__.removesuffix("Callback") for each in reporting]


def metric_of(name: str | None) -> str:
    """What the metric of that setting is called where it is told."""
    return "" if not name else name if name.startswith("eval_") else f"eval_{name}"


def _steps(name: str, args: Any, state: Any) -> Any:
    """Arguments may give a share of the whole training, which its state has as steps."""
    return getattr(state, name, None) or getattr(args, name)


def kind_of(strategy: Any) -> str:
    """When transformers does something: ``steps``, ``epoch``, ``best``, ``no``."""
    return str(getattr(strategy, "value", strategy))


def _every(strategy: Any, steps: Any, per_epoch: int | None) -> int | None:
    kind = kind_of(strategy)
    return int(steps) if kind == "steps" and steps else per_epoch if kind == "epoch" else None
