"""What has changed since a checkpoint, and what that breaks."""

import pytest

from cockpit.domain.resume import (
    OTHER_NUMBERS,
    SCHEDULE,
    Surroundings,
    config_differences,
    environment_differences,
    limited,
    schedule_warnings,
)

CONFIG = {
    "seed_everything": 1,
    "model": {"class_path": "a.Net", "init_args": {"lr": 0.1}},
    "trainer": {"max_steps": 100, "callbacks": [{"class_path": "x.ModelCheckpoint", "init_args": {"save_top_k": 3}}]},
    "data": {"num_workers": 0, "batch_size": 4},
}


def changed(**sections):
    return {name: {**CONFIG[name], **sections[name]} if name in sections else CONFIG[name] for name in CONFIG}


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({}, []),
        ({"model": {"init_args": {"lr": 0.2}}}, [f"model.lr: 0.1 → 0.2 ({OTHER_NUMBERS})"]),
        ({"trainer": {"max_steps": 50}}, [f"trainer.max_steps: 100 → 50 ({SCHEDULE})"]),
        ({"data": {"num_workers": 2}}, ["data.num_workers: 0 → 2"]),
        ({"data": {"num_workers": 2, "batch_size": 8}},
         [f"data.batch_size: 4 → 8 ({OTHER_NUMBERS})", "data.num_workers: 0 → 2"]),
        ({"data": {"new": 1}}, [f"data.new: not set → 1 ({OTHER_NUMBERS})"]),
        ({"trainer": {"callbacks": [{"class_path": "x.ModelCheckpoint", "init_args": {"save_top_k": 1}}]}},
         ["trainer.callbacks.ModelCheckpoint.save_top_k: 3 → 1"]),
    ],
)  # fmt: skip
def test_config_differences_are_told_old_and_new_those_that_matter_first(sections, told):
    assert [str(difference) for difference in config_differences(CONFIG, changed(**sections))] == told


def test_a_callback_that_takes_part_in_training_matters():
    more = changed(trainer={"callbacks": [{"class_path": "x.StochasticWeightAveraging"}]})
    found = {difference.name: difference.effect for difference in config_differences(CONFIG, more)}
    assert found["trainer.callbacks.StochasticWeightAveraging.class_path"] == OTHER_NUMBERS
    assert found["trainer.callbacks.ModelCheckpoint.save_top_k"] == ""


def test_packages_that_compute_come_one_by_one_and_others_as_a_count():
    then = Surroundings({"torch": "2.1", "rich": "1", "numpy": "2"}, "NVIDIA H100", 2)
    now = Surroundings({"torch": "2.2", "rich": "2", "numpy": "2"}, "CPU", 1)
    found = [str(difference) for difference in environment_differences(then, now)]
    assert found == [
        f"device: NVIDIA H100 → CPU ({OTHER_NUMBERS})",
        "processes: 2 → 1 (batches are shared out anew)",
        f"torch: 2.1 → 2.2 ({OTHER_NUMBERS})",
        "other packages: as recorded → 1 in another version: rich",
    ]


def test_what_is_not_known_is_not_compared():
    then = Surroundings({"torch": "2.1"}, "NVIDIA H100", 2)
    assert environment_differences(then, Surroundings({})) == ()


@pytest.mark.parametrize(
    ("step", "epoch", "max_steps", "max_epochs", "planned", "words"),
    [
        (50, 0, 100, None, 100, None),
        (100, 3, 100, None, 100, "max_steps 100 is reached"),
        (100, 3, None, 4, 100, "max_epochs 4 already reached"),
        (100, 3, None, 8, 200, None),
        (100, 4, None, 4, None, "max_epochs 4 is reached"),
        (50, 0, 400, None, 100, "laid out for 100 steps"),
        (None, None, None, None, None, None),
    ],
)
def test_schedules(step, epoch, max_steps, max_epochs, planned, words):
    warnings = schedule_warnings(step, epoch, max_steps, max_epochs, planned)
    assert [words in warning for warning in warnings] == ([] if words is None else [True])


def test_a_guarantee_holds_only_for_what_is_as_it_was():
    harmless = config_differences(CONFIG, changed(data={"num_workers": 2}))
    breaking = config_differences(CONFIG, changed(data={"batch_size": 8}))
    assert limited(("exact", "because"), harmless) == ("exact", "because")
    assert limited(("exact", "because"), breaking) == ("state only", "data.batch_size is another than it was")
    assert limited(("unsafe", "NaN"), breaking) == ("unsafe", "NaN")
