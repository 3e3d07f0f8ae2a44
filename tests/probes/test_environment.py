"""Which environment, and a line that really enters it."""

import os
import subprocess
import sys

import pytest

from cockpit.probes import environment as probe


@pytest.fixture(params=["plain", "it's a", "$(here)", 'say "so"', "`x`"])
def prefix(tmp_path, monkeypatch, request):
    folder = tmp_path / request.param
    (folder / "bin").mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(folder))
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    return folder


def entered(line):
    done = subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", "bash", "-ec", f'{line}\necho "$PATH|$CONDA_PREFIX|$VIRTUAL_ENV"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip().split("|")


def test_a_venv_is_entered_whatever_its_path(prefix):
    subprocess.run([sys._base_executable, "-m", "venv", "--without-pip", prefix], check=True)
    found = probe.environment()
    assert (found.kind, found.name) == ("venv", prefix.name)
    path, _, active = entered(found.activate)
    assert active == str(prefix)
    assert path.startswith(f"{prefix}/bin:")
    assert ("activate" in found.activate) == (prefix.name in ("plain", "it's a"))


def test_a_conda_prefix_is_known_by_its_folder_and_entered_without_conda(prefix):
    (prefix / "conda-meta").mkdir()
    found = probe.environment()
    assert (found.kind, found.prefix) == ("conda", str(prefix))
    path, active, _ = entered(found.activate)
    assert active == str(prefix)
    assert path == f"{prefix}/bin:/usr/bin:/bin"


@pytest.mark.parametrize(("variable", "tool"), [("CONDA_EXE", "conda"), ("MAMBA_EXE", "micromamba")])
def test_a_conda_prefix_is_entered_by_the_tool_that_is_there(prefix, tmp_path, monkeypatch, variable, tool):
    (prefix / "conda-meta").mkdir()
    made = tmp_path / tool
    function = f'{tool}() {{ [ "$1" = activate ] && export CONDA_PREFIX="$2"; }}'
    made.write_text(f"#!/bin/bash\ncat <<'END'\n{function}\nEND\n")
    made.chmod(0o755)
    monkeypatch.setenv(variable, str(made))
    assert entered(probe.environment().activate)[1] == str(prefix)


def test_the_system_python_needs_no_entering(prefix, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", str(prefix))
    assert (probe.environment().kind, probe.environment().activate) == ("system", "")


def test_packages_are_told_without_importing_them():
    assert probe.installed("textual") == probe.packages()["textual"]
    assert probe.installed("no-such-package") is None
    look = "from cockpit.probes.environment import installed; installed('torch')"
    script = f"import sys; {look}; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True, env=os.environ) == "False\n"
