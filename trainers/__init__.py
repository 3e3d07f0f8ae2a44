"""Trainers that come with cockpit: ``python -m trainers fit --config configs/gpt-stdlib.yaml``."""

from __future__ import annotations

from pathlib import Path


def configs_folder() -> Path:
    """Where the shipped configs lie: inside the package in a wheel, beside it in a checkout."""
    inside = Path(__file__).parent / "configs"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "configs"
