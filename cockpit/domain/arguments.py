"""Seed and length of a script, as its command and its source tell them, each with where that stands. Nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cockpit.domain.module import last_name

# what people call it, with dashes as underscores
SEED = frozenset(
    {"seed", "seed_everything", "random_seed", "global_seed", "manual_seed", "train_seed", "training_seed"}
)
STEPS = frozenset({
    "max_steps", "steps", "num_steps", "n_steps", "total_steps", "train_steps", "max_train_steps", "num_train_steps",
    "max_iters", "num_iters", "iters", "iterations",
})  # fmt: skip
EPOCHS = frozenset({"epochs", "max_epochs", "num_epochs", "n_epochs", "num_train_epochs", "train_epochs"})
COMMAND = "its command line"
_GIVEN = re.compile(r"(--?)?(?:(?:train|training|trainer|fit)[.])?([A-Za-z][\w-]*)(?:=(.*))?", re.DOTALL)
_WHOLE = re.compile(r"\d{1,18}")
DECLARING = ("add_argument", "option", "Option")  # of argparse, click, typer
_FROM_FILES = {"jsonargparse", "configargparse"}  # parsers that take defaults from elsewhere
_CONFIGS = frozenset(
    {"config", "cfg", "conf", "config_file", "config_path"}
)  # what a script reads may overrule defaults
_SECTIONS = ("train", "training", "trainer")


@dataclass(frozen=True, slots=True)
class Argument:
    """An option that a script declares; ``default`` is None where its source has no whole number there."""

    names: tuple[str, ...]  # with their dashes
    default: int | None = None
    several: bool = False  # it takes a list
    filled: bool = False  # it has a default, whichever


@dataclass(frozen=True, slots=True)
class Said:
    """A number, and what says it."""

    value: int
    by: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is said of a training before it begins; None is *not known*."""

    seed: Said | None = None
    steps: Said | None = None
    epochs: Said | None = None


def declared(tree: ast.AST) -> tuple[Argument, ...]:
    """The options that a source declares; without defaults where its parser may take others from elsewhere."""
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    found = [argument for call in calls if (argument := _argument(call)) is not None]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    if modules & _FROM_FILES or any(last_name(call.func) == "set_defaults" for call in calls):
        found = [replace(argument, default=None) for argument in found]
    return tuple(found)


def planned(argv: Sequence[str], arguments: Sequence[Argument]) -> Plan:
    """Seed and length of a command: what it gives, else what its script takes where it is given nothing."""
    seed, steps, epochs = (_said(argv, arguments, names) for names in (SEED, STEPS, EPOCHS))
    return Plan(seed, *(said if said and said.value > 0 else None for said in (steps, epochs)))


def of_config(tree: Mapping[str, Any], name: str) -> Plan:
    """The same as a config of somebody's own names them, at its top or in its section on training."""
    return Plan(*(_in_config(tree, names, name) for names in (SEED, STEPS, EPOCHS)))


def first(*plans: Plan) -> Plan:
    """Of each number what the first plan says that says it."""
    told = [[getattr(plan, name) for plan in plans] for name in ("seed", "steps", "epochs")]
    return Plan(*(next((said for said in each if said is not None), None) for each in told))


def _said(argv: Sequence[str], arguments: Sequence[Argument], names: frozenset[str]) -> Said | None:
    mine = [each for each in arguments if names & set(map(_plain, each.names))]
    given = list(_given(argv, arguments, names))
    if any(each.several for each in mine) or len({plain for plain, _ in given}) > 1:
        return None
    if given:  # of one that is given twice the last counts
        value = given[-1][1]
        return Said(int(value), COMMAND) if _WHOLE.fullmatch(value) else None
    configs = [each for each in arguments if _CONFIGS & set(map(_plain, each.names))]
    if any(each.filled for each in configs) or any(_given(argv, arguments, _CONFIGS)):
        return None
    defaults = {each.default for each in mine}
    (default,) = defaults if len(defaults) == 1 else (None,)
    long = next((name for each in mine for name in each.names if _plain(name) in names), "")
    return None if default is None else Said(default, f"the default of {long}")


def _given(argv: Sequence[str], arguments: Sequence[Argument], names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What of these names the command gives: name and value."""
    for word, after in zip(argv, (*argv[1:], ""), strict=False):
        found = _GIVEN.fullmatch(word)
        if found is None or (not found[1] and found[3] is None):
            continue
        name = _whole_name(f"{found[1]}{found[2]}", arguments) if found[1] else found[2]
        if _plain(name) in names:
            yield _plain(name), found[3] if found[3] is not None else after


def _whole_name(word: str, arguments: Sequence[Argument]) -> str:
    """The long name of an option that is given by another of its names, or by its beginning as argparse allows."""
    exact = next((each for each in arguments if word in each.names), None)
    begun = {each for each in arguments if word.startswith("--") and any(n.startswith(word) for n in each.names)}
    meant = exact or (begun.pop() if len(begun) == 1 else None)
    return max(meant.names, key=len) if meant is not None else word


def _in_config(tree: Mapping[str, Any], names: frozenset[str], file: str) -> Said | None:
    sections = [
        ("", tree),
        *((f"{name}.", found) for name in _SECTIONS if isinstance(found := tree.get(name), Mapping)),
    ]
    for prefix, section in sections:
        found = [(key, value) for key, value in section.items() if _plain(str(key)) in names and type(value) is int]
        usable = [(key, value) for key, value in found if value > 0 or (value == 0 and names is SEED)]
        if usable:
            return Said(usable[0][1], f"{prefix}{usable[0][0]} of {file}") if len(usable) == 1 else None
    return None


def _argument(call: ast.Call) -> Argument | None:
    if last_name(call.func) not in DECLARING:
        return None
    words = [node.value for node in call.args if isinstance(node, ast.Constant)]
    names = tuple(word for word in words if isinstance(word, str) and word.startswith("-"))
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    node = keywords.get("default", call.args[0] if call.args and last_name(call.func) == "Option" else None)
    value = node.value if isinstance(node, ast.Constant) else None
    default = value if type(value) is int and value >= 0 else None
    filled = node is not None and not (isinstance(node, ast.Constant) and node.value is None)
    return Argument(names, default, bool({"nargs", "multiple"} & set(keywords)), filled) if names else None


def _plain(name: str) -> str:
    return name.lstrip("-").replace("-", "_")
