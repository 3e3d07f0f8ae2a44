"""The environment that launched processes get: offline, and without the keys that nobody gave them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.domain.guard import Fact
from cockpit.domain.keys import Handling, Key, handle
from cockpit.errors import NeedsPermission, NotPossible
from cockpit.probes.keyring import Keyring
from cockpit.project import Project

OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_HUB_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


@dataclass(frozen=True, slots=True)
class ChildEnvironment:
    """What is added to the launcher's variables, and what is taken out."""

    added: Mapping[str, str]
    unset: tuple[str, ...]
    keys: Handling

    def apply(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a child."""
        return {name: value for name, value in environment.items() if name not in self.unset} | dict(self.added)


def child_environment(project: Project, content: bytes, *, test: bool) -> ChildEnvironment:
    """What a run of this config gets.

    Args:
        project: its settings name the keys that runs may see.
        content: of the config.
        test: whether the run is one; production keys are kept from it.
    """
    keyring = Keyring()
    keys = (*keyring.in_environment(os.environ), *keyring.in_config(content.decode(errors="replace")))
    handling = handle(keys, project.settings.launch.env_pass, test=test)
    given = {key.name for key in handling.given}
    added = dict(OFFLINE)
    if not given.intersection(_HUB_TOKENS):
        # or the token that `hf auth login` left on disk would be sent
        added["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"  # noqa: S105
    if "WANDB_API_KEY" not in given:
        added["WANDB_MODE"] = "offline"
    return ChildEnvironment(added, tuple(key.name for key in handling.held), handling)


def expect_named(keys: Handling) -> None:
    """Make sure that a person has said of every key that a run would see what it is.

    Raises:
        NeedsPermission: of one, nobody has.
        NotPossible: a production key is written in the config of a test.
    """
    if keys.refused:
        raise NotPossible(
            f"The config holds a production key ({_told(keys.refused)}), and this run is a test",
            "A test gets no production key",
            "Take it out of the config; a run gets keys by [launch] env_pass in cockpit.toml",
        )
    if keys.unnamed:
        first = keys.unnamed[0].fingerprint
        raise NeedsPermission(
            f"{_told(keys.unnamed)}: seen for the first time. Is it a production key or a test key?",
            {key.name: key.fingerprint for key in keys.unnamed},
            f"To say it: cockpit keys {first} production   (or test)",
        )


def key_fact(keys: Handling) -> Fact | None:
    """One line on the keys in the air; None where there are none."""
    parts = []
    if keys.given:
        parts.append(f"gives {_told(keys.given)}")
    if keys.written:
        parts.append(f"the config holds {_told(keys.written)}")
    if keys.held:
        parts.append(f"holds back {', '.join(key.name for key in keys.held)}")
    return Fact("keys", "; ".join(parts), "warn" if keys.given or keys.written else "") if parts else None


def _told(keys: tuple[Key, ...]) -> str:
    return ", ".join(map(str, keys))
