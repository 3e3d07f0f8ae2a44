"""Finding the project, reading its configs, gathering what the checklist asks."""

import pytest

from cockpit.probes.gpu import GpuReport
from cockpit.project import Project, configs, find_project, gather, read_config

CONFIG = """\
seed_everything: 7
trainer:
  max_steps: 100
  callbacks:
    - class_path: lightning.pytorch.callbacks.ModelCheckpoint
      init_args: {save_top_k: 3}
model: {class_path: my.Net}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(CONFIG)
    return Project(tmp_path)


def test_the_nearest_marked_folder_is_the_project(project):
    below = project.root / "src" / "deep"
    below.mkdir(parents=True)
    assert find_project(below) == project
    (below / "cockpit.toml").touch()
    assert find_project(below) == Project(below)


def test_a_folder_without_marks_is_its_own_project(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    assert find_project(tmp_path).root == tmp_path


def test_what_a_config_says(project):
    found = read_config(project.root / "configs" / "a.yaml")
    assert (found.model, found.max_steps, found.seed, found.kept, found.error) == ("my.Net", 100, 7, 3, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1, 2\nb: 3\n", "line 2"),
        ("- 1\n", "not a mapping"),
        ("a: !!python/object/apply:os.system ['touch pwned']\n", "line 1"),
        ("a: &a [x]\nb: [*a, *a]\n", "aliases"),
        ("a: \x00\n", "control characters"),
        ("x" * (1 << 21), "larger than 1 MiB"),
        ("[" * 100_000, "nested deeper"),
    ],
    ids=range(7),
)
def test_a_config_that_cannot_be_used_says_why(project, text, words):
    path = project.root / "configs" / "bad.yaml"
    path.write_text(text)
    assert words in read_config(path).error
    assert configs(project)[-1].path == path


@pytest.mark.parametrize(
    "text",
    [
        "trainer: 3\nmodel: [1]\n",
        "trainer: {max_steps: -1, callbacks: 3}\n",
        "trainer: {callbacks: [1]}\nseed_everything: true\n",
    ],
)
def test_odd_values_are_not_known_rather_than_wrong(project, text):
    path = project.root / "configs" / "odd.yaml"
    path.write_text(text)
    found = read_config(path)
    assert (found.error, found.max_steps, found.seed) == ("", None, None)


def test_the_shipped_configs_stand_in(tmp_path):
    found = configs(Project(tmp_path))
    assert {config.name for config in found} >= {"digits", "gpt-stdlib"}
    assert all(config.shipped for config in found)


def test_facts_of_a_project(project):
    (project.root / "data" / "raw").mkdir(parents=True)
    (project.root / "data" / "raw" / "x.csv").write_text("1,2\n")
    (project.root / "mlruns").mkdir()
    (project.root / ".wandb").mkdir()
    facts = gather(project, GpuReport(error="no driver"))
    assert (facts.data_files, facts.data_bytes, facts.data_parts) == (1, 4, ("raw",))
    assert facts.configs == ["a.yaml"]
    assert set(facts.trackers) == {"TensorBoard", "Weights & Biases", "MLflow"}
    assert facts.gpu_error == "no driver"


def test_a_readme_alone_is_no_data(project):
    (project.root / "data").mkdir()
    (project.root / "data" / "README.md").write_text("put data here\n")
    assert gather(project, GpuReport()).data_bytes == 0
