"""What the source says: an effect stands inside the spending of a permit, and whatever acts without one says why."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import cockpit
from cockpit import actions
from cockpit.actions import control
from cockpit.domain.policy import Action

# What leaves cockpit, as it is called: a runner, a download, a signal, an upload, a move, a shell.
OWN = {"self.put", "keeper.kill"}  # a panel's text; the child of a dry run
EFFECTS = {"launch", "download", "terminate", "kill", "unsuspend", "create", "upload", "put", "purge"}
# What acts without a permit, and why that is harmless.
HARMLESS = {
    "control.ask": "a checkpoint, a pause, going on, a measurement: nothing is lost, and another key undoes it",
    "estimate.estimate": "some twenty steps in a child that keeps nothing and gets no key; a start is asked by them",
    "estimate.estimate_script": "the same of a script, ended there; that it runs up to there for real is said before",
    "export.export": "a new folder on this disk, mode 0600: nothing leaves the machine, nothing is overwritten",
    "export.write_export": "the same, into a folder that the caller made",
    "init.init": "new files in a folder that was named; none is overwritten",
    "notes.note": "one line more in a run",
    "resolved.resolve_config": "a LightningCLI reads a config, in a child that trains nothing and gets no key",
    "stacks.dump_stacks": "a signal that a recorded trainer answers with its stacks",
    "weights.weigh": "a request whose answer reads the weights around one step and changes none",
}
LOOKING = (
    "begin.recording", "card.card_of", "card.reveals", "changes.changes_since", "control.answer_text", "control.ladder",
    "control.stop_question", "control.wait_for_answer", "control.wait_for_end", "delete.plan_delete",
    "delete.plan_purge", "digest.digest", "environment.child_environment", "environment.key_fact",
    "environment.outside_runs",
    "expectation.code_state", "expectation.consent_of", "expectation.device_key", "expectation.disk_fact",
    "expectation.expect", "expectation.expect_rest", "expectation.expect_script", "expectation.price_of",
    "expectation.visible_gpus", "export.find_source", "export.told_files", "fetch.find_source", "fetch.plan_fetch",
    "fetch.standings", "fix.fix_question", "fix.fixable", "growth.go_on_question", "growth.watch_of", "init.plan_init",
    "keys.keys_question", "keys.naming_question", "modify.parse_changes", "modify.plan_modify", "modify.present",
    "modify.values_now",
    "named.file_facts", "named.named_files", "named.state_of",
    "overrides.apply_overrides", "overrides.read_with", "permission.audit_path", "permission.make_guard",
    "place.device_fact", "place.free_space", "place.logout_facts", "record.launch_record", "reference.find_checkpoint",
    "replay.plan_replay", "resume.launch_spec", "resume.plan_resume", "said.length_fact", "said.seed_fact",
    "script.arguments_before", "script.measured_as", "script.plan_script", "script.python_of", "script.resume_setting",
    "script.script_fact", "script.source_of", "share.plan_share", "share.share_question", "start.find_config",
    "start.plan_start", "verify.verify_handoff",
)  # fmt: skip


def functions():
    for module in pkgutil.iter_modules(actions.__path__):
        loaded = importlib.import_module(f"cockpit.actions.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and not name.startswith("_"):
                yield f"{module.name}.{name}", function


def test_every_function_of_the_actions_takes_a_permit_or_is_known_to_need_none():
    without = {name for name, function in functions() if "Permit" not in str(inspect.signature(function))}
    assert without == {*HARMLESS, *LOOKING}


def called(node):
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def effects(node, guarded=False):
    """Each call of an effect below ``node``, and whether a permit is spent around it."""
    if isinstance(node, ast.With):
        guarded = guarded or any(
            called(call) in ("spend", "spending") for call in ast.walk(node) if isinstance(call, ast.Call)
        )
    if isinstance(node, ast.Call) and called(node) in EFFECTS and ast.unparse(node.func) not in OWN:
        hands_on = any(isinstance(word, ast.Name) and word.id == "permit" for word in node.args)
        yield ast.unparse(node), guarded or hands_on
    for child in ast.iter_child_nodes(node):
        yield from effects(child, guarded)


def sources(*packages):
    for package in packages:
        yield from sorted((Path(cockpit.__file__).parent / package).rglob("*.py"))


@pytest.mark.parametrize("package", ["actions", "commands", "tui"])
def test_an_effect_stands_inside_the_spending_of_a_permit(package):
    found = [(path.name, *effect) for path in sources(package) for effect in effects(ast.parse(path.read_text()))]
    assert [each for each in found if not each[2]] == []
    assert package != "actions" or len(found) >= 9


def test_only_a_guard_makes_permits():
    makers = [
        path.name
        for path in sources(".")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and called(node) == "Permit"
    ]
    assert makers == ["guard.py"]


def test_what_needs_a_permit_cannot_be_asked_for_as_harmless(place):
    for verb in ("stop", "modify"):
        with pytest.raises(ValueError, match=verb):
            control.ask(place.live, verb)
    assert place.effects == []


def test_every_action_is_asked_about_by_some_deed():
    asked = {action for action in Action for path in sources("actions") if f"Action.{action.name}" in path.read_text()}
    assert asked == set(Action)
