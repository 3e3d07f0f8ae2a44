"""``--set``: what is set is set, what is not there is refused, and nothing else changes."""

import pytest
import yaml

from cockpit.actions.overrides import apply_overrides
from cockpit.errors import ConfigError, UsageError

CONFIG = b"""\
# a comment
trainer: {max_epochs: 4}
model: {class_path: my.Net, init_args: {lr: 0.1, net: {width: 8}}}
"""


def changed(*overrides):
    return yaml.safe_load(apply_overrides(CONFIG, overrides))


def test_without_overrides_every_byte_stays():
    assert apply_overrides(CONFIG, []) == CONFIG


def test_values_are_yaml_and_paths_may_leave_out_init_args():
    found = changed("model.lr=3e-4", "model.init_args.net.width=[1, 2]", "trainer.max_steps=20")
    assert (
        found["model"]["init_args"] == {"lr": "3e-4", "net": {"width": [1, 2]}}
        or found["model"]["init_args"]["lr"] == 3e-4
    )
    assert found["trainer"] == {"max_epochs": 4, "max_steps": 20}


def test_it_is_written_down_what_was_set():
    assert b"# set for this run: model.lr=1\n" in apply_overrides(CONFIG, ["model.lr=1"])


@pytest.mark.parametrize("override", ["lr", "=1", "model.nothing=1", "nothing.lr=1", "model.lr.deeper=1", "a\nb=1"])
def test_what_is_not_there_is_refused(override):
    with pytest.raises(UsageError):
        apply_overrides(CONFIG, [override])


@pytest.mark.parametrize("value", ["[1", "!!python/object/apply:os.system [id]", "*a", "&a [*a]", "[" * 60, "a\tb: '"])
def test_a_value_that_is_no_plain_yaml_is_refused(value):
    with pytest.raises(UsageError):
        apply_overrides(CONFIG, [f"model.lr={value}"])


def test_a_config_that_is_no_mapping():
    with pytest.raises(ConfigError):
        apply_overrides(b"- 1\n", ["a=1"])


def test_the_copy_cannot_be_broken_by_a_value():
    found = yaml.safe_load(apply_overrides(CONFIG, ["model.lr='a: b #c'"]))
    assert found["model"]["init_args"]["lr"] == "a: b #c"
