"""YAML written by somebody else: parsed without running anything in it, and without the ones that never end."""

from __future__ import annotations

from typing import Any

from cockpit.domain.text import safe
from cockpit.errors import ConfigError

_DEPTH_LIMIT = 50


def parse_config(text: str) -> dict[str, Any]:
    """The sections of a config.

    Raises:
        ConfigError: it is none; the message has the line.
    """
    import yaml

    try:
        if refusal := _bomb(text):
            raise ConfigError(refusal)
        tree = yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(safe(f"{where}{getattr(error, 'problem', None) or error}")) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(safe(f"{type(error).__name__}: {error}")) from None
    if not isinstance(tree, dict):
        raise ConfigError("not a mapping of sections")
    return tree


def _bomb(content: str) -> str:
    """Why a text of YAML is not loaded: a few lines of it can take gigabytes or minutes; empty if they cannot."""
    import yaml

    depth = 0
    for event in yaml.parse(content, yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            return "YAML aliases are not supported"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_LIMIT:
            return f"nested deeper than {_DEPTH_LIMIT} levels: not a config"
    return ""
