"""cockpit.toml: sensible without it, exact about what is wrong with it."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from cockpit.commands.config import _lines
from cockpit.domain.policy import Action
from cockpit.errors import SettingsError
from cockpit.project import SETTINGS_FILE, Project
from cockpit.settings import Settings
from cockpit.tui.main import peek_palette

FULL = """\
data = "/data/corpus"
runs = "out/runs"
configs = "conf"
trackers = []
palette = "sixteen"
[launch]
command = "{python} train.py --config {config} 'two words'"
env_pass = ["WANDB_API_KEY"]
[cost]
gpu_hour = 2
currency = "EUR"
[guard]
light_minutes = 0.5
light_gpus = 0
unmeasured = "light"
[guard.actions]
share = "deny"
start = "ask"
"""


def load(folder, text):
    (folder / SETTINGS_FILE).write_text(text)
    return Project(folder).settings


def test_without_the_file_everything_has_a_default(tmp_path):
    found = Project(tmp_path).settings
    assert found == Settings()
    assert found.launch.argv("/py", Path("/run/config.yaml"))[:2] == ("/py", "-m")
    assert not found.guard.policy.denied


def test_every_setting_is_taken(tmp_path):
    found = load(tmp_path, FULL)
    assert found.launch.argv("/py", Path("/r/c.yaml")) == ("/py", "train.py", "--config", "/r/c.yaml", "two words")
    assert found.cost.gpu_hour == 2.0
    assert found.guard.policy.denied == {Action.SHARE}
    assert peek_palette(Project(tmp_path)) == "sixteen"
    project = Project(tmp_path)
    assert project.data_folder == Path("/data/corpus")
    assert project.runs_folder == tmp_path / "out" / "runs"
    assert project.configs_folder == tmp_path / "conf"


def test_a_change_of_the_file_is_seen(tmp_path):
    assert load(tmp_path, 'data = "a"').data == "a"
    assert load(tmp_path, 'data = "other"').data == "other"


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('palette = "red"', 1, "'auto', 'full' or 'sixteen'"),
        ("[guard]\n\nlihgt_minutes = 3", 3, "Did you mean light_minutes?"),
        ("nothing = 1", 1, "There is: data"),
        ("[guard]\nlight_minutes = true", 2, "valid number"),
        ("[guard]\nlight_minutes = nan", 2, "greater than or equal to 0"),
        ("guard.light_gpus = -1", 1, "greater than or equal to 0"),
        ('[guard.actions]\nstart = "allow"', 2, "'ask' or 'deny'"),
        ('[guard]\nactions = {launch = "ask"}', 2, "'start'"),
        ('data = "d"\n[launch]\ncommand = "python train.py"', 2, "no {config}"),
        ('[launch]\ncommand = "\'"', 1, "No closing quotation"),
        ('[launch]\nenv_pass = ["A", 3]', 2, "valid string"),
        ("launch = 3", 1, "object"),
        ("a = \n", 1, "Invalid value"),
        ('data = ""', 1, "at least 1"),
    ],
)
def test_a_bad_file_names_its_line(tmp_path, text, line, word):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    told = f"{caught.value.message} {caught.value.hint}"
    assert f"line {line}" in told
    assert word in told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(strategies.binary(max_size=80) | strategies.text(max_size=80).map(str.encode))
def test_no_file_is_a_crash(tmp_path, content):
    (tmp_path / SETTINGS_FILE).write_bytes(content)
    assert peek_palette(Project(tmp_path)) in ("auto", "full", "sixteen")
    with contextlib.suppress(SettingsError):
        assert Project(tmp_path).settings


@pytest.mark.parametrize("text", ["", FULL])
def test_what_config_prints_is_the_file_again(tmp_path, text):
    found = load(tmp_path, text)
    for explain in (True, False):
        again = load(tmp_path, "\n".join(_lines(found, explain=explain)))
        assert again == found


def test_pydantic_is_not_imported_without_a_file(tmp_path):
    code = (
        "import sys, pathlib; from cockpit.project import Project;"
        f"Project(pathlib.Path({str(tmp_path)!r})).runs_folder; sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
