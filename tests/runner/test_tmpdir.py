"""TMPDIR lies beside the checkpoints, and data workers can open sockets in it."""

import os
import subprocess
import sys

import pytest

from cockpit.runner.tmpdir import clear_tmpdir, prepare_tmpdir
from cockpit.runs.layout import RunPaths

LISTEN = "from multiprocessing.connection import Listener; Listener(family='AF_UNIX').close()"


@pytest.fixture(params=["short", "x" * 90])
def run(tmp_path, request):
    run = RunPaths(tmp_path / request.param)
    run.root.mkdir()
    yield run
    clear_tmpdir(run)


def test_sockets_fit_however_long_the_path_of_the_run(run):
    path = prepare_tmpdir(run)
    assert path.resolve() == run.tmp.resolve()
    subprocess.run([sys.executable, "-c", LISTEN], env={**os.environ, "TMPDIR": str(path)}, check=True)


def test_leftovers_go_and_so_does_the_link(run):
    path = prepare_tmpdir(run)
    (path / "torn.ckpt").write_text("x")
    assert list(prepare_tmpdir(run).iterdir()) == []
    clear_tmpdir(run)
    assert not run.tmp.exists()
    assert not path.is_symlink()


def test_a_file_of_somebody_else_in_the_links_place_is_left_alone(tmp_path):
    run = RunPaths(tmp_path / ("y" * 90))
    run.root.mkdir()
    link = prepare_tmpdir(run)
    link.unlink()
    link.write_text("mine")
    try:
        assert prepare_tmpdir(run) == run.tmp
        clear_tmpdir(run)
        assert link.read_text() == "mine"
    finally:
        link.unlink()
