"""Changing a training under way, noting what was seen, and the file that changes nothing: with real processes."""

import json
import time
from pathlib import Path

import pytest
from support.hostile import HOSTILE
from support.processes import wait_until
from support.project import Project

from cockpit.actions.modify import modify, plan_modify
from cockpit.actions.permission import make_guard
from cockpit.domain.guard import Answer, Consent, Permit, PermitVoid
from cockpit.domain.policy import Action
from cockpit.errors import NotPossible
from cockpit.project import Project as Folder
from cockpit.runs.reader import RunReader
from cockpit.tui.feed import LiveFeed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A run that goes on for the whole module."""
    project = Project(tmp_path_factory.mktemp("modify") / "project")
    project.start()
    yield project
    project.close()


def asked(run):
    return sorted(path.name for path in run.requests.iterdir())


def guard(project):
    return make_guard(Folder(project.folder), "test")


def test_without_a_yes_nothing_is_asked_of_the_trainer(project):
    before = asked(project.run())
    refused = project.cockpit("modify", "latest", "lr=x0.5", "--json", check=False)
    facts = json.loads(refused.stdout)["facts"]
    assert (refused.returncode, facts["lr"], facts["needs"]) == (3, "0.001 → 0.0005", "--yes")
    assert "LambdaLR goes on in its shape" in facts["schedule"]
    assert "recorded at its step" in facts["reproducible"]
    assert asked(project.run()) == before


def test_a_yes_changes_it_and_everything_tells(project):
    answer = json.loads(project.cockpit("modify", "latest", "log_every_n_steps=20", "--yes", "--json").stdout)
    assert (answer["verb"], answer["ok"], answer["path"][:22]) == ("modify", True, "checkpoints/requested-")
    listed = json.loads(project.cockpit("modify", "latest", "--json").stdout)
    assert listed["log_every_n_steps"] == 20
    status = project.cockpit("status").stdout
    assert "log_every_n_steps 50 → 20" in status
    (mark,) = json.loads(project.cockpit("status", "--json").stdout)["marks"]
    assert (mark["kind"], mark["text"], mark["in_force"]) == ("change", "log_every_n_steps 50 → 20", True)
    assert "log_every_n_steps 50 → 20" in project.cockpit("handoff").stdout
    audit = json.loads(project.cockpit("audit", "--json").stdout)
    assert [e.get("outcome") for e in audit["entries"] if e["action"] == "modify"][-1] == "done"


def test_what_changes_much_wants_the_name_typed(project):
    run = project.run()
    for values in ({"lr": "x3"}, {"lr": 1e-9}, {"max_steps": 3_000_000}):
        assert plan_modify(run, values).question.consent is Consent.TYPED
    assert plan_modify(run, {"lr": "x2"}).question.consent is Consent.LIGHT
    assert project.cockpit("modify", "latest", "lr=x3", "--yes", check=False).returncode == 3
    (project.folder / "cockpit.toml").write_text("[guard]\nlight_factor = 4\n")
    try:
        assert plan_modify(run, {"lr": "x3"}).question.consent is Consent.LIGHT
    finally:
        (project.folder / "cockpit.toml").unlink()


def test_a_longer_run_says_where_it_ends_and_that_the_schedule_does_not_stretch(project):
    facts = plan_modify(project.run(), {"max_steps": 1_500_000}).question.as_facts()
    assert facts["ends"] == "at step 1,500,000 instead of 1,000,000"
    assert "keeps the horizon" in facts["schedule"]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["lr=fast"], 2, "no number"),
        (["lr"], 2, "key=value"),
        (["max_step=9"], 2, "did you mean max_steps?"),
        (["patience=3"], 1, "it has none"),
        (["max_steps=1"], 1, "reached already"),
        (["max_steps=1000000"], 1, "these values already"),
        (["lr=nan"], 2, "no value"),
        (["lr=-1"], 2, "too small"),
    ],
)
def test_bad_values_are_refused_before_anybody_is_asked(project, words, code, why):
    before = asked(project.run())
    refused = project.cockpit("modify", "latest", *words, "--allow", "modify", check=False)
    assert (refused.returncode, why in refused.stderr) == (code, True), refused.stderr
    assert asked(project.run()) == before


def test_a_forged_a_used_and_another_permit_ask_nothing(project):
    run, keeper = project.run(), guard(project)
    plan = plan_modify(run, {"lr": "x0.9"})
    before = asked(run)
    forged = Permit(Action.MODIFY, plan.question.digest, time.monotonic() + 100, "0" * 16, "0" * 64)
    other = keeper.permit(plan_modify(run, {"lr": "x0.8"}).question, Answer.yes())
    for permit in (forged, other):
        with pytest.raises(PermitVoid):
            modify(plan, permit, keeper)
    assert asked(run) == before
    permit = keeper.permit(plan.question, Answer.yes())
    modify(plan, permit, keeper)
    with pytest.raises((PermitVoid, NotPossible)):
        modify(plan, permit, keeper)
    assert len(asked(run)) == len(before) + 1


@pytest.mark.parametrize(
    "text", [text for text in HOSTILE if text.strip() and len(text) <= 500 and not set(text) & set("\0\ud800")]
)
def test_a_note_of_any_text_is_kept_and_obeyed_nowhere(project, text):
    project.cockpit("note", "latest", "--", text)
    state = RunReader(project.run()).poll()
    assert (state.marks[-1].kind, state.marks[-1].text) == ("note", " ".join(text.split())[:500])
    for shown in (project.cockpit("status").stdout, project.cockpit("handoff").stdout):
        assert not any(c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u200b\u2066" for c in shown.replace("\n", ""))


def test_no_note_that_is_empty_too_long_or_read_only(project):
    for words, code in ((["note", "latest", " "], 2), (["note", "latest", "x" * 501], 2)):
        assert project.cockpit(*words, check=False).returncode == code
    for verb in (["note", "latest", "x"], ["modify", "latest", "lr=x0.5", "--yes"]):
        assert project.cockpit("--read-only", *verb, check=False).returncode == 1


def test_a_secret_in_a_note_is_not_kept(project):
    project.cockpit("note", "latest", "works with sk-ant-abcdefghij0123456789")
    assert b"abcdefghij" not in project.run().notes.read_bytes()


def test_an_edited_config_file_is_told_within_two_seconds(project):
    file = project.folder / "configs" / "tiny.yaml"
    whole, feed = file.read_text(), LiveFeed(Folder(project.folder))
    feed.poll()
    assert feed.poll().config_changes == ()
    file.write_text(whole.replace("1000000", "2000000"))
    began = time.monotonic()
    lines = wait_until(lambda: feed.poll().config_changes, "the edit")
    assert time.monotonic() - began < 2
    assert any(line.startswith("+") and "2000000" in line for line in lines)
    told = project.cockpit("status").stdout
    assert "this will not change the running experiment" in told
    assert "2000000" in told
    file.write_text(whole)
    wait_until(lambda: feed.poll().config_changes == (), "the file as it was")
    assert json.loads(project.cockpit("status", "--json").stdout)["config_changes"] == []


def test_a_resume_says_what_it_sets_again_and_what_it_leaves_behind(tmp_path):
    project = Project(tmp_path / "project")
    try:
        run = project.start()
        project.cockpit("modify", "latest", "max_steps=900000", "--yes")
        project.steps_on(run)
        project.cockpit("stop", "latest", "--yes")
        state = RunReader(run).poll()
        project.cockpit("note", "latest", "ended by hand")
        assert RunReader(run).poll().marks[-1].step == state.step
        assert project.cockpit("modify", "latest", "lr=x0.5", "--yes", check=False).returncode == 1
        early = min((Path(c.path) for c in state.checkpoints), key=lambda path: path.stat().st_mtime)
        for words, label in (((), "set again"), (("--from", early.name), "left behind")):
            refused = project.cockpit("resume", "latest", *words, "--json", check=False)
            facts = json.loads(refused.stdout)["facts"]
            assert "max_steps 1,000,000 → 900,000" in facts[label]
            assert "schedule" not in facts
    finally:
        project.close()
