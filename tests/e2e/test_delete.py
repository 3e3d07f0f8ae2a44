"""Deleting on the screen: the cursor, the question, the trash, and back."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def window(project):
    """A cockpit over a stopped run with two checkpoints, the cursor in the list of checkpoints."""
    run = project.start()
    project.cockpit("checkpoint", "latest")
    project.cockpit("stop", "latest", "--yes")
    window = project.window()
    window.wait_for(r"Checkpoints[\s\S]+step[\s\S]+step")
    return run, window


def names(run):
    return sorted(path.name for path in run.checkpoints.iterdir())


def test_a_checkpoint_after_a_no_and_a_yes_and_back(window):
    run, window = window
    before = names(run)
    window.press("\td")  # from the runs to the checkpoints
    window.wait_for("Delete (requested|stopped)")
    window.press("\r")  # Cancel has the focus
    window.wait_for("nothing was changed")
    assert names(run) == before
    window.press("d")
    window.wait_for("Delete (requested|stopped)")
    window.press("y")
    window.wait_for("is in the trash")
    assert len(names(run)) == 1
    window.press("u")
    window.wait_for("is back")
    assert names(run) == before


def test_a_run_wants_its_name(window, project):
    run, window = window
    window.press("d")
    window.wait_for("Delete the run")
    window.press("y\r")
    window.wait_for("nothing was changed")
    assert run.root.exists()
    window.press("d")
    window.wait_for("Delete the run")
    window.press(run.id.rsplit("-", 1)[-1] + "\r")
    window.wait_for("is in the trash")
    assert not run.root.exists()
    window.press("u")
    window.wait_for("is back")
    assert run.root.exists()
