"""Inside tmux: detach, reattach at another size, resize; and the server killed under the cockpit."""

import shutil
import subprocess

import pytest
from support.processes import alive, wait_until
from support.project import COCKPIT, START, gone, step_shown, unbroken

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here: apt-get install tmux"),
]


@pytest.fixture
def tmux(project, tmp_path):
    """Runs a tmux command on a server of its own and gives what it printed."""
    socket = tmp_path / "tmux"

    def run(*words, check=True):
        command = ["tmux", "-S", socket, "-f", "/dev/null", *words]
        return subprocess.run(
            command, cwd=project.folder, env=project.environment, capture_output=True, text=True, check=check
        ).stdout

    run.attach = lambda **how: project.window(argv=["tmux", "-S", str(socket), "attach"], **how)
    yield run
    run("kill-server", check=False)


def clients(tmux):
    return len(tmux("list-clients").splitlines())


def test_detach_reattach_and_resize(project, tmux):
    tmux("new-session", "-d", "-x", "140", "-y", "40", COCKPIT, *START)
    first = tmux.attach()
    first.wait_for("RUNNING")
    run, (cockpit,) = project.run(), wait_until(project.cockpits, "the cockpit")
    tmux("detach-client")
    first.process.wait()
    state = project.steps_on(run)
    assert alive(cockpit.pid)

    second = tmux.attach(size=(80, 24))
    wait_until(lambda: clients(tmux) == 1, "the client")
    further = step_shown(second, state.step)
    second.wait_for(run.id.rsplit("-", 1)[-1])
    second.resize(140, 40)
    second.wait_for(r"Runs[\s\S]+learning rate")
    second.resize(20, 5)
    second.wait_for(r"(?i)running")
    second.resize(100, 30)
    second.press("q")
    wait_until(lambda: not alive(cockpit.pid), "the cockpit to close")
    assert project.steps_on(run)
    assert unbroken(run) > further


def test_the_server_is_killed(project, tmux):
    tmux("new-session", "-d", "-x", "140", "-y", "40", COCKPIT, *START)
    run, old = project.run(), wait_until(project.cockpits, "the cockpit")
    before = project.steps_on(run)
    tmux("kill-server")
    gone(old)
    assert project.steps_on(run).step > before.step
    assert unbroken(run) > before.step
