"""The criteria in print, and what of the settings for alerts is printed."""

import json
import time

from support.project import Place

from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.scalars import ScalarWriter


def begun(folder):
    run = RunPaths(folder / "runs" / "2026-11-25T0000-tiny-7f3a")
    run.root.mkdir(parents=True)
    run.run_json.write_text("{}")
    now, journal = time.time(), JournalWriter(run.journal)
    journal.write("attach", attempt=1)
    journal.write("tag", tag=0, name="train/loss")
    journal.write("fit_start", step=0, epoch=0, steps_total=100, seed=None, deterministic=False, device="cpu")
    ScalarWriter(run.scalars).write([(step, now, 1.0, 0, 0) for step in range(1, 30)])
    return run


def test_a_failing_criterion_is_exit_code_1(tmp_path):
    begun(tmp_path)
    done = Place(tmp_path).cockpit("criteria", check=False)
    assert done.returncode == 1
    assert "✗ Reproducible: fails" in done.stdout
    assert "→ Call seed_everything" in done.stdout
    record = json.loads(Place(tmp_path).cockpit("criteria", "7f3a", "--json", check=False).stdout)
    assert [criterion["key"] for criterion in record["criteria"]] == [
        "reproducible", "metrics", "checkpoints", "memory", "gradients", "validation",
    ]  # fmt: skip


def test_a_run_that_has_not_begun_is_too_early(tmp_path):
    run = RunPaths(tmp_path / "runs" / "2026-11-25T0000-tiny-7f3a")
    run.root.mkdir(parents=True)
    run.run_json.write_text("{}")
    done = Place(tmp_path).cockpit("criteria")
    assert "too early" in done.stdout


def test_where_alerts_go_is_printed_by_scheme_alone(tmp_path):
    (tmp_path / "cockpit.toml").write_text('[alerts]\nurls = ["ntfys://user:s3cret@example.org/topic"]\n')
    for words in (("config",), ("config", "--json"), ("config", "--explain")):
        told = Place(tmp_path).cockpit(*words).stdout
        assert "ntfys://" in told
        assert "s3cret" not in told
        assert "example.org" not in told
