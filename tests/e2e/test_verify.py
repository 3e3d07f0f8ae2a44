"""``cockpit verify`` on a real handoff, after this and that has happened to what it names; and the overview."""

import json
from pathlib import Path

import pytest
from support.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory):
    """A project in a folder of a hostile name, with one stopped run and its handoff."""
    project = Project(tmp_path_factory.mktemp("verify") / 'it\'s a $(project)\n"dir"')
    run = project.start()
    project.cockpit("stop", "latest", "--yes")
    project.cockpit("handoff", "latest")
    yield project, run
    project.close()


def verified(handed_over, **environment):
    project, run = handed_over
    done = project.cockpit("verify", str(run.handoff_md), "--json", check=False, **environment)
    result = json.loads(done.stdout)
    assert done.returncode == (0 if result["holds"] else 1)
    return {check["label"]: check for check in result["checks"]}


def test_it_holds(handed_over):
    checks = verified(handed_over)
    assert {check["status"] for check in checks.values()} == {"ok"}
    assert set(checks) >= {"project", "cockpit", "run", "checkpoint", "config", "GPU"}


def test_a_checkpoint_that_was_damaged_or_is_gone(handed_over):
    _, run = handed_over
    checkpoint = Path(json.loads(run.handoff_json.read_text())["run"]["last_checkpoint"])
    whole = checkpoint.read_bytes()
    middle = len(whole) // 2
    try:
        checkpoint.write_bytes(whole[:middle])
        assert verified(handed_over)["checkpoint"]["status"] == "bad"
        checkpoint.unlink()
        assert "gone" in verified(handed_over)["checkpoint"]["detail"]
    finally:
        checkpoint.write_bytes(whole)
    assert verified(handed_over)["checkpoint"]["status"] == "ok"


def test_a_config_that_was_edited_and_its_remedy(handed_over):
    project, run = handed_over
    run.config.write_text(run.config.read_text().replace('"seed_everything": 1', '"seed_everything": 2'))
    check = verified(handed_over)["config"]
    assert (check["status"], "seed_everything" in check["detail"]) == ("bad", True)
    project.paste(check["remedy"])
    assert verified(handed_over)["config"]["status"] == "ok"


def test_a_moved_project(handed_over):
    project, _ = handed_over
    elsewhere = project.folder.with_name("elsewhere")
    copy = elsewhere.with_suffix(".md")
    copy.write_bytes(handed_over[1].handoff_md.read_bytes())
    project.folder.rename(elsewhere)
    try:
        done = project.cockpit("--project", str(elsewhere), "verify", str(copy), check=False, cwd=elsewhere)
    finally:
        elsewhere.rename(project.folder)
    assert done.returncode == 1
    assert "is not there" in done.stdout


@pytest.mark.parametrize("content", ["", "# a letter\n", "## ML SESSION HANDOFF\n```bash\ncd 'x\n```\n"], ids=range(3))
def test_what_is_no_handoff_is_a_word_of_its_own(handed_over, tmp_path, content):
    (tmp_path / "x.md").write_text(content)
    done = handed_over[0].cockpit("verify", str(tmp_path / "x.md"), check=False)
    assert (done.returncode, "Not a handoff" in done.stderr) == (2, True)


def test_the_overview_has_every_run_that_is_not_finished(handed_over):
    project, run = handed_over
    printed = project.cockpit("handoff", "--all").stdout
    document = (project.folder / "HANDOFF.md").read_text()
    assert printed.strip() == document.strip()
    assert run.id in document
    assert document.count("## ML SESSION HANDOFF") == 1
