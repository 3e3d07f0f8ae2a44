"""Questions and answers to learn from without a download: what the functions of Python's library do."""

from __future__ import annotations

import ast
import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path


def write_examples(path: Path, root: Path | None = None) -> None:
    """One JSON line per documented public function of the top modules: its signature, and its first sentence.

    Args:
        path: the file to write.
        root: where the modules lie, by default the running Python's library.
    """
    lines = []
    for module in sorted((root or Path(sysconfig.get_path("stdlib"))).glob("*.py")):
        try:
            tree = ast.parse(module.read_bytes())
        except (SyntaxError, ValueError, OSError):
            continue
        for signature, sentence in _functions(tree):
            question = f"What does {module.stem}.{signature} do?"
            lines.append(json.dumps({"prompt": question, "completion": sentence}) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))


def _functions(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            sentence = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
            if sentence:
                yield f"{node.name}({ast.unparse(node.args)})", sentence
