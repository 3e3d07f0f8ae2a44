"""What lies beside the records says where a run comes from, is read once, and read anew when it changes."""

import pytest

from cockpit.domain.vitals import Origin
from cockpit.sources import origin
from cockpit.sources.origin import with_files


def test_the_first_seed_counts_and_what_another_file_adds(tmp_path):
    (tmp_path / "hparams.yaml").write_text("seed: 3\n")
    assert with_files(Origin(), [tmp_path]) == Origin(3, "hparams.yaml")
    (tmp_path / "config.yaml").write_text("seed_everything: 42\ntrainer:\n  deterministic: true\n")
    assert with_files(Origin(), [tmp_path]) == Origin(42, "config.yaml", deterministic=True)
    assert with_files(Origin(7, "its config"), [tmp_path]) == Origin(7, "its config", deterministic=True)


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(origin, "text", lambda path, real=origin.text: read.append(path.name) or real(path))
    (tmp_path / "hparams.yaml").write_text("lr: 1\n")
    for _ in range(3):
        assert with_files(Origin(), [tmp_path]).seed is None
    (tmp_path / "hparams.yaml").write_text("lr: 1\nseed: 5\n")
    for _ in range(3):
        assert with_files(Origin(), [tmp_path]).seed == 5
    assert read == ["hparams.yaml"] * 2


@pytest.mark.parametrize("seed", ["9" * 5000, "-1", "0x7", "seven", "[3]"], ids=lambda seed: seed[:5])
def test_what_is_no_seed_is_not_told(tmp_path, seed):
    (tmp_path / "hparams.yaml").write_text(f"seed: {seed}\n")
    assert with_files(Origin(), [tmp_path, tmp_path / "missing"]) == Origin()
