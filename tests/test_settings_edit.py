"""What is kept in cockpit.toml leaves the rest of it alone."""

import pytest

from cockpit.errors import SettingsError, UsageError
from cockpit.project import Project
from cockpit.project.settings_edit import keep_resume

TEMPLATE = "python train.py --resume {checkpoint}"


def test_a_file_is_made_where_there_is_none(tmp_path):
    keep_resume(Project(tmp_path), "train.py", TEMPLATE)
    assert Project(tmp_path).settings.scripts["train.py"].resume == TEMPLATE


def test_comments_and_other_settings_stay(tmp_path):
    file = tmp_path / "cockpit.toml"
    file.write_text('# ours\ndata = "d"  # here\n\n[launch]\nenv_pass = ["A"]  # why\n\n[cost]\ngpu_hour = 2.0\n')
    keep_resume(Project(tmp_path), "train.py", TEMPLATE)
    text = file.read_text()
    assert all(part in text for part in ("# ours", "# here", "# why", "gpu_hour = 2.0"))
    found = Project(tmp_path).settings
    assert (found.scripts["train.py"].resume, found.launch.env_pass, found.data) == (TEMPLATE, ("A",), "d")


def test_each_script_has_its_own_and_what_is_said_anew_counts(tmp_path):
    for script, template in (("a.py", TEMPLATE), ("pkg.train", "x {checkpoint}"), ("a.py", "y {checkpoint}")):
        keep_resume(Project(tmp_path), script, template)
    found = {name: script.resume for name, script in Project(tmp_path).settings.scripts.items()}
    assert found == {"a.py": "y {checkpoint}", "pkg.train": "x {checkpoint}"}


@pytest.mark.parametrize("template", ["", "python train.py", "python 'train.py --resume {checkpoint}"])
def test_a_command_that_cannot_resume_is_refused(tmp_path, template):
    with pytest.raises(UsageError):
        keep_resume(Project(tmp_path), "train.py", template)
    assert not list(tmp_path.iterdir())


def test_a_broken_file_is_told_and_kept(tmp_path):
    (tmp_path / "cockpit.toml").write_text("[launch\n")
    with pytest.raises(SettingsError):
        keep_resume(Project(tmp_path), "train.py", TEMPLATE)
    assert (tmp_path / "cockpit.toml").read_text() == "[launch\n"
