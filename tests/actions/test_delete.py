"""Deleting on real files: what is refused, what is moved, what comes back, and what a crash leaves."""

import json
import os
import shutil

import pytest
from support.project import Project

from cockpit.actions.delete import delete, plan_delete
from cockpit.actions.permission import make_guard
from cockpit.domain.guard import Answer, PermitVoid, Refused
from cockpit.errors import CannotWrite, NotPossible
from cockpit.project import Project as Folder
from cockpit.runs.trash import Trash

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A stopped run with three checkpoints, made once."""
    project = Project(tmp_path_factory.mktemp("delete") / "project")
    run = project.start()
    for _ in range(2):
        project.cockpit("checkpoint", "latest")
        project.steps_on(run)
    project.cockpit("stop", "latest", "--yes")
    yield project
    project.close()


@pytest.fixture
def project(made, tmp_path):
    """A copy of it, to delete from."""
    shutil.copytree(made.folder, tmp_path / "project", symlinks=True)
    copy = object.__new__(Project)
    copy.__dict__.update(made.__dict__)
    copy.folder = tmp_path / "project"
    return copy


def checkpoints(project):
    return sorted(path.name for path in project.run().checkpoints.iterdir())


def guard(project):
    return make_guard(Folder(project.folder), "test")


def test_without_a_yes_nothing_moves(project):
    before = checkpoints(project)
    refused = project.cockpit("delete", "latest", before[0], "--json", check=False)
    assert refused.returncode == 3
    facts = json.loads(refused.stdout)["facts"]
    assert before[0] in facts["checkpoint"]
    assert facts["left"].startswith("2, the newest good one")
    assert refused.stdout.count(f"cockpit delete {project.run().id} {before[0]} --json --yes") == 1
    assert checkpoints(project) == before


def test_what_is_left_is_called_good_only_if_it_is_finite(project):
    journal = project.run().journal
    told = [json.loads(line) for line in journal.read_text().splitlines()]
    told = [event | {"finite": False} if event["event"] == "checkpoint" else event for event in told]
    journal.write_text("".join(f"{json.dumps(event)}\n" for event in told))
    refused = project.cockpit("delete", "latest", checkpoints(project)[0], "--json", check=False)
    assert json.loads(refused.stdout)["facts"]["left"].startswith("2, none of them finite")


def test_a_checkpoint_goes_and_comes_back(project):
    before = checkpoints(project)
    content = (project.run().checkpoints / before[0]).read_bytes()
    moved = json.loads(project.cockpit("delete", "latest", before[0], "--yes", "--json").stdout)
    assert checkpoints(project) == before[1:]
    assert [item["name"] for item in json.loads(project.cockpit("trash", "--json").stdout)] == [before[0]]
    project.cockpit("trash", "restore", moved[0]["id"])
    assert (project.run().checkpoints / before[0]).read_bytes() == content
    assert project.cockpit("trash").stdout == "The trash is empty.\n"
    assert "delete" in project.cockpit("audit").stdout


def test_a_run_needs_its_name_and_a_purge_the_projects(project):
    assert project.cockpit("delete", "latest", "--yes", check=False).returncode == 3
    project.cockpit("delete", "latest", "--allow", "delete")
    assert json.loads(project.cockpit("runs", "--json").stdout) == []
    assert project.cockpit("trash", "purge", "--yes", check=False).returncode == 3
    (entry,) = json.loads(project.cockpit("trash", "--json").stdout)
    project.cockpit("trash", "purge", entry["id"], "--allow", "delete")
    assert list((project.folder / "runs" / ".trash").iterdir()) == []


def test_pruning_keeps_what_the_rules_name(project):
    before = checkpoints(project)
    both = project.cockpit("delete", "latest", before[0], "--keep", "last", "--yes", check=False)
    assert (both.returncode, "and so do names" in both.stderr) == (2, True)
    assert checkpoints(project) == before
    project.cockpit("delete", "latest", "--keep", "last", "--yes")
    assert len(checkpoints(project)) == 1
    assert checkpoints(project)[0].startswith("stopped")
    nothing = project.cockpit("delete", "latest", "--keep", "last", "--yes", check=False)
    assert (nothing.returncode, "nothing beyond" in nothing.stderr) == (1, True)
    wrong = project.cockpit("delete", "latest", "--keep", "worst", "--yes", check=False)
    assert wrong.returncode == 2
    assert len(before) == 3


def test_a_link_and_what_it_points_to_stay(project):
    run, (first, *_) = project.run(), checkpoints(project)
    (run.checkpoints / "last.ckpt").symlink_to(first)
    for name, word in (("last.ckpt", "is a link"), (first, "points to")):
        refused = project.cockpit("delete", "latest", name, "--yes", check=False)
        assert (refused.returncode, word in refused.stderr) == (1, True), refused.stderr
    assert (run.checkpoints / first).exists()


def test_a_folder_that_became_a_link_is_not_followed(project, tmp_path):
    run, (first, *_) = project.run(), checkpoints(project)
    plan = plan_delete(run, [first])
    permit = guard(project).permit(plan.question, Answer.yes())
    elsewhere = tmp_path / "precious"
    run.checkpoints.rename(elsewhere)
    run.checkpoints.symlink_to(elsewhere)
    with pytest.raises((NotPossible, PermitVoid)):
        delete(plan, permit, guard(project))
    assert (elsewhere / first).exists()


def test_another_file_under_the_same_name_is_not_what_was_agreed_to(project):
    run, (first, *_) = project.run(), checkpoints(project)
    keeper = guard(project)
    plan = plan_delete(run, [first])
    permit = keeper.permit(plan.question, Answer.yes())
    (run.checkpoints / first).write_bytes(b"something else, larger than before" * 1000)
    with pytest.raises(PermitVoid):
        delete(plan, permit, keeper)
    assert first in checkpoints(project)


def test_a_no_moves_nothing(project):
    plan = plan_delete(project.run(), checkpoints(project)[:1])
    with pytest.raises(Refused):
        guard(project).permit(plan.question, Answer.no())
    assert len(checkpoints(project)) == 3


@pytest.mark.parametrize("fails", ["rename", "fsync"])
def test_a_file_system_that_refuses_leaves_it_in_one_place(project, monkeypatch, fails):
    run, (first, *_) = project.run(), checkpoints(project)
    keeper = guard(project)
    plan = plan_delete(run, [first])
    permit = keeper.permit(plan.question, Answer.yes())
    true = getattr(os, fails)

    def refuse(*arguments, **options):
        if fails == "rename" and options:
            raise OSError(30, "Read-only file system")
        return true(*arguments, **options)

    monkeypatch.setattr(os, fails, refuse)
    if fails == "rename":
        with pytest.raises(CannotWrite):
            delete(plan, permit, keeper)
        assert first in checkpoints(project)
        assert Trash(run.root.parent).items() == ()
    else:
        (item,) = delete(plan, permit, keeper)
        assert Trash(run.root.parent).place(item).exists()


def test_a_manifest_without_its_file_is_not_in_the_trash(project):
    trash = Trash(project.folder / "runs")
    item = trash.put(project.run().checkpoints / checkpoints(project)[0], "checkpoint")
    trash.place(item).unlink()
    assert trash.items() == ()


def test_of_an_active_run_neither_the_newest_nor_the_whole(tmp_path):
    project = Project(tmp_path / "live")
    try:
        run = project.start()
        project.cockpit("checkpoint", "latest")
        (only,) = checkpoints(project)
        for words, told in ((["latest", only], "the newest of a run"), (["latest"], "may be at work")):
            refused = project.cockpit("delete", *words, "--allow", "delete", check=False)
            assert refused.returncode == 1
            assert told in refused.stderr.lower() + refused.stderr
        assert run.root.exists()
    finally:
        project.close()
