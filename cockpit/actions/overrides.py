"""``--set key=value``: changes to a config before it is copied into the run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cockpit.domain.text import safe
from cockpit.errors import ConfigError, UsageError
from cockpit.probes.yaml_text import parse_config


def apply_overrides(config: bytes, overrides: Iterable[str]) -> bytes:
    """The config with ``key.path=value`` applied; byte for byte the same where there is none.

    A path may leave out ``init_args`` (``model.lr`` finds ``model.init_args.lr``). Values are YAML.

    Raises:
        UsageError: an override is not ``key=value``, or its key does not exist in the config.
        ConfigError: the config is not a YAML mapping.
    """
    changes = [_split(override) for override in overrides]
    if not changes:
        return config
    import yaml

    tree = parse_config(config.decode(errors="replace"))
    for path, value in changes:
        _assign(tree, path, _value(value, ".".join(path)))
    head = "".join(f"# set for this run: {'.'.join(path)}={value}\n" for path, value in changes)
    return (head + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)).encode()


def read_with(overrides: Iterable[str], path: Path) -> bytes:
    """A config file with what is set for one run.

    Raises:
        ConfigError: the file cannot be read, or is not a YAML mapping.
        UsageError: an override does not fit it.
    """
    try:
        return apply_overrides(path.read_bytes(), overrides)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "The config cannot be read") from None


def _split(override: str) -> tuple[list[str], str]:
    key, equals, value = override.partition("=")
    if not equals or not key.strip() or "\n" in override:
        raise UsageError(f"{override!r} is not key=value", "Cannot set that", "Example: --set trainer.max_steps=100")
    return key.strip().split("."), value


def _value(text: str, key: str) -> Any:
    """A value as YAML gives it, under the rules of a config."""
    try:
        return parse_config(f"value:\n  {text}")["value"]
    except ConfigError as error:
        told = re.sub(r"^line \d+: ", "", error.message)
        raise UsageError(f"{safe(key)}={safe(text, 80)}: {told}", "Cannot set that") from None


def _assign(tree: dict[str, Any], path: list[str], value: Any) -> None:
    node = tree
    for key in path[:-1]:
        node = _child(node, key, path)
    if path[-1] not in node and isinstance(node.get("init_args"), dict):
        node = node["init_args"]
    if path[-1] not in node and node is not tree.get("trainer"):
        known = ", ".join(sorted(map(str, node))[:12])
        raise UsageError(f"The config has no {'.'.join(path)}", "Cannot set that", f"There is: {known}")
    node[path[-1]] = value


def _child(node: dict[str, Any], key: str, path: list[str]) -> dict[str, Any]:
    arguments = node.get("init_args")
    inner = node.get(key, arguments.get(key) if isinstance(arguments, dict) else None)
    if not isinstance(inner, dict):
        raise UsageError(f"The config has no section {key} (in {'.'.join(path)})", "Cannot set that")
    return inner
