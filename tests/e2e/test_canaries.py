"""Secrets in the environment, the config, the command line and the log: in nothing that is handed on."""

import json
import re
from pathlib import Path

import pytest
from support.processes import wait_until

pytestmark = pytest.mark.slow
CANARIES = {
    "environment": "canary-env-5d1fc09a",
    "config": "sk-ant-canary-config-77aa0",
    "argv": "hf_canaryargv0123456789",
    "log": "ghp_canarylog0123456789abcdef",
}


@pytest.fixture
def planted(make_project):
    """A run whose trainer fails with a secret in its last words, and everything a cockpit writes about it."""
    project = make_project(trainer="lightning_trainer")
    config = project.folder / "configs" / "tiny.yaml"
    tree = json.loads(config.read_text())
    tree["fake"] |= {"api_key": CANARIES["config"], "note": "none"}
    config.write_text(json.dumps(tree))
    script = project.folder / "trainers" / "__main__.py"
    words = f"cannot log in with {CANARIES['log']}"
    script.write_text(script.read_text().replace("the data are cursed", words).replace("self.raise_at:", "12:"))
    keys = {"WANDB_API_KEY": CANARIES["environment"], "XDG_CONFIG_HOME": str(project.folder / "home")}
    start = ("start", "tiny", "--allow", "start", "--detach", "--json", "--set", f"fake.note={CANARIES['argv']}")
    refused = project.cockpit(*start, check=False, **keys)
    assert refused.returncode == 3
    for fingerprint in json.loads(refused.stdout)["facts"].values():
        project.cockpit("keys", fingerprint, "test", **keys)
    folder = Path(json.loads(project.cockpit(*start, **keys).stdout)["path"])
    wait_until((folder / "handoff.md").exists, "the handoff of the runner")
    for command in (["handoff", "latest"], ["handoff", "--all"], ["resume", "latest"], ["status"], ["audit"]):
        project.cockpit(*command, check=False, **keys)
    return project, folder


def test_no_secret_is_handed_on(planted):
    project, folder = planted
    written = [folder / name for name in ("run.json", "journal.jsonl", "runner.jsonl", "handoff.md", "handoff.json")]
    written += [project.folder / "HANDOFF.md", *project.folder.glob("runs/*.jsonl"), *folder.glob("attempts/*.json")]
    assert all(path.exists() for path in written), sorted(path.name for path in folder.iterdir())
    found = {(path.name, kind) for path in written for kind, secret in CANARIES.items() if secret in path.read_text()}
    assert found == set()
    assert "[redacted]" in (folder / "handoff.md").read_text(), "the failure is told, its secret is not"
    assert CANARIES["log"] in (folder / "output.log").read_text(), "the trainer's own output is its own"


def test_no_secret_is_on_the_screen(planted):
    project, _ = planted
    window = project.window(size=(200, 50))
    window.wait_for("FAILED")
    window.press("h")
    window.wait_for("ML SESSION HANDOFF")
    window.press("\x1b")
    window.press("r")
    window.wait_for("Resume tiny|cannot|Nothing to resume")
    raw = re.sub(rb"\x1b\[[0-?]*[ -/]*[@-~]", b"", bytes(window.raw)).decode(errors="replace")
    assert {kind for kind, secret in CANARIES.items() if secret in raw} <= {"log"}


def test_no_secret_of_a_script_without_a_recorder_is_handed_on(make_project):
    project = make_project()
    script = f"raise ValueError('cannot log in with {CANARIES['log']}')\n"
    (project.folder / "fail.py").write_text(script)
    keys = {"WANDB_API_KEY": CANARIES["environment"], "XDG_CONFIG_HOME": str(project.folder / "home")}
    start = ("run", "--allow", "start", "--detach", "--json", "--", "python", "fail.py", CANARIES["environment"])
    folder = Path(json.loads(project.cockpit(*start, **keys).stdout)["path"])
    wait_until((folder / "handoff.md").exists, "the handoff of the runner")
    project.cockpit("handoff", "--all", **keys)
    written = [path for path in folder.rglob("*") if path.is_file() and path.name != "output.log"]
    written += [project.folder / "HANDOFF.md", *project.folder.glob("runs/*.jsonl")]
    found = {
        (path.name, kind)
        for path in written
        for kind, secret in CANARIES.items()
        if secret in path.read_text(errors="replace")
    }
    assert found == set()
    assert "cannot log in with [redacted]" in (folder / "handoff.md").read_text()
