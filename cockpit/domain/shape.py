"""What a folder is by what lies in it: its framework, its places, and who reads its configs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cockpit.domain.text import safe

ConfigKind = Literal["lightning", "llamafactory", "other"]
KIND_NAMES: Mapping[str, str] = {
    "lightning": "LightningCLI",
    "llamafactory": "LLaMA-Factory",
    "other": "of another kind",
}
PLACES = ("data/raw", "data/processed", "models", "notebooks", "src", "configs")
# what is imported or installed under which name: the framework, the most telling first
_FRAMEWORKS = {
    "Lightning": ("lightning", "pytorch_lightning"),
    "transformers": ("transformers", "trl", "peft", "llamafactory"),
    "PyTorch": ("torch",),
    "TensorFlow": ("tensorflow", "keras"),
}
_TRAINABLE = ("Lightning", "transformers", "PyTorch")


@dataclass(frozen=True, slots=True)
class Shape:
    """What was found in a project's folder."""

    marks: tuple[str, ...] = ()  # why it is a project
    frameworks: tuple[str, ...] = ()
    places: tuple[str, ...] = ()  # of PLACES

    @property
    def only_watched(self) -> bool:
        """Whether it trains by something that a cockpit can look at and not steer."""
        return "TensorFlow" in self.frameworks and not any(name in self.frameworks for name in _TRAINABLE)

    @property
    def title(self) -> str:
        """A few words for a narrow panel."""
        if self.only_watched:
            return "watch only"
        return self.frameworks[0] if self.frameworks else f"by {safe(self.marks[0], 40)}" if self.marks else "unknown"

    @property
    def told(self) -> str:
        """Why it is a project, what it trains with, and which of the usual places it has."""
        if not self.marks:
            return "Nothing here says what is trained: no requirements, no config, no logs."
        by = f"{' + '.join(self.frameworks)} project" if self.frameworks else "Project"
        there = ", ".join(self.places) or "none of the usual folders"
        absent = ", ".join(place for place in PLACES if place not in self.places)
        only = "; cockpit can watch TensorFlow, not start or steer it" if self.only_watched else ""
        layout = f"Has {there}" + (f"; not {absent}" if absent and self.places else "")
        return f"{by}, by {', '.join(safe(mark, 60) for mark in self.marks)}{only}. {layout}."


def frameworks_of(names: Iterable[str]) -> tuple[str, ...]:
    """The frameworks that packages of these names mean, the most telling first."""
    plain = {name.lower().replace("-", "_") for name in names}
    return tuple(framework for framework, marks in _FRAMEWORKS.items() if plain.intersection(marks))


def config_kind(tree: Mapping[str, Any]) -> ConfigKind:
    """Who reads a config: LightningCLI, LLaMA-Factory, or something else (Hydra, a script of one's own)."""
    if "model_name_or_path" in tree and ("stage" in tree or "finetuning_type" in tree):
        return "llamafactory"
    sections = [tree[name] for name in ("trainer", "model", "data") if isinstance(tree.get(name), Mapping)]
    if any("_target_" in section for section in sections):  # Hydra's mark of a class
        return "other"
    if isinstance(tree.get("trainer"), Mapping) or any("class_path" in section for section in sections):
        return "lightning"
    return "other"
