"""The demo from an installed wheel, in an empty directory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import wait_until

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).parents[2]
_CALL = "import sys; from cockpit.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with what the wheel installs, and nothing of the checkout."""
    place = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", place, REPOSITORY], check=True, timeout=200)
    (wheel,) = place.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", place / "lib", wheel], check=True, timeout=100)
    return place / "lib"


@pytest.fixture
def cockpit(site, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(site)}

    def call(*words):
        return subprocess.run(
            [sys.executable, "-c", _CALL, *words], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=120, check=True,
        ).stdout  # fmt: skip

    yield call
    call("stop", "latest", "--kill", "--yes")


def test_the_demo_needs_only_the_wheel(cockpit, site, tmp_path):
    said = cockpit("demo", "--yes", "--detach")
    assert str(tmp_path) in said
    wait_until(lambda: json.loads(cockpit("status", "--json"))["step"], "a step of the demo", seconds=120, pause=0.5)
    state = json.loads(cockpit("status", "--json"))
    record = json.loads((Path(state["path"]) / "run.json").read_text())
    assert Path(state["path"]).parent == tmp_path / "runs"
    assert Path(record["config"]).is_relative_to(site)
    assert list((tmp_path / "data" / "processed").glob("*/manifest.csv"))


def test_the_templates_are_in_the_wheel(site, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(site)}
    words = [sys.executable, "-c", _CALL, "init", "new", "--yes"]
    subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True)
    made = {str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*") if path.is_file()}
    assert {".gitignore", "train.py", "data/raw/points.csv", "models/.gitkeep"} <= made
