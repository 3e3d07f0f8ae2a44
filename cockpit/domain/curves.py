"""Which of many tags are the curves a person looks for first: losses and learning rate, by their usual names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_TRAIN = ("train", "training", "trn")
_EVAL = ("val", "valid", "validation", "eval", "evaluation", "dev")
_TEST = ("test", "predict")
_AVERAGED = ("step", "epoch", "batch", "total", "avg", "average", "mean", "running", "smooth", "smoothed")
_GRADIENT = ("grad", "grads", "gradient", "gradients")
_WHOLE = ("global", "all", "l2", "2", "0", "optim", "optimizer", "model")  # of a norm of every parameter's gradient
# what a metric of validations is called that says by itself how good a model is
_LESS = ("perplexity", "ppl", "rmse", "mae", "mse", "wer", "cer", "bpb", "bpc")
_MORE = ("acc", "accuracy", "f1", "auc", "auroc", "bleu", "iou", "miou", "dice", "map", "r2")
_RATES = ("lr", "learning_rate", "learningrate", "train_lr", "train_learning_rate", "lr_0", "optimizer_lr")
_MACHINE = re.compile(r"(cpu|ram|disk|gpu\d+)/")
_WORDS = re.compile(r"[^a-z0-9]+")


class Curves(NamedTuple):
    """Tags; None where there is none of its kind."""

    train: str | None = None
    val: str | None = None
    rate: str | None = None
    norm: str | None = None  # of the gradients


class Judged(NamedTuple):
    """The metric of validations that a run is judged by."""

    tag: str
    lower_is_better: bool


def pick(tags: Iterable[str]) -> Curves:
    """The tags of training loss, validation loss, learning rate and norm of the gradients."""
    return _picked(tuple(tags))


@lru_cache(maxsize=64)
def _picked(tags: tuple[str, ...]) -> Curves:
    losses = [tag for tag in tags if "loss" in _words(tag)]
    train = [tag for tag in losses if not {*_EVAL, *_TEST} & set(_words(tag))]
    val = [tag for tag in losses if set(_EVAL) & set(_words(tag))]
    rates = [tag for tag in tags if "_".join(_words(tag)) in _RATES]
    rates = rates or [tag for tag in tags if _words(tag)[:1] == ["lr"]]  # lr-AdamW of Lightning's LearningRateMonitor
    norms = [tag for tag in tags if is_norm(tag)]
    return Curves(*(min(found, key=_plainness, default=None) for found in (train, val, rates, norms)))


def judged_by(tags: Iterable[str]) -> Judged | None:
    """What tells how good a run is by its usual name: a plain validation loss before any other such metric."""
    return _judged_by(tuple(tags))


@lru_cache(maxsize=64)
def _judged_by(tags: tuple[str, ...]) -> Judged | None:
    for names, less in ((("loss",), True), (_LESS, True), (_MORE, False)):
        found = [tag for tag in tags if set(_EVAL) & set(_words(tag)) and _is_only(tag, names)]
        if found:
            return Judged(min(found, key=_plainness), less)
    return None


def beside(tags: Iterable[str]) -> str | None:
    """What is worth a look beside the losses: the learning rate, else how good it is, the norm, or whatever is told."""
    return _beside(tuple(tags))


@lru_cache(maxsize=64)
def _beside(tags: tuple[str, ...]) -> str | None:
    found = _picked(tags)
    counters = ["epoch"], ["step"]
    others = [t for t in tags if "loss" not in _words(t) and _words(t) not in counters and not of_machine(t)]
    judged = _judged_by(tuple(others))
    measured = [tag for tag in others if set(_EVAL) & set(_words(tag))]
    best = judged.tag if judged else min(measured, key=_plainness, default=None)
    return found.rate or best or found.norm or min(others, key=_plainness, default=None)


@lru_cache(maxsize=4096)
def is_loss(tag: str) -> bool:
    """Whether a tag is a loss, of training or of validations."""
    words = _words(tag)
    return "loss" in words and not set(_TEST) & set(words)


@lru_cache(maxsize=4096)
def is_whole_loss(tag: str) -> bool:
    """Whether a tag is the whole loss: when a part of it rises, nothing that was learnt need be lost."""
    return _is_only(tag, ("loss",))


@lru_cache(maxsize=4096)
def is_norm(tag: str) -> bool:
    """Whether a tag is the norm of all gradients."""
    words = set(_words(tag))
    return "gnorm" in words or ("norm" in words and bool(words & {*_GRADIENT}) and _is_only(tag, ("norm", *_GRADIENT)))


def _is_only(tag: str, names: tuple[str, ...]) -> bool:
    """Whether a tag has one of the names, and beside it only words that say of what and how it was averaged."""
    rest = set(_words(tag)) - {*_TRAIN, *_EVAL, *_AVERAGED, *(_WHOLE if "norm" in names else ())}
    return bool(rest) and rest <= set(names)


def partner(tag: str, tags: Iterable[str]) -> str | None:
    """The same metric of validations for one of training, and the other way round; ``train/acc`` for ``val/acc``."""
    mine = _words(tag)
    side = set(_TRAIN) if set(_EVAL) & set(mine) else set(_EVAL)
    rest = [word for word in mine if word not in (*_TRAIN, *_EVAL)]
    if not rest:
        return None
    others = (other for other in tags if other != tag)
    alike = [o for o in others if [w for w in _words(o) if w not in (*_TRAIN, *_EVAL)] == rest]
    paired = [o for o in alike if side & set(_words(o)) or (side == set(_TRAIN) and not set(_EVAL) & set(_words(o)))]
    return min(paired, key=_plainness, default=None)


@lru_cache(maxsize=4096)
def is_validation(tag: str) -> bool:
    """Whether a tag is a metric of validations."""
    return bool(set(_EVAL) & set(_words(tag)))


def of_machine(tag: str) -> bool:
    """Whether a tag is a figure of the machine: by seconds, not by steps."""
    return bool(_MACHINE.match(tag))


def in_bytes(tag: str) -> bool:
    """Whether a figure of the machine is an amount of bytes."""
    return of_machine(tag) and (tag.startswith(("ram/", "disk/")) or "/memory_" in tag)


@lru_cache(maxsize=4096)
def is_training(tag: str) -> bool:
    """Whether a tag is by its name a metric of training alone."""
    words = set(_words(tag))
    return bool(words.intersection(_TRAIN)) and not words.intersection(_EVAL)


def _plainness(tag: str) -> tuple[bool, bool, int, int, str]:
    """``train/loss`` before ``loss``, before ``train_loss_step``, before ``train_aux_loss``."""
    words = _words(tag)
    marked = bool({*_TRAIN, *_EVAL} & set(words))
    return "epoch" in words, not marked and words != ["loss"], len(words), len(tag), tag


def _words(tag: str) -> list[str]:
    return [word for word in _WORDS.split(tag.lower()) if word]
