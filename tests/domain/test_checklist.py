"""Facts to ticks: every check can be each of its signs, with evidence and a remedy that a shell understands."""

import subprocess

import pytest

from cockpit.domain.checklist import GpuFact, ProjectFacts, checklist, ready

GOOD = {
    "environment_kind": "venv", "environment_name": ".venv", "environment_prefix": "/p/.venv",
    "packages": {"torch": "2.13.0+cpu", "lightning": "2.6.6"}, "gpus": [GpuFact("H100")], "data_exists": True,
    "data_bytes": 31_000_000, "data_files": 12, "data_parts": ("raw", "processed"), "configs": ["gpt.yaml"],
    "trackers": ["TensorBoard"],
}  # fmt: skip


def check(key, **facts):
    return next(c for c in checklist(ProjectFacts(**GOOD | facts)) if c.key == key)


def test_a_good_project_is_ready():
    checks = checklist(ProjectFacts(**GOOD))
    assert [c.status for c in checks] == ["ok"] * 6
    assert ready(checks)


@pytest.mark.parametrize(
    ("key", "facts", "status", "evidence"),
    [
        ("environment", {"environment_kind": "system"}, "warn", "system Python"),
        ("environment", {"environment_kind": "conda", "environment_name": "ml"}, "ok", "conda ml"),
        ("packages", {"packages": {"torch": None, "lightning": None}}, "bad", "no torch"),
        ("gpu", {"gpus": [], "gpu_error": "no NVIDIA driver"}, "warn", "none: CPU"),
        ("gpu", {"gpus": [GpuFact("H100", ("bob python",))]}, "warn", "1× H100, busy"),
        ("gpu", {"gpus": [GpuFact("A"), GpuFact("B")]}, "ok", "2× GPU"),
        ("data", {"data_exists": False}, "warn", "no data/"),
        ("data", {"data_bytes": 0}, "warn", "made on first start"),
        ("config", {"configs": []}, "bad", "none"),
        ("config", {"broken_configs": {"x.yaml": "line 3: oops"}}, "bad", "x.yaml broken"),
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
