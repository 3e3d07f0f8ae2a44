"""Whether a Python file does something when it is run, and which others it imports; read from its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)  # run later, or only make something
_TRAINING = {"fit", "train", "backward", "step"}  # methods
_RUNNERS = {"Fire", "run"}  # what is given a function to run: fire, typer, asyncio


def imported(tree: ast.Module) -> frozenset[str]:
    """The first names of all modules that are imported, wherever in the file; ``from .`` means a neighbour."""
    neighbours = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 1)
    named = ([node.module] if node.module else [alias.name for alias in node.names] for node in neighbours)
    return installed_imports(tree) | {name.partition(".")[0] for names in named for name in names}


def installed_imports(tree: ast.Module) -> frozenset[str]:
    """The same without those that are sought beside the file alone (``from .model import Net``)."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found)


def last_name(node: ast.expr) -> str:
    """``c`` of ``a.b.c``; empty where it is neither a name nor an attribute."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def acts(tree: ast.Module) -> bool:
    """Whether it has a part for being run, calls a function of its own, or trains outside of one."""
    own = {node.name for node in tree.body if isinstance(node, _APART[:2])}
    own |= {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
            if isinstance(target, ast.Name)}  # fmt: skip
    return any(_is_main(node) or _begins(node, own) or _trains(node) for node in _outside(tree))


def _outside(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that is not within a function or a class."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, _APART)]


def _is_main(node: ast.AST) -> bool:
    """``if __name__ == "__main__":``."""
    names = {each.id for each in ast.walk(node.test) if isinstance(each, ast.Name)} if isinstance(node, ast.If) else ()
    return "__name__" in names


def _begins(node: ast.AST, own: set[str]) -> bool:
    """A statement such as ``main()``, ``sys.exit(main())``, ``fire.Fire(main)``; its value is not kept."""
    if not isinstance(node, ast.Expr):
        return False
    for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
        given = {argument.id for argument in call.args if isinstance(argument, ast.Name)}
        if (isinstance(call.func, ast.Name) and call.func.id in own) or (
            last_name(call.func) in _RUNNERS and given & own
        ):
            return True
    return False


def _trains(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return last_name(node.func) == "LightningCLI" or (
        isinstance(node.func, ast.Attribute) and node.func.attr in _TRAINING
    )
