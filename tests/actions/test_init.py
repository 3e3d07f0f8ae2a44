"""A new project: everything is laid out, nothing that was there is touched."""

import os

import pytest

from cockpit.actions.init import init, plan_init
from cockpit.domain.shape import PLACES
from cockpit.domain.templates import TEMPLATES
from cockpit.errors import CannotWrite, UsageError
from cockpit.probes.gpu import GpuReport
from cockpit.project import Project, find_project
from cockpit.project.config_files import configs
from cockpit.project.gathering import gather


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_laid_out_is_a_project_with_every_place(tmp_path, template):
    folder = tmp_path / "new" / "my project"
    made = init(plan_init(folder, template))
    assert {"README.md", ".gitignore", "cockpit.toml", "requirements.txt", "pytest.ini"} <= set(made)
    assert (folder / "README.md").read_text().startswith("# my project\n")
    assert all((folder / place).is_dir() for place in PLACES)
    project = find_project(folder / "src")
    assert project == Project(folder)
    (config,) = configs(project)
    assert (config.error, config.shipped) == ("", False)
    assert config.kind == ("other" if template == "minimal" else "lightning")
    assert "PyTorch" in gather(project, GpuReport()).shape.frameworks
    assert "{config}" in project.settings.launch.command


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "train.py").write_text("mine")
    (tmp_path / "README.md").symlink_to("nowhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").symlink_to("elsewhere")
    plan = plan_init(tmp_path, "lightning")
    assert set(plan.kept) == {"train.py", "README.md"}
    (tmp_path / "cockpit.toml").write_text("came meanwhile")
    made = init(plan)
    assert "cockpit.toml" not in made
    assert (tmp_path / "train.py").read_text() == "mine"
    assert (tmp_path / "cockpit.toml").read_text() == "came meanwhile"
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "elsewhere" / "raw" / "points.csv").is_file()
    assert init(plan_init(tmp_path, "lightning")) == ()


@pytest.mark.parametrize("blocker", [".", "src", "data/raw"])
def test_a_file_in_the_way_is_told_before_anything_is_made(tmp_path, blocker):
    folder = tmp_path / "new"
    (folder / blocker).parent.mkdir(parents=True, exist_ok=True)
    (folder / blocker).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="is not a folder"):
        plan_init(folder, "lightning")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a file system that refuses everybody at hand")
def test_a_folder_that_refuses_is_told(tmp_path):
    with pytest.raises(CannotWrite):
        init(plan_init(type(tmp_path)("/proc/new"), "minimal"))
