"""The recovery blocks of real handoffs, pasted into a bare bash: by kind of environment, with and without cockpit."""

import json
import os
import re
import site
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import DEADLINE, wait_until
from support.project import Project

from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow
STEPS = 150
_TOOL = """#!/bin/sh
# as `micromamba shell hook -s bash` does, in what a recovery block uses of it
cat <<'END'
micromamba() { [ "$1" = activate ] && export CONDA_PREFIX="$2" PATH="$2/bin:$PATH" ACTIVATED_BY=micromamba; }
END
"""


def conda_prefix(folder):
    """A prefix as conda lays one out: an interpreter of its own, ``conda-meta``, and no ``pyvenv.cfg``."""
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
    for part in ("bin", "conda-meta", f"{library}/site-packages"):
        (folder / part).mkdir(parents=True)
    base = Path(sys.base_prefix)
    for entry in (base / library).iterdir():
        if entry.name != "site-packages":
            (folder / library / entry.name).symlink_to(entry)
    python = folder / "bin" / "python3"
    python.write_bytes(Path(os.path.realpath(sys.executable)).read_bytes())
    python.chmod(0o755)
    packages = [path for path in site.getsitepackages() if path.startswith(sys.prefix)]
    (folder / library / "site-packages" / "borrowed.pth").write_text(
        "".join(f"import site; site.addsitedir({path!r})\n" for path in packages)
    )
    command = folder / "bin" / "cockpit"
    command.write_text(f"#!{python}\nimport sys\nfrom cockpit.cli import main\nsys.exit(main())\n")
    command.chmod(0o755)
    return str(command)


@pytest.fixture(params=["venv", "conda", "micromamba"])
def stopped(request, tmp_path):
    """A project of a hostile name and its run, stopped on the way; the handoff is the runner's own."""
    options, environment = {}, {}
    if request.param != "venv":
        options["command"] = conda_prefix(tmp_path / "prefix")
    if request.param == "micromamba":
        tool = tmp_path / "bin of mine" / "micromamba"
        tool.parent.mkdir()
        tool.write_text(_TOOL)
        tool.chmod(0o755)
        environment["MAMBA_EXE"] = str(tool)
    folder = tmp_path / 'it\'s a $(project) "dir"'
    project = Project(folder, steps=STEPS, trainer="lightning_trainer", **options)
    run = project.start(**environment)
    project.cockpit("stop", "latest", "--yes", **environment)
    recorded = json.loads(run.run_json.read_text())["environment"]["kind"]
    assert recorded == ("venv" if request.param == "venv" else "conda")
    yield run, request.param
    project.close()


def pasted(block):
    done = subprocess.run(
        ["bash", "-c", block], cwd="/", env={"PATH": os.defpath}, capture_output=True, text=True, timeout=DEADLINE,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    assert done.returncode == 0, block + done.stdout + done.stderr
    return done.stdout


def test_both_ways_go_on_at_the_named_step(stopped):
    run, kind = stopped
    document = run.handoff_md.read_text()
    at = RunReader(run).poll().step
    with_cockpit, without = re.findall(r"```bash\n(.*?)```", document, re.DOTALL)
    assert f"step {at}/{STEPS}" in document
    assert ("micromamba activate" in with_cockpit) == (kind == "micromamba")

    printed = pasted(without)
    assert re.findall(r"step (\d+)", printed)[0] == str(at), "the trainer alone goes on with that very step"

    pasted(with_cockpit)
    state = wait_until(lambda: (s := RunReader(run).poll()).state == "finished" and s, "the end", DEADLINE)
    assert (state.attempt, state.step) == (2, STEPS)
