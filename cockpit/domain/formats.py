"""What weights can be exported as; ``recorder/export.py`` has a writer for each."""

from __future__ import annotations

FORMATS = ("safetensors", "hf")
