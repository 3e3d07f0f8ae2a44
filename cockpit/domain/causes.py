"""What an exception says, and what a person can do where many scripts end with it once others run them."""

from __future__ import annotations

HEADER = "Traceback (most recent call last):"
CHAINED = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
_AROUND = "ValueError: Does not validate against any of the Union subtypes"  # jsonargparse's, of what a class raised
_ADVICE = {
    "EOFError": "nobody can type into a detached run: give it as an argument",
    "ModuleNotFoundError": "another environment or PYTHONPATH than where it works?",
}


def error_line(exception: str) -> str:
    """``Type: what it says``, the first line of it; of a traceback, or of an exception's text alone.

    Of a chain it is the last exception, but for the one with which jsonargparse, and so a LightningCLI, hides what
    the constructor of a model or of its data has raised.
    """
    blocks = exception.split(HEADER)
    said = [line for block in blocks[1:] or blocks if (line := _said(block))]
    while len(said) > 1 and said[-1].startswith(_AROUND):
        said.pop()
    return said[-1] if said else ""


def _said(block: str) -> str:
    """The first line that is not indented: what stands above it is the code, what comes below belongs to it."""
    lines = [line for line in block.splitlines() if line.strip()]
    return next((line for line in lines if not line[0].isspace()), lines[-1] if lines else "").strip()


def todo_about(error: str) -> str:
    """For an exception's :func:`error_line`; empty where there is nothing that is not said already."""
    return _ADVICE.get(error.partition(":")[0].strip(), "")
