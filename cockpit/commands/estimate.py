"""What a run would cost, measured."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from cockpit.actions.estimate import Estimate, Progress, estimate_script
from cockpit.actions.estimate import estimate as measure
from cockpit.actions.expectation import price_of
from cockpit.actions.start import StartPlan, find_config
from cockpit.commands.common import say
from cockpit.domain.estimate import Misfit, cost_of
from cockpit.domain.guard import Consent
from cockpit.domain.script import find_script
from cockpit.domain.text import safe
from cockpit.errors import UsageError
from cockpit.project import Project

_REALLY = (
    "What the script does before its first step is done for real, and so is what its callbacks do in the measured "
    "ones; then it is ended."
)


def estimate(project: Project, arguments: Namespace) -> int:
    """Measure, and tell the facts of a start; 1 where it does not fit."""
    words, again = arguments.words, arguments.again
    if len(words) == 1 and find_script(words) is None:
        found = measure(project, find_config(project, words[0]), arguments.overrides, again=again, tell=_draw)
    elif arguments.overrides:
        raise UsageError("--set changes a config, and this is a command", "Cannot set that", "Change the command")
    else:
        found = estimate_script(project, words, Path.cwd(), again=again, tell=_warn_and_draw)
    if sys.stderr.isatty():
        print(end="\r\x1b[K", file=sys.stderr)
    say(_record(project, found), arguments, _text(found))
    return 1 if isinstance(found.found, Misfit) else 0


def _warn_and_draw(progress: Progress) -> None:
    if progress.phase == "starting":
        print(_REALLY, file=sys.stderr)
    _draw(progress)


def _draw(progress: Progress) -> None:
    if not sys.stderr.isatty():
        return
    done = f" step {progress.step} of {progress.of}" if progress.of else ""
    print(f"\r\x1b[K{progress.phase}{done}", end="", file=sys.stderr, flush=True)


def _text(estimate: Estimate) -> str:
    question = estimate.plan.question
    lines = [f"  {fact.label:<14} {'! ' if fact.level else ''}{fact.value}" for fact in question.facts]
    asks = "its name typed" if question.consent is Consent.TYPED else "a light yes"
    known = " (as measured before; --again measures anew)" if estimate.cached else ""
    return "\n".join([f"A run of {safe(question.subject)} would take{known}:", *lines, f"A start asks for {asks}."])


def _record(project: Project, estimate: Estimate) -> dict[str, object]:
    found, question = estimate.found, estimate.plan.question
    record: dict[str, object] = {
        "config" if isinstance(estimate.plan, StartPlan) else "script": question.subject,
        "fits": not isinstance(found, Misfit),
        "cached": estimate.cached,
        "consent": str(question.consent),
        "facts": question.as_facts(),
        "measured": asdict(found),
    }
    if isinstance(found, Misfit):
        return record
    cost, price = cost_of(found), price_of(project)
    likely = cost.seconds[1] if cost.seconds else None
    hours = None if likely is None else likely / 3600 * found.gpus
    return record | {
        "seconds": dict(zip(("low", "likely", "high"), cost.seconds, strict=True)) if cost.seconds else None,
        "gpu_hours": hours,
        "money": None if hours is None or price.gpu_hour is None else hours * price.gpu_hour,
        "currency": price.currency,
        "kilowatt_hours": None if likely is None or found.watts is None else likely * found.watts / 3.6e6,
        "checkpoint_bytes": cost.disk,
    }
