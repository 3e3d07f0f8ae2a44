"""KillUserProcesses=yes is found wherever it is set, told, and kept away from the run."""

import os
import sys

import pytest

from cockpit.runner.logout import Logout, at_logout

CGROUP = "0::/user.slice/user-1000.slice/session-3.scope\n"


class Machine:
    """A machine made of files: systemd, a login session, and what each test adds."""

    def __init__(self, root):
        self.root = root
        (root / "run/systemd/system").mkdir(parents=True)
        self.write("proc/self/cgroup", CGROUP)
        self.environment = {"PATH": str(root / "bin"), "XDG_RUNTIME_DIR": str(root / "runtime")}

    def write(self, path, content=""):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content)

    def config(self, content, path="etc/systemd/logind.conf"):
        self.write(path, f"[Login]\n{content}\n")

    def with_manager(self):
        self.write("runtime/systemd/private")
        self.write("bin/systemd-run")
        (self.root / "bin/systemd-run").chmod(0o755)

    def look(self, user="ada"):
        return at_logout(self.root, self.environment, user)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("config", "user", "ends"),
    [
        ("", "ada", False),
        ("#KillUserProcesses=yes", "ada", False),
        ("KillUserProcesses=no", "ada", False),
        ("KillUserProcesses=yes", "ada", True),
        ("KillUserProcesses = True", "ada", True),
        ("KillUserProcesses=yes", "root", False),
        ("KillUserProcesses=yes\nKillExcludeUsers=", "root", True),
        ("KillUserProcesses=yes\nKillExcludeUsers=root ada", "ada", False),
        ("KillUserProcesses=yes\nKillOnlyUsers=bob", "ada", False),
        ("KillUserProcesses=yes\nKillOnlyUsers=bob ada", "ada", True),
    ],
)
def test_whom_it_ends(machine, config, user, ends):
    machine.config(config)
    assert machine.look(user).ends is ends


def test_drop_ins_come_after_and_etc_hides_its_namesake(machine):
    machine.config("KillUserProcesses=no")
    machine.config("KillUserProcesses=yes", "usr/lib/systemd/logind.conf.d/50-site.conf")
    assert machine.look().ends
    machine.config("KillUserProcesses=no", "etc/systemd/logind.conf.d/50-site.conf")
    assert not machine.look().ends
    machine.config("KillUserProcesses=yes", "run/systemd/logind.conf.d/90-late.conf")
    assert machine.look().ends


def test_without_systemd_or_outside_a_session_nothing_is_ended(machine):
    machine.config("KillUserProcesses=yes")
    machine.write("proc/self/cgroup", "0::/user.slice/user-1000.slice/user@1000.service/tmux.scope\n")
    assert not machine.look().ends
    machine.write("proc/self/cgroup", CGROUP)
    (machine.root / "run/systemd/system").rmdir()
    assert machine.look() == Logout()


def test_a_scope_spares_the_run_only_where_the_user_lingers(machine):
    machine.config("KillUserProcesses=yes")
    assert machine.look().wrapper == ()
    assert "ask an administrator" in machine.look().told()
    machine.with_manager()
    assert machine.look().wrapper[:3] == ("systemd-run", "--user", "--scope")
    assert not machine.look().spared
    assert "loginctl enable-linger" in machine.look().told()
    machine.write("var/lib/systemd/linger/ada")
    assert machine.look().spared
    assert "a scope of its own" in machine.look().told()


def test_the_runner_is_started_through_the_wrapper(run, monkeypatch):
    from cockpit.runner import launch as launching

    noted = run.folder / "noted"
    wrapper = run.folder / "wrapper"
    wrapper.write_text(f'#!/bin/sh\necho "$@" > {noted}\nshift\nexec "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr(launching, "at_logout", lambda: Logout(True, True, (str(wrapper), "--scope")))
    run.finish("print('trained')")
    assert noted.read_text().startswith(f"--scope {sys.executable} -P -m cockpit.runner {run.paths.root}")
    assert run.output() == "trained\n"
    assert run.event("exit")["code"] == os.EX_OK


def test_a_user_without_a_name_lingers_as_little_as_any(machine, monkeypatch):
    def nameless():
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    machine.config("KillUserProcesses=yes")
    machine.write("var/lib/systemd/linger/bob")
    assert not machine.look(None).lingers
