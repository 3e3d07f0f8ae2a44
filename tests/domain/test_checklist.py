"""Facts to ticks: every check can be each of its signs, with evidence and a remedy that a shell understands."""

import shlex
import subprocess
from dataclasses import replace

import pytest

from cockpit.domain.checklist import GpuFact, ProjectFacts, checklist, ready
from cockpit.domain.needs import Needs, Unmet
from cockpit.domain.shape import Shape, config_kind, frameworks_of

GOOD = {
    "environment_kind": "venv", "environment_name": ".venv", "environment_prefix": "/p/.venv",
    "packages": {"torch": "2.13.0+cpu", "lightning": "2.6.6"}, "gpus": [GpuFact("H100")], "data_exists": True,
    "data_bytes": 31_000_000, "data_files": 12, "data_parts": ("raw", "processed"), "configs": ["gpt.yaml"],
    "trackers": ["TensorBoard"], "shape": Shape(("requirements.txt",), ("Lightning", "PyTorch"), ("configs",)),
    "config_kinds": ["lightning"],
}  # fmt: skip


def conda_needs(name):
    return Needs(sources=("environment.yml",), conda_file="environment.yml", conda_name=name)


def pip_needs(*unmet):
    return Needs(sources=("requirements.txt",), declared=2, unmet=unmet)


def check(key, **facts):
    return next(c for c in checklist(ProjectFacts(**GOOD | facts)) if c.key == key)


def test_a_good_project_is_ready():
    checks = checklist(ProjectFacts(**GOOD))
    assert [c.status for c in checks] == ["ok"] * 8
    assert ready(checks)


@pytest.mark.parametrize(
    ("key", "facts", "status", "evidence"),
    [
        ("environment", {"environment_kind": "system"}, "warn", "system Python"),
        ("environment", {"environment_kind": "conda", "environment_name": "ml"}, "ok", "conda ml"),
        ("environment", {"needs": conda_needs("ml")}, "warn", "not ml"),
        (
            "environment",
            {"environment_kind": "conda", "environment_name": "ml", "needs": conda_needs("ml")},
            "ok",
            "conda ml",
        ),
        (
            "environment",
            {"environment_kind": "conda", "environment_name": "base", "needs": conda_needs("ml")},
            "warn",
            "not ml",
        ),
        ("environment", {"shells_prefix": "/other"}, "warn", "not active"),
        ("packages", {"needs": pip_needs(Unmet("peft", "", None))}, "bad", "1 missing"),
        ("packages", {"needs": pip_needs(Unmet("numpy", "<2", "2.1"))}, "warn", "1 differ"),
        ("packages", {"needs": Needs(problems=("requirements.txt: not text",))}, "warn", "unreadable"),
        ("project", {}, "ok", "Lightning"),
        ("project", {"shape": Shape(("environment.yml",), ("TensorFlow",))}, "warn", "watch only"),
        ("project", {"shape": Shape(("setup.py",))}, "ok", "by setup.py"),
        ("project", {"shape": Shape()}, "warn", "unknown"),
        ("packages", {"packages": {"torch": None, "lightning": None}}, "bad", "no torch"),
        ("gpu", {"gpus": [], "gpu_error": "no NVIDIA driver"}, "warn", "none: CPU"),
        ("gpu", {"gpus": [GpuFact("H100", ("bob python",))]}, "warn", "1× H100, busy"),
        ("gpu", {"gpus": [GpuFact("A"), GpuFact("B")]}, "ok", "2× GPU"),
        ("data", {"data_exists": False}, "warn", "no data/"),
        ("data", {"data_bytes": 0}, "warn", "made on first start"),
        ("data", {"data_counted": False}, "ok", "data/ over 29.6 MiB"),
        ("config", {"configs": []}, "bad", "none"),
        ("config", {"configs_shipped": True}, "ok", "1 shipped"),
        ("config", {"configs_shipped": True, "scripts": ["train.py"]}, "ok", "train.py"),
        ("config", {"configs_shipped": True, "scripts": ["a.py", "b.py"]}, "ok", "2 scripts"),
        ("data", {"data_exists": False, "scripts": ["train.py"]}, "ok", "by its scripts"),
        ("data", {"data_bytes": 0, "scripts": ["train.py"]}, "warn", "data/ is empty"),
        ("tracking", {"configs_shipped": True, "scripts": ["train.py"]}, "ok", "by its scripts"),
        ("config", {"broken_configs": {"configs/x.yaml": "line 3: oops"}}, "bad", "x.yaml broken"),
        ("tracking", {"trackers": []}, "bad", "none"),
    ],
)
def test_each_sign_has_its_evidence_and_a_remedy(key, facts, status, evidence):
    found = check(key, **facts)
    assert (found.status, found.evidence) == (status, evidence)
    if found.remedy:
        subprocess.run(["bash", "-n", "-c", found.remedy], check=True)
    assert found.remedy or status != "bad"


def test_whose_process_is_on_the_gpu():
    assert "GPU 0 with bob python" in check("gpu", gpus=[GpuFact("H100", ("bob python",))]).detail


def test_what_stands_in_the_way():
    assert not ready(checklist(ProjectFacts(**GOOD | {"configs": []})))
    assert ready(checklist(ProjectFacts(**GOOD | {"gpus": []})))


@pytest.mark.parametrize(
    ("kind", "needs", "remedy"),
    [
        ("venv", pip_needs(), "/my\\ python -m pip install -r requirements.txt"),
        ("conda", pip_needs(), "/my\\ python -m pip install -r requirements.txt"),
        ("conda", conda_needs("ml"), "mamba env update -f environment.yml"),
        ("venv", conda_needs("ml"), "mamba env create -f environment.yml"),
        (
            "venv",
            replace(conda_needs("ml"), sources=("req.txt", "environment.yml")),
            "/my\\ python -m pip install -r req.txt",
        ),
        ("venv", Needs(sources=("pyproject.toml",)), "/my\\ python -m pip install -e ."),
        ("venv", Needs(), ""),
    ],
)
def test_the_remedy_fits_the_environment(kind, needs, remedy):
    assert needs.install(kind, "mamba", "/my\\ python") == remedy


@pytest.mark.parametrize("kind", ["venv", "system", "conda"])
def test_where_no_conda_is_installed_none_is_in_a_remedy(kind):
    unmet = replace(conda_needs("ml"), declared=1, unmet=(Unmet("pytorch", "", None),))
    for key in ("environment", "packages"):
        found = check(key, needs=unmet, environment_kind=kind, conda_tool="")
        assert (found.remedy, found.mends and bool(found.remedy)) == ("", False)
        assert "environment.yml is for conda, and no conda, mamba or micromamba is on the PATH here." in found.detail


def test_without_conda_a_venv_is_the_way_only_where_pip_can_install_what_is_declared():
    both = replace(conda_needs("ml"), sources=("requirements.txt", "environment.yml"))
    made = check("environment", needs=both, environment_kind="system", conda_tool="")
    assert (made.status, made.remedy) == ("warn", "python3 -m venv .venv && source .venv/bin/activate")
    assert "no conda" in made.detail
    active = check("environment", needs=both, conda_tool="")
    assert (active.status, active.remedy) == ("ok", "")
    assert "no conda" in active.detail
    assert "requirements.txt" in check("environment", needs=conda_needs("ml"), conda_tool="").detail
    assert both.install("venv", "", "python") == "python -m pip install -r requirements.txt"


def test_an_environment_that_is_there_is_entered_by_hand():
    made = check("environment", needs=replace(conda_needs("ml"), conda_made=True))
    assert (made.remedy, made.mends) == ("conda activate ml", False)
    assert check("environment", needs=conda_needs("ml")).mends


def test_only_what_a_cockpit_may_run_mends():
    unmet = pip_needs(Unmet("peft", "", None))
    assert check("packages", needs=unmet).mends
    assert not check("packages", needs=unmet, environment_kind="system").mends
    assert not check("packages", needs=replace(conda_needs("ml"), unmet=unmet.unmet, conda_made=True)).mends
    assert check("data", data_exists=False).mends
    assert not check("config", configs=[]).mends
    assert not check("gpu", gpus=[], gpu_remedy="nvidia-smi").mends


def test_names_from_files_are_words_of_a_shell_in_remedies():
    hostile = check("config", broken_configs={"configs/a; rm -rf x.yaml": "oops"}).remedy
    assert shlex.split(hostile)[1] == "configs/a; rm -rf x.yaml"
    hostile = check("data", data_exists=False, data_folder="$(x)").remedy
    assert shlex.split(hostile)[2] == "$(x)/raw"
    assert "'$(x)/raw'" in hostile


def test_a_framework_is_known_by_its_packages():
    assert frameworks_of(["pytorch-lightning", "Torch"]) == ("Lightning", "PyTorch")
    assert frameworks_of(["trl", "keras"]) == ("transformers", "TensorFlow")
    assert not Shape(("x",), ("PyTorch", "TensorFlow")).only_watched
    assert config_kind({"trainer": 3, "model": [], "data": None}) == "other"


def test_what_is_there_and_what_is_not_is_told_without_a_reproach():
    told = check("project").detail
    assert "Has configs; not data/raw, data/processed, models, notebooks, src." in told
