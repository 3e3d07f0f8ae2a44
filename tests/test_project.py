"""Finding the project, reading its configs, gathering what the checklist asks."""

import pytest

from cockpit.probes.gpu import GpuReport
from cockpit.project import Project, find_project, gathering
from cockpit.project.config_files import configs, read_config
from cockpit.project.gathering import gather
from cockpit.project.inputs import absent

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


READS = """
model: {class_path: my.Net, init_args: {base: models/small, encoder: org/name, dirs: [data/a], out_dir: /elsewhere}}
data: {init_args: {file: data/rows.csv, tokenizer: models/small, root: data/raw, parts: [./one.csv, "~/two.csv"]}}
trainer: {default_root_dir: models/none, max_steps: 3}
"""


def test_what_a_config_reads_that_is_not_there(project):
    path = project.root / "configs" / "reads.yaml"
    path.write_text(READS)
    found = read_config(path)
    (project.root / "one.csv").touch()
    assert absent(project.root, found.inputs) == {
        "models/small": ["model.base", "data.tokenizer"],
        "data/rows.csv": ["data.file"],
        "~/two.csv": ["data.parts"],
    }
    assert [config.name for config in configs(project)] == ["a", "reads"], "it is shorter, and cannot run as it is"
    path.write_text("data: {file: /\\0, other: '" + "/x" * 5000 + "'}")
    assert len(absent(project.root, read_config(path).inputs)) == len(read_config(path).inputs)


def test_the_shipped_configs_stand_in(tmp_path):
    found = configs(Project(tmp_path))
    assert {config.name for config in found} >= {"digits", "gpt-stdlib"}
    assert all(config.shipped for config in found)
    assert (found[0].name, found[-1].name) == ("gpt-stdlib", "finetune-lora"), "which needs a model to begin with"


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


def test_data_that_were_not_counted_to_the_end_are_told_as_more_than_that(project, monkeypatch):
    monkeypatch.setattr(gathering, "_WALK_LIMIT", 2)
    (project.root / "data").mkdir()
    for number in range(2):
        (project.root / "data" / f"{number}.bin").write_bytes(b"x" * 10)
    assert gather(project, GpuReport()).data_counted
    (project.root / "data" / "3.bin").write_bytes(b"x" * 10)
    facts = gather(project, GpuReport())
    assert (facts.data_files, facts.data_bytes, facts.data_counted) == (2, 20, False)


def test_a_readme_alone_is_no_data(project):
    (project.root / "data").mkdir()
    (project.root / "data" / "README.md").write_text("put data here\n")
    assert gather(project, GpuReport()).data_bytes == 0


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CONFIG, "lightning"),
        ("model: {class_path: my.Net}\n", "lightning"),
        ("model_name_or_path: Qwen/Qwen2\nstage: sft\nfinetuning_type: lora\n", "llamafactory"),
        ("trainer: {_target_: lightning.Trainer}\nmodel: {_target_: my.Net}\n", "other"),
        ("services: {db: {image: postgres}}\n", "other"),
    ],
)
def test_who_reads_a_config(tmp_path, text, kind):
    beside = tmp_path / "train.yaml"
    beside.write_text(text)
    assert read_config(beside).kind == kind
    assert (beside in [config.path for config in configs(Project(tmp_path))]) == (kind != "other")
