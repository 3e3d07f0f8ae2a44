"""Making a project ready: laying it out, checking it, mending it."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from cockpit.actions.fix import fix, fix_question, fixable
from cockpit.actions.init import InitPlan, init, plan_init
from cockpit.actions.permission import make_guard
from cockpit.commands.common import say, say_checks
from cockpit.commands.consent import ask_lightly, consent, person_here
from cockpit.domain.checklist import Check, checklist, ready
from cockpit.domain.guard import Refused
from cockpit.domain.text import safe, shell_line, shell_word
from cockpit.errors import NeedsPermission, NotPossible
from cockpit.probes.gpu import GpuProbe
from cockpit.project import Project
from cockpit.project.config_files import configs
from cockpit.project.gathering import gather
from cockpit.project.scripts import scripts


def init_project(_: Project, arguments: Namespace) -> int:
    """Lay out a project in a folder; what is there already is kept."""
    plan = plan_init(Path(arguments.folder or arguments.project or "."), arguments.template)
    if plan.made and not arguments.yes:
        _agree(plan, arguments)
    made = init(plan)
    record = {"folder": str(plan.folder.absolute()), "template": plan.template, "made": made, "kept": plan.kept}
    say(record, arguments, "\n".join(_told(plan, made)))
    return 0


def _agree(plan: InitPlan, arguments: Namespace) -> None:
    where, made = safe(plan.folder.absolute(), 200), ", ".join(plan.made)
    title = f"Lay out a new project ({plan.template}) in {where}?"
    command = shell_line(["cockpit", "init", str(plan.folder), "--template", plan.template, "--yes"])
    if not person_here():
        raise NeedsPermission(title, {"makes": made, "keeps": ", ".join(plan.kept) or "–"}, f"To allow it: {command}")
    print(f"{title}\n  makes  {made}")
    if plan.kept:
        print(f"  keeps  {', '.join(plan.kept)}, as they are")
    if not ask_lightly("Lay it out"):
        raise Refused("Nothing was changed", "Not laid out")


def _told(plan: InitPlan, made: tuple[str, ...]) -> list[str]:
    from cockpit.probes.declared import declared
    from cockpit.probes.environment import environment
    from cockpit.probes.needs import needs

    lines = [*(f"  + {name}" for name in made), *(f"  = {name} (kept)" for name in plan.kept)]
    unmet = needs(declared(plan.folder), environment()).unmet
    lines += [f"Not installed yet: {', '.join(map(str, unmet))}"] if unmet else []
    lines += ["Then:"] + [f"  cd {shell_word(str(plan.folder))}"] * (plan.folder != Path())
    lines += ["  python -m pip install -r requirements.txt"] if unmet else []
    config = next((Path(name).stem for name in (*plan.made, *plan.kept) if name.startswith("configs/")), "CONFIG")
    return [*lines, "  python -m pytest", f"  cockpit start {config}"]


def check(project: Project, arguments: Namespace) -> int:
    """Is the project ready? 1 where something is not."""
    if arguments.fix and project.read_only:
        raise NotPossible("--read-only: there is no --fix", "This cockpit only looks")
    found = _checks(project)
    if arguments.fix:
        found = _fix(project, found, arguments)
    if arguments.json:
        print(json.dumps({"ready": ready(found), "checks": [asdict(one) for one in found]}))
    else:
        say_checks(found)
        if ready(found):
            print(f"Then: {_next(project)}")
    return 0 if ready(found) else 1


def _next(project: Project) -> str:
    """The command that trains something here."""
    own = [config for config in configs(project) if not config.shipped]
    if own:
        return shell_line(["cockpit", "start", own[0].name])
    runnable = scripts(project)
    return shell_line(["cockpit", "run", "--", "python", runnable[0].path.name]) if runnable else "cockpit demo"


def _checks(project: Project) -> tuple[Check, ...]:
    return checklist(gather(project, GpuProbe().sample()))


def _fix(project: Project, found: tuple[Check, ...], arguments: Namespace) -> tuple[Check, ...]:
    """Every remedy in its turn, each after a yes; what one of them mends on the way is not asked about."""
    wanted = fixable(found)
    if wanted and not arguments.yes and not person_here():
        commands = {one.label: one.remedy for one in wanted}
        raise NeedsPermission("Run these remedies?", commands, "To allow them: cockpit check --fix --yes")
    if not wanted:
        print("There is nothing that cockpit can mend.", file=sys.stderr)
    guard = make_guard(project, "cli")
    arguments.allow = []
    for key in [one.key for one in wanted]:
        one = next((one for one in fixable(found) if one.key == key), None)
        if one is None:
            continue
        question = fix_question(project, one)
        try:
            permit = consent(guard, question, arguments)
        except Refused:
            print(f"{one.label}: left as it is", file=sys.stderr)
            continue
        # where JSON is asked for, it stands alone on stdout
        code = fix(project, one, permit, guard, output=sys.stderr if arguments.json else sys.stdout)
        if code:
            print(f"{one.label}: the remedy ended with {code}", file=sys.stderr)
        found = _checks(project)
    return found
