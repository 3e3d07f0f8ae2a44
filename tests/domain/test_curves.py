"""Which tags are the losses and the learning rate, by the names that people give them."""

import pytest

from cockpit.domain.curves import (
    Curves,
    Judged,
    beside,
    is_norm,
    is_training,
    is_whole_loss,
    judged_by,
    partner,
    pick,
)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (("train/loss", "val/loss", "lr", "grad_norm"), ("train/loss", "val/loss", "lr", "grad_norm")),
        (("train/aux_loss", "train/loss", "val/loss", "val/aux_loss"), ("train/loss", "val/loss", None)),
        (("train_loss_step", "train_loss_epoch", "val_loss", "lr-AdamW"), ("train_loss_step", "val_loss", "lr-AdamW")),
        (("loss", "eval_loss", "learning_rate", "epoch"), ("loss", "eval_loss", "learning_rate")),
        (("Loss/train", "Loss/validation", "Learning_rate"), ("Loss/train", "Loss/validation", "Learning_rate")),
        (("loss", "test_loss", "lr"), ("loss", None, "lr")),
        (("reward", "clr", "glossary"), (None, None, None)),
        ((), (None, None, None)),
        (("[/]", "\ud800 loss"), ("\ud800 loss", None, None)),
    ],
)
def test_pick(tags, found):
    assert pick(tags) == Curves(*found)


@pytest.mark.parametrize(
    ("tag", "training"),
    [("train/loss", True), ("loss/train", True), ("val/loss", False), ("train_val_gap", False), ("constraint", False)],
)
def test_what_is_of_training_alone(tag, training):
    assert is_training(tag) is training


@pytest.mark.parametrize(
    ("tag", "other"),
    [
        ("train/acc", "val/acc"),
        ("val/acc", "train/acc"),
        ("acc", "val/acc"),
        ("eval_f1", "f1"),
        ("lr", None),
        ("val", None),
    ],
)  # fmt: skip
def test_partner(tag, other):
    assert partner(tag, ("train/acc", "val/acc", "eval_f1", "f1", "lr", "val", "acc")) == other


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (("train/loss", "val/loss", "val/acc"), Judged("val/loss", True)),
        (("eval_accuracy", "eval_runtime", "eval_policy_loss"), Judged("eval_accuracy", False)),
        (("val_ppl", "val_acc"), Judged("val_ppl", True)),
        (("val/kl_loss", "val/recon_loss"), None),  # parts of one: which of them counts is not told
        (("train/loss", "acc"), None),
    ],
)
def test_what_a_run_is_judged_by(tags, found):
    assert judged_by(tags) == found


def test_the_norm_of_all_gradients_and_the_loss_as_a_whole():
    assert all(map(is_norm, ("grad_norm", "train/grad_norm", "grad_2.0_norm_total", "gnorm", "gradients/global_norm")))
    assert not any(map(is_norm, ("grad_2.0_norm/fc.weight", "weight_norm", "layer_norm/grad", "norm")))
    assert all(map(is_whole_loss, ("loss", "train/loss", "train_loss_step", "Loss/train", "val_loss")))
    assert not any(map(is_whole_loss, ("loss/d", "policy_loss", "train/aux_loss", "glossary")))


@pytest.mark.parametrize(
    ("tags", "second"),
    [
        (["train/loss", "val/loss", "lr", "val/acc", "grad_norm"], "lr"),
        (["train/loss", "val/loss", "val/auc", "val/acc", "grad_norm", "epoch"], "val/acc"),
        (["loss", "val/loss_regression", "val/thing", "grad_norm"], "val/thing"),
        (["loss", "val_loss", "epoch", "step", "grad_norm", "throughput"], "grad_norm"),
        (["loss", "throughput", "epoch"], "throughput"),
        (["loss", "val_loss", "epoch"], None),
        ([], None),
    ],
)
def test_what_stands_beside_the_losses(tags, second):
    assert beside(tags) == beside(reversed(tags)) == second
