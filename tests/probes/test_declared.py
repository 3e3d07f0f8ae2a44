"""What a project declares, in every form and in hostile ones, against what is installed."""

import os
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from cockpit.domain.needs import Unmet
from cockpit.probes.declared import declared
from cockpit.probes.environment import Environment, installed
from cockpit.probes.needs import conda_tool, names, needs

VENV = Environment("venv", ".venv", "/p/.venv", sys.executable, "3.11.7", "")


def unmet(folder, active=VENV):
    return {one.name: one.found for one in needs(declared(folder), active).unmet}


def test_requirements_with_includes_markers_and_options(tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "requirements.txt").write_text(
        "--index-url https://x\n-r more/gpu.txt\nnumpy>=1  # fine\nno-such-a[x]>=2 --hash=sha256:00\n-c pins.txt\n"
        "no-such-b; python_version < '3'\nno-such-c ; sys_platform == 'linux'\nnumpy \\\n  <1\n./folder\n-e .\n"
    )
    (tmp_path / "more" / "gpu.txt").write_text("-r ../requirements.txt\ntextual==0.1\n")
    found = needs(declared(tmp_path), VENV)
    assert found.sources == ("requirements.txt", "more/gpu.txt")
    assert {one.name: one.found for one in found.unmet} == {
        "textual": installed("textual"), "no-such-a": None, "no-such-c": None, "numpy": installed("numpy"),
    }  # fmt: skip
    assert found.unknown == 1
    assert [one.name for one in found.missing] == ["no-such-a", "no-such-c"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["no-such-a>=1", "numpy"]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3"\nno-such-a = "^1"\nnumpy = {version = "^2"}\n'),
        ("setup.cfg", "[options]\ninstall_requires =\n    no-such-a>=1\n    numpy\n"),
        ("environment.yml", "name: ml\ndependencies: [python, gcc, pip, {pip: [no-such-a, numpy, -r x]}]\n"),
    ],
)
def test_every_form_is_read(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert unmet(tmp_path) == {"no-such-a": None}
    assert needs(declared(tmp_path), VENV).sources == (name,)


def test_an_active_conda_environment_is_compared_by_its_own_records(tmp_path):
    prefix = tmp_path / "envs" / "ml"
    (prefix / "conda-meta").mkdir(parents=True)
    for record in ("numpy-1.26.4-py311_0", "cuda-toolkit-12.4-0", "history"):
        (prefix / "conda-meta" / f"{record}.json").touch()
    (tmp_path / "environment.yml").write_text(
        "name: ml\ndependencies:\n- python=3.11\n- conda-forge::numpy=1.25\n- cuda-toolkit>=12\n- ffmpeg\n"
        "- pytorch=1.*=cuda*\n"
    )
    found = declared(tmp_path)
    assert (found.conda_name, names(found)) == ("ml", ["python", "numpy", "cuda-toolkit", "ffmpeg", "torch"])
    active = Environment("conda", "ml", str(prefix), sys.executable, "3.11.7", "")
    assert unmet(tmp_path, active) == {"numpy": "1.26.4", "ffmpeg": None, "pytorch": installed("torch")}
    # elsewhere a library that is no Python package says nothing, a framework does
    assert unmet(tmp_path) == {"numpy": installed("numpy"), "pytorch": installed("torch")}


def test_an_environment_that_was_made_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("CONDA_EXE", str(tmp_path / "bin" / "conda"))
    (tmp_path / "environment.yml").write_text("name: ml\n")
    assert not needs(declared(tmp_path), VENV).conda_made
    (tmp_path / "envs" / "ml" / "conda-meta").mkdir(parents=True)
    assert needs(declared(tmp_path), VENV).conda_made


@pytest.mark.parametrize(
    ("variables", "programs", "tool"),
    [
        ({}, [], ""),
        ({}, ["micromamba"], "micromamba"),
        ({}, ["mamba", "conda"], "conda"),
        ({"CONDA_EXE": "gone/conda"}, [], ""),
        ({"MAMBA_EXE": "micromamba"}, ["conda", "micromamba"], "micromamba"),
        ({"CONDA_EXE": "conda", "MAMBA_EXE": "mamba"}, ["conda", "mamba"], "conda"),
    ],
)
def test_the_tool_of_conda_is_one_that_is_there(tmp_path, monkeypatch, variables, programs, tool):
    for name in ("CONDA_EXE", "MAMBA_EXE"):
        monkeypatch.delenv(name, raising=False)
    for name, program in variables.items():
        monkeypatch.setenv(name, str(tmp_path / program))
    for program in programs:
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert conda_tool() == tool


def hostile(folder, kind):
    path = folder / "requirements.txt"
    if kind == "huge":
        path.write_text("numpy\n" * 200_000)
    elif kind == "many":
        path.write_text("".join(f"no-such-{i}\n" for i in range(20_000)))
    elif kind == "binary":
        path.write_bytes(bytes(range(256)) * 10)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "nul":
        path.write_text("-r a\0b\n")
    else:
        for i in range(100):
            (folder / f"{i}.txt").write_text(f"-r {i + 1}.txt\nno-such-{i}\n")
        path.symlink_to("0.txt")


@pytest.mark.parametrize("kind", ["huge", "many", "binary", "pipe", "device", "circle", "folder", "nul", "chain"])
def test_a_hostile_file_costs_little_and_is_told(tmp_path, kind):
    hostile(tmp_path, kind)
    start = time.process_time()
    found = needs(declared(tmp_path), VENV)
    assert time.process_time() - start < 5
    assert found.problems or found.unmet
    assert len(found.unmet) <= 2000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    strategies.sampled_from(["requirements.txt", "pyproject.toml", "setup.cfg", "environment.yml"]),
    strategies.binary(max_size=60)
    | strategies.text(max_size=60).map(str.encode)
    | strategies.sampled_from(
        [
            b"project = 3", b"[project]\ndependencies = 3", b"[tool]\npoetry = 1", b"dependencies: 3\nname: [1]",
            b"[options]\ninstall_requires = %(x)s", b"a" * 50 + b";" * 9, b"[project]\ndependencies = [[1]]",
            b"[tool.poetry.dependencies]\nx = [{version = 1}]", b"- a\n- b", b"x @ file:///etc/passwd",
        ]
    ),
)  # fmt: skip
def test_no_content_is_a_crash(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    found = declared(tmp_path)
    needs(found, VENV)
    names(found)
    (tmp_path / name).unlink()


def test_nothing_declared_is_imported(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch\nlightning\npandas\n")
    look = (
        "import sys, pathlib; from cockpit.project import Project;"
        "from cockpit.project.gathering import gather; from cockpit.probes.gpu import GpuReport;"
        f"gather(Project(pathlib.Path({str(tmp_path)!r})), GpuReport());"
        "print({'torch', 'lightning', 'pandas'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", look], text=True) == "set()\n"


def test_what_is_unmet_is_told_in_one_word():
    assert str(Unmet("numpy", "<2", "2.1")) == "numpy<2 (is 2.1)"
    assert str(Unmet("peft", "", None)) == "peft (missing)"
