"""Hyperparameters of a training of transformers' ``Trainer``: read back, set, carried through its checkpoints.

Learning rates lie in the ``optimizer.pt`` and ``scheduler.pt`` of a checkpoint. What else was changed, and by whose
requests, goes into its ``trainer_state.json``, among the states of callbacks: written in one with the counters, and
read back by transformers, which minds no name that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.domain import hyperparameters as knobs
from cockpit.domain.hyperparameters import EVAL_STEPS, LOGGING_STEPS, LR, MAX_GRAD_NORM, MAX_STEPS, PATIENCE, SAVE_STEPS
from cockpit.recorder import rates
from cockpit.recorder.bridges.transformers_facts import changing_facts, kind_of, steps_per_epoch

_KEPT = "cockpit"  # among the states of callbacks
_STRATEGIES = {LOGGING_STEPS: "logging_strategy", EVAL_STEPS: "eval_strategy", SAVE_STEPS: "save_strategy"}
_ENGINES = ("DEEPSPEED", "MEGATRON_LM")  # of accelerate's kinds, those that hold rates and clipping themselves
_LAYERWISE = "LayerWiseDummyOptimizer"  # transformers' own, above one optimizer per layer that it does not reach
_LOOP = ("_inner_training_loop", "_run_epoch")  # methods of transformers' ``Trainer``, some only of later versions
_WEIGHTS_ALONE = "lr: its checkpoints hold weights alone (save_only_model), so a resume could not keep it"
_NO_LOOP = "its trainer has a training loop of its own, which may read none of it"


def present(trainer: Any) -> dict[str, float | int | None]:
    """What can be changed, as ``trainer`` (None: unknown) has it now; nothing where the loop is not transformers'."""
    if not _is_usual(trainer):
        return {}
    args, state = trainer.args, trainer.state
    found: dict[str, float | int | None] = {}
    if (rate := _rate(trainer)) is not None:
        found[LR] = rate
    found[MAX_STEPS] = int(state.max_steps)
    if not _is_engine(trainer):
        found[MAX_GRAD_NORM] = float(args.max_grad_norm or 0)
    if stopping := stoppers(trainer):
        found[PATIENCE] = stopping[0].early_stopping_patience
    for name, strategy in _STRATEGIES.items():
        if kind_of(getattr(args, strategy)) == "steps":
            found[name] = int(getattr(state, name))
    return found


def facts(trainer: Any) -> dict[str, Any]:
    """Fields of ``fit_start`` on what can be changed."""
    now = present(trainer)
    return {
        "hyperparameters": now,
        "schedules": [type(schedule).__name__ for schedule in _schedules(trainer)] if now else [],
        "steps_longest": _longest(trainer) if now else None,
        "early_stopping": bool(trainer is not None and stoppers(trainer)),
        "changes": requests_in_force(trainer),
    }


def refusal(trainer: Any, values: Mapping[str, Any]) -> str:
    """Why ``trainer`` cannot have these values; empty if it can. Nothing is changed."""
    now = present(trainer)
    if not now:
        return _NO_LOOP
    state = trainer.state
    why = knobs.refusal(values, now, state.global_step, int(state.epoch or 0))
    why = why or knobs.refusal_of_loop(values, _longest(trainer))
    if not why and LR in values:
        why = _WEIGHTS_ALONE if trainer.args.save_only_model else rates.refusal(_schedules(trainer))
    if not why and MAX_STEPS in values:
        why = rates.refusal_of_length(_schedules(trainer), values[MAX_STEPS])
    return why or _refusal_of_best(trainer, now | dict(values))


def _refusal_of_best(trainer: Any, then: Mapping[str, Any]) -> str:
    """As transformers refuses it before a training: a best model that is not saved cannot be loaded at the end."""
    if not trainer.args.load_best_model_at_end or EVAL_STEPS not in then or SAVE_STEPS not in then:
        return ""
    apart = then[SAVE_STEPS] % then[EVAL_STEPS]
    return "load_best_model_at_end needs save_steps to be a multiple of eval_steps" if apart else ""


def change(trainer: Any, values: Mapping[str, Any], request: str) -> dict[str, Any]:
    """Set values that :func:`refusal` has nothing against; gives the fields of the journal's event."""
    before = present(trainer)
    if LR in values:
        rates.scale((trainer.optimizer,), _schedules(trainer), knobs.lr_factor(values[LR], before[LR] or 0.0))
    limits = {name: value for name, value in values.items() if name != LR}
    _set_limits(trainer, limits)
    kept = _kept(trainer)
    trainer.state.stateful_callbacks[_KEPT] = {
        "schema": 1, "values": kept.get("values", {}) | limits, "requests": [*requests_in_force(trainer), request],
    }  # fmt: skip
    lengths = changing_facts(trainer.args, trainer.state, trainer.callback_handler.train_dataloader)
    return {"old": before, "hyperparameters": present(trainer), "changes": requests_in_force(trainer), **lengths}


def restore(trainer: Any) -> None:
    """Set again what was in force when the checkpoint that is resumed from was saved; transformers has the rates."""
    now = present(trainer)
    values = _kept(trainer).get("values", {})
    _set_limits(trainer, {name: value for name, value in values.items() if not knobs.refusal({name: value}, now, 0, 0)})


def requests_in_force(trainer: Any) -> list[str]:
    """The requests whose changes ``trainer`` trains with, in their order."""
    return [str(request) for request in _kept(trainer).get("requests", ())]


def _kept(trainer: Any) -> dict[str, Any]:
    found = (getattr(trainer.state, "stateful_callbacks", None) or {}).get(_KEPT) if trainer is not None else None
    if not isinstance(found, dict):
        return {}
    known = isinstance(found.get("values"), dict) and isinstance(found.get("requests"), list)
    return found if known else {}


def _set_limits(trainer: Any, values: Mapping[str, Any]) -> None:
    if MAX_STEPS in values:
        trainer.state.max_steps = values[MAX_STEPS]
    if MAX_GRAD_NORM in values:
        trainer.args.max_grad_norm = values[MAX_GRAD_NORM]
    if PATIENCE in values:
        for stopper in stoppers(trainer):
            stopper.early_stopping_patience = values[PATIENCE]
    for name in _STRATEGIES:
        if name in values:
            setattr(trainer.state, name, values[name])


def _is_usual(trainer: Any) -> bool:
    """Whether its training loop is transformers' own: only that is known to read all this at every step."""
    if trainer is None or not _callbacks(trainer, "DefaultFlowCallback"):
        return False
    parts = (getattr(type(trainer), name, None) for name in _LOOP)
    return all(part is None or part.__module__ == "transformers.trainer" for part in parts)


def _is_engine(trainer: Any) -> bool:
    return getattr(getattr(trainer.accelerator, "distributed_type", None), "name", "") in _ENGINES


def _rate(trainer: Any) -> float | None:
    wrapped = trainer.optimizer
    optimizer = getattr(wrapped, "optimizer", wrapped)
    if _is_engine(trainer) or type(optimizer).__name__ == _LAYERWISE:
        return None
    rate = optimizer.param_groups[0].get("lr")
    return None if rate is None else float(rate)


def _schedules(trainer: Any) -> list[Any]:
    """The one that transformers steps, without what accelerate wraps around it."""
    wrapped = trainer.lr_scheduler
    return [] if wrapped is None else [getattr(wrapped, "scheduler", wrapped)]


def stoppers(trainer: Any) -> list[Any]:
    """The callbacks that end its training early."""
    return _callbacks(trainer, "EarlyStoppingCallback")


def _callbacks(trainer: Any, kind: str) -> list[Any]:
    callbacks = trainer.callback_handler.callbacks
    return [each for each in callbacks if any(base.__name__ == kind for base in type(each).__mro__)]


def _longest(trainer: Any) -> int:
    """Where the loop ends by itself: it goes through as many epochs as it was made for, whatever ``max_steps`` says."""
    args, state = trainer.args, trainer.state
    per_epoch = steps_per_epoch(args, trainer.callback_handler.train_dataloader)
    if per_epoch is None or _is_engine(trainer):  # a stream would begin anew, an engine may share out its data
        return int(args.max_steps if args.max_steps > 0 else state.max_steps)
    return int(state.num_train_epochs) * per_epoch
