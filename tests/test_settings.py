"""cockpit.toml: sensible without it, exact about what is wrong with it."""

import contextlib
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies

import cockpit
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
        ('data = "d"\n[launch]\ncommand = "python train.py"', 3, "no {config}"),
        ('[launch]\ncommand = "\'"', 2, "No closing quotation"),
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
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


SOURCE = '[sources.corpus]\nurl = "https://example.org/corpus.tar"\n'


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('sha256 = "12"', 3, "64 hexadecimal"),
        ('target = "../out"', 3, "plain path"),
        ('target = "/etc/passwd"', 3, "plain path"),
        ("size = -1", 3, "greater than or equal to 0"),
        ("token = true", 3, "only for hf:"),
        ('licens = "mit"', 3, "Did you mean licence?"),
        ('\n[sources.other]\nurl = "ftp://x/y"', 5, "neither"),
        ('\n[sources.other]\nurl = "hf:name"', 5, "organisation/name"),
        ('\n[sources.other]\nurl = "hf:a/b"\nsha256 = "0"', 6, "pin revision"),
        ('\n[sources.other]\nurl = "https://example.org/"', 5, "a target is needed"),
        ("\n[sources.other]", 4, "url"),
    ],
)
def test_a_bad_source_names_its_line(tmp_path, text, line, word):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, SOURCE + text)
    told = f"{caught.value.message} {caught.value.hint}"
    assert f"line {line}:" in told
    assert word in told


def test_a_source_whose_name_would_be_a_path_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"'../x' is no name"):
        load(tmp_path, SOURCE + '[sources."../x"]\nurl = "hf:a/b"')


def test_sources_are_taken_explained_and_printed_as_the_file_again(tmp_path):
    text = SOURCE + '[sources.set]\nurl = "hf:a/b"\nfiles = ["*.parquet"]\n'
    found = load(tmp_path, text)
    assert found.sources["corpus"].place("corpus") == "corpus.tar"
    assert found.sources["set"].place("set") == "set"
    assert load(tmp_path, "\n".join(_lines(found, explain=True))) == found
    assert "sha256: what the file must be" in "\n".join(_lines(Settings(), explain=True))


def leaves(section):
    for option in dataclasses.fields(section):
        value = getattr(section, option.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(value)
        else:
            yield option.name


def test_every_setting_is_honoured_somewhere():
    package = Path(cockpit.__file__).parent
    code = "".join(path.read_text() for path in package.rglob("*.py") if path.name != "settings.py")
    unused = {name for name in leaves(Settings()) if not re.search(rf"\.{name}\b|\"{name}\"", code)}
    assert not unused
