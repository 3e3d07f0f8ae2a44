"""What somebody's training script is, read from its source and not by running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from cockpit.domain.arguments import DECLARING, Argument, declared
from cockpit.domain.module import acts, imported, installed_imports, last_name

CHECKPOINT = "{checkpoint}"  # stands in a resume command for the path
_OPTIONS = ("--ckpt_path", "--ckpt-path", "--resume-from", "--resume_from", "--resume_from_checkpoint",
            "--resume-from-checkpoint", "--resume")  # fmt: skip
_CONFIG_KEYS = ("ckpt_path", "resume_from_checkpoint", "resume_from")
_NO_PATHS = ("int", "float", "bool", "str2bool", "strtobool", "str_to_bool")  # types of options that take no path
# module: name a person knows it by; the first that is imported says what records the training
_FRAMEWORKS = {
    "lightning": "Lightning", "pytorch_lightning": "Lightning", "trl": "transformers", "transformers": "transformers",
    "accelerate": "PyTorch", "torch": "PyTorch", "tensorflow": "TensorFlow", "keras": "TensorFlow",
}  # fmt: skip
_ORDER = [*dict.fromkeys(_FRAMEWORKS.values()), ""]
_LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SHELLS = {"bash", "sh", "zsh", "dash"}
_LAUNCHERS = {"torchrun", "accelerate", "deepspeed", "srun", "mpirun", "env", "nice", "uv", "poetry"}
_LAUNCHER_MODULES = {"torch.distributed.run", "torch.distributed.launch", "accelerate.commands.launch"}
# options of python and of launchers that take a word of their own
_VALUED = {"-W", "-X", "--nproc_per_node", "--nproc-per-node", "--nnodes", "--node_rank", "--node-rank",
           "--master_port", "--master-port", "--master_addr", "--master-addr", "--rdzv-backend",
           "--rdzv-endpoint", "--config_file",
           "--num_processes", "-n", "-np", "--num_gpus"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Script:
    """A training script.

    Attributes:
        framework: ``Lightning``, ``transformers``, ``PyTorch``, ``TensorFlow``; empty where none is imported.
        resume: words that are appended to its command so that it goes on from ``{checkpoint}``; empty where unknown.
        how: by what that was recognised.
        several: whether it trains in several places, or in a loop.
        arguments: the options that it declares.
        imports: the first names of the modules that it imports, its neighbours among them.
        acts: whether it does something when it is run, and does not only define what others import.
    """

    framework: str = ""
    resume: tuple[str, ...] = ()
    how: str = ""
    several: bool = False
    arguments: tuple[Argument, ...] = ()
    imports: frozenset[str] = frozenset()
    acts: bool = False

    @property
    def attached(self) -> bool:
        """Whether it has a Trainer that tells its steps, so that they are recorded, and can be measured."""
        return self.framework in ("Lightning", "transformers")


def find_script(argv: Sequence[str]) -> str | None:
    """The file that a command runs, or ``-m`` and a module as ``module:NAME``; None where it runs none of its own.

    Launchers (``torchrun``, ``accelerate launch``, …) stand before a Python file with options of their own.
    """
    if argv and (argv[0].endswith(".sh") or PurePath(argv[0]).name in _SHELLS):
        return _shell_script(argv)
    words = iter(argv[1:] if _is_program(argv[:1]) else argv)
    for word in words:
        if word in ("-m", "--module"):
            name = next(words, None)
            if name in _LAUNCHER_MODULES:
                continue
            return f"module:{name}" if name else None
        if word in _VALUED:
            next(words, None)
        elif word.endswith(".py"):
            return word
        elif not word.startswith("-") and word not in ("run", "launch", "python", "python3") and "=" not in word:
            return None
    return None


def is_launched(argv: Sequence[str]) -> bool:
    """Whether a shell or a launcher runs the script of a command, in a process below its own."""
    if not argv:
        return False
    name, module = PurePath(argv[0]).name, "".join(argv[2:3]) if "-m" in argv[1:2] else ""
    return (
        name in _SHELLS | _LAUNCHERS or name.endswith(".sh") or module.startswith(("accelerate.", "torch.distributed."))
    )


def script_name(argv: Sequence[str]) -> str:
    """What settings call the script of a command: its file, its module, else the program itself."""
    return (find_script(argv) or PurePath(argv[0]).name).removeprefix("module:") if argv else ""


def _shell_script(argv: Sequence[str]) -> str | None:
    options, word = [], argv[0]
    for word in argv if argv[0].endswith(".sh") else argv[1:]:
        if not word.startswith("-"):
            break
        options.append(word)
    return word if word.endswith(".sh") and not any("c" in option for option in options) else None


def _is_program(first: Sequence[str]) -> bool:
    name = PurePath(first[0]).name if first else ""
    return name.startswith("python") or name in _LAUNCHERS


def read_script(source: str) -> Script:
    """Recognise a script; a source that does not parse is none that is known."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Script()
    imports = installed_imports(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {last_name(call.func) for call in calls}
    cli = "LightningCLI" in called or "LightningCLI" in _bases(tree)
    known = {_FRAMEWORKS[module] for module in imports & _FRAMEWORKS.keys()}
    resume, how = (("--ckpt_path", CHECKPOINT), "LightningCLI takes --ckpt_path") if cli else _resumes(tree, calls)
    return Script(
        "Lightning" if cli else strongest(known),
        resume,
        how,
        _several(tree),
        declared(tree),
        imported(tree),
        acts(tree),
    )


def _resumes(tree: ast.Module, calls: Sequence[ast.Call]) -> tuple[tuple[str, ...], str]:
    """The words that give a script a checkpoint, and by what they were recognised; both empty where they are not."""
    for call in calls:
        if option := _option(call):
            return (option, CHECKPOINT), f"it takes {option}"
    if any(last_name(call.func) in ("HfArgumentParser", "TrlParser") for call in calls):
        option = "--resume_from_checkpoint"
        return (option, CHECKPOINT), f"HfArgumentParser takes {option}"
    if "hydra" in installed_imports(tree) and (key := _config_key(tree)):
        return (f"++{key}='{CHECKPOINT}'",), f"Hydra takes {key}="
    return (), ""


def strongest(frameworks: Iterable[str]) -> str:
    """Of several that are imported, the one whose trainer would be recorded; empty of none."""
    return min(frameworks, key=_ORDER.index, default="")


def from_template(words: Sequence[str], checkpoint: str) -> tuple[str, ...]:
    """A resume command with the checkpoint in its place; in quotes, as Hydra wants it: ``ckpt_path='{checkpoint}'``."""
    quoted = _quoted(checkpoint)
    return tuple(word.replace(f"'{CHECKPOINT}'", quoted).replace(CHECKPOINT, checkpoint) for word in words)


def _quoted(value: str) -> str:
    """A value of Hydra's overrides, in which neither ``=`` nor a space means anything."""
    escaped = re.sub(r"(\\*)('|$)", lambda found: 2 * found[1] + (found[2] and "\\'"), value)
    return "'" + escaped.replace("${", "\\${") + "'"


def _config_key(tree: ast.Module) -> str:
    """Under which name a script looks for a checkpoint in its config: ``cfg.ckpt_path``, ``cfg.a.get("ckpt_path")``."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Attribute):
            names = _chain(node)
        elif isinstance(node, ast.Call) and last_name(node.func) == "get" and isinstance(node.func, ast.Attribute):
            key = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            names = [*_chain(node.func.value), str(key)]
        if len(names) > 1 and names[0] not in ("self", "trainer") and names[-1] in _CONFIG_KEYS:
            return ".".join(names[1:])
    return ""


def _chain(node: ast.expr) -> list[str]:
    """``a.b.c`` as its names; empty where it is something else."""
    if isinstance(node, ast.Attribute):
        before = _chain(node.value)
        return [*before, node.attr] if before else []
    return [node.id] if isinstance(node, ast.Name) else []


def _several(tree: ast.Module) -> bool:
    try:
        return _trainings(tree) > 1
    except RecursionError:
        return False


def _trainings(node: ast.AST) -> int:
    """How often a Trainer is called to train, as far as the source says: of two branches one is taken."""
    if isinstance(node, ast.If):
        taken, other = (sum(map(_trainings, branch)) for branch in (node.body, node.orelse))
        return _trainings(node.test) + max(taken, other)
    below = sum(map(_trainings, ast.iter_child_nodes(node)))
    if isinstance(node, _LOOPS):
        return 2 * below
    return below + _trains(node)


def _trains(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value
    name = last_name(owner.func if isinstance(owner, ast.Call) else owner)  # `trainer.fit()`, `Trainer(…).fit()`
    return node.func.attr in ("fit", "train") and "trainer" in name.lower()


def _bases(tree: ast.Module) -> set[str]:
    return {last_name(base) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases}


def _option(call: ast.Call) -> str:
    """The option for a checkpoint's path that a call declares: argparse, click and typer write it as a string."""
    keywords: Mapping[str | None, ast.expr] = {keyword.arg: keyword.value for keyword in call.keywords}
    action, is_flag = keywords.get("action"), keywords.get("is_flag")
    if action is not None and not (isinstance(action, ast.Constant) and action.value == "store"):
        return ""
    if isinstance(is_flag, ast.Constant) and is_flag.value:
        return ""
    if "choices" in keywords or ("type" in keywords and last_name(keywords["type"]).lower() in _NO_PATHS):
        return ""
    if last_name(call.func) not in DECLARING:
        return ""
    words = [node.value for node in call.args if isinstance(node, ast.Constant)]
    return next((word for word in words if word in _OPTIONS), "")
