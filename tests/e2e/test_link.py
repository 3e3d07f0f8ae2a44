"""Losing the line in every way there is: the run goes on, the old cockpit goes, a new one shows the same run."""

import shlex

import pytest
from support.processes import MARK, alive, cpu_seconds, marked, wait_until
from support.project import COCKPIT, START, gone, step_shown, unbroken

pytestmark = pytest.mark.slow
BUSY = 0.5  # of a core: a process that spins on a dead terminal takes all of one


def over_ssh(project, sshd, port, *words):
    """A person at home: ssh to the machine, cockpit there."""
    line = shlex.join(["cd", str(project.folder)])
    setting = {"PATH": project.environment["PATH"], "LANG": "C.UTF-8", MARK: str(project.folder)}
    environment = shlex.join(["env", *(f"{name}={value}" for name, value in setting.items())])
    remote = f"{line} && exec {environment} {shlex.join([COCKPIT, *words])}"
    return project.window(argv=sshd.command(port, remote))


def nothing_spins(project, run):
    """While training takes steps, nobody uses a core up."""
    processes = marked(project.folder)
    before = {process: cpu_seconds(process) for process in processes}
    began = project.steps_on(run, 1)
    ended = project.steps_on(run, 60)
    seconds = ended.updated - began.updated
    for process in processes:
        assert alive(process.pid), process
        assert cpu_seconds(process) - before[process] < BUSY * seconds + 0.1, process


def begin(project, sshd, port):
    """Start a run over ssh; gives the window, the run, the step on the screen and the cockpit's processes."""
    window = over_ssh(project, sshd, port, *START)
    window.wait_for("RUNNING")
    run, step = project.run(), step_shown(window)
    return window, run, step, wait_until(project.cockpits, "the cockpit")


def goes_on(project, sshd, run, step):
    """Training goes on quietly, and another line shows the same run further on, with every step of its curve."""
    nothing_spins(project, run)
    again = over_ssh(project, sshd, sshd.port)
    again.wait_for(run.id.rsplit("-", 1)[-1])
    step_shown(again, step + 1)
    assert unbroken(run) > step


def survives(project, sshd, port, cut):
    """Start over ssh, cut the line, look again through another one."""
    window, run, step, old = begin(project, sshd, port)
    cut(window)
    project.steps_on(run)
    gone(old)
    goes_on(project, sshd, run, step)


def test_the_client_is_killed(project, sshd):
    survives(project, sshd, sshd.port, lambda window: window.kill())


def test_the_connection_is_reset(project, sshd, relay):
    survives(project, sshd, relay.port, lambda window: relay.reset())


def test_the_network_falls_silent_under_a_live_screen(project, sshd, relay):
    """sshd asks whether the client lives only after a quiet second, and a live screen is never quiet that long.

    The old cockpit stays until TCP gives the line up; here the relay's reset stands for that.
    """
    _, run, step, old = begin(project, sshd, relay.port)
    relay.silence()
    goes_on(project, sshd, run, step)
    relay.reset()
    gone(old)


def test_the_network_falls_silent_under_a_quiet_screen(make_project, sshd, relay):
    """An idle cockpit writes nothing, so that sshd notices by ClientAliveInterval and hangs up."""
    project = make_project(steps=20)
    window = over_ssh(project, sshd, relay.port, *START)
    window.wait_for("FINISHED")
    old = project.cockpits()
    relay.silence()
    gone(old)
    over_ssh(project, sshd, sshd.port).wait_for("FINISHED")


def test_the_window_is_closed(project, sshd):
    survives(project, sshd, sshd.port, lambda window: window.hang_up())


def test_the_window_is_closed_without_ssh(project):
    window = project.window(*START)
    step = step_shown(window)
    run, old = project.run(), project.cockpits()
    window.hang_up()
    gone(old)
    project.steps_on(run)
    nothing_spins(project, run)
    step_shown(project.window(), step + 1)
    assert unbroken(run) > step


def test_the_cockpit_is_killed(project, loops):
    run = project.start()
    for _ in range(loops(3, 50)):
        window = project.window()
        step = step_shown(window)
        window.kill()
        window.hang_up()
        assert project.steps_on(run).step > step
    assert project.cockpits() == []
    step_shown(project.window(), step + 1)
    assert unbroken(run) > step
