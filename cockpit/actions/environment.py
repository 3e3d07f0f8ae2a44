"""The environment that launched processes get: offline, and without the keys that nobody gave them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cockpit.domain.guard import Fact
from cockpit.domain.keys import Handling, Key, KeysUnnamed, Kind, handle
from cockpit.domain.text import safe
from cockpit.errors import ConfigError, NotPossible, UsageError
from cockpit.probes.keyring import Keyring
from cockpit.project import Project
from cockpit.project.tracking import chosen_trackers
from cockpit.runs.layout import ENV_ATTEMPT, ENV_ESTIMATE, ENV_RUN_DIR, ENV_TRACKERS

OFFLINE = {
    "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}  # fmt: skip
_CONFIG_LIMIT = 1 << 20  # bytes
_HUB_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_NO_TOKEN = "/nonexistent/huggingface/token"  # noqa: S105 - where the hub's client looks for one


@dataclass(frozen=True, slots=True)
class ChildEnvironment:
    """What is added to the launcher's variables, and what is taken out."""

    added: Mapping[str, str]
    unset: tuple[str, ...]
    keys: Handling

    def apply(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a child."""
        return {name: value for name, value in environment.items() if name not in self.unset} | dict(self.added)


def outside_runs(environment: Mapping[str, str]) -> dict[str, str]:
    """The same variables without those by which a process belongs to a run or to a dry run."""
    return {name: value for name, value in environment.items() if name not in (ENV_RUN_DIR, ENV_ATTEMPT, ENV_ESTIMATE)}


def child_environment(
    project: Project, content: bytes, *, test: bool, env_pass: Sequence[str] = ()
) -> ChildEnvironment:
    """What a run of this config gets.

    Args:
        project: its settings name the keys that runs may see.
        content: of the config.
        test: whether the run is one; production keys are kept from it.
        env_pass: further keys that this one run may see.

    Raises:
        ConfigError: the config is larger than any config is.
        UsageError: ``env_pass`` names something that is no key in this environment.
        NotPossible: it names a production key, or one is written in the config, and the run is a test.
        KeysUnnamed: nobody has said yet what a key is that the run would see.
    """
    if len(content) > _CONFIG_LIMIT:
        raise ConfigError("The config is larger than 1 MiB", "The config cannot be used")
    keyring = Keyring()
    keys = (*keyring.in_environment(os.environ), *keyring.in_config(content.decode(errors="replace")))
    _expect_passable(keys, env_pass, test=test)
    handling = handle(keys, (*project.settings.launch.env_pass, *env_pass), test=test)
    given = {key.name for key in handling.given}
    added = OFFLINE | {ENV_TRACKERS: ",".join(chosen_trackers(project))}
    if not given.intersection(_HUB_TOKENS):
        # or the token that `hf auth login` left on disk would be found, and sent
        added |= {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN_PATH": _NO_TOKEN}
    if "WANDB_API_KEY" not in given:
        added["WANDB_MODE"] = "offline"
    _expect_named(handling)
    return ChildEnvironment(added, tuple(key.name for key in handling.held), handling)


def _expect_passable(keys: Sequence[Key], env_pass: Sequence[str], *, test: bool) -> None:
    known = {key.name: key for key in keys if not key.written}
    for name in env_pass:
        if name not in known:
            names = ", ".join(known) or "none"
            raise UsageError(f"{safe(name)} is no key in this environment", "No such key", f"There is: {names}")
        if known[name].kind is Kind.UNKNOWN:
            raise KeysUnnamed((known[name],))
        if test and known[name].kind is Kind.PRODUCTION:
            raise NotPossible(f"{known[name]}, and this run is a test", "A test gets no production key")


def _expect_named(keys: Handling) -> None:
    """Make sure that a person has said of every key that a run would see what it is."""
    if keys.refused:
        raise NotPossible(
            f"The config holds a production key ({_told(keys.refused)}), and this run is a test",
            "A test gets no production key",
            "Take it out of the config; a run gets keys by [launch] env_pass in cockpit.toml",
        )
    if keys.unnamed:
        raise KeysUnnamed(keys.unnamed)


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
