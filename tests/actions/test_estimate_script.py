"""Dry runs of scripts: by what a measurement is known, what it leaves, and what `run` asks for afterwards."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import marked, wait_until
from support.project import COCKPIT

from cockpit.actions.estimate import CalledOff, EstimateFailed, Progress, estimate_script
from cockpit.actions.script import plan_script
from cockpit.domain.estimate import Measurement, Misfit
from cockpit.domain.guard import Consent
from cockpit.errors import NotPossible
from cockpit.project import Project
from cockpit.runs.layout import ESTIMATES

SUPPORT = Path(__file__).parent.parent / "support"
# what makes a script one of Lightning's, as far as its source says; it stands in for the callback
PRETENDING = "if False:\n    import lightning\n" + (SUPPORT / "dry_trainer.py").read_text()
TRAIN = (sys.executable, "train.py")


@pytest.fixture
def project(outside, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return Project(outside)


@pytest.fixture
def pretend(project):
    """A command whose dry run ends as it is told to."""

    def make(end="measured", **fake):
        (project.root / "train.py").write_text(PRETENDING)
        (project.root / "how.yaml").write_text(json.dumps({"fake": {"end": end, **fake}}))
        return (*TRAIN, "how.yaml")

    return make


def measure(project, words, **options):
    return estimate_script(project, words, project.root, **options)


def asked(project, words, **options):
    question = plan_script(project, words, project.root, **options).question
    return question.consent, question.as_facts(), question.measurable


def nothing_left(project):
    return not marked(project.root) and not list((project.runs_folder / ESTIMATES).glob("*"))


def test_a_measured_script_asks_by_what_it_takes(project, pretend):
    words = pretend(pace=0.1)
    consent, facts, measurable = asked(project, words)
    assert (consent, measurable) == (Consent.TYPED, True)
    assert facts["takes"].startswith("not measured (cockpit estimate --")
    assert "really runs the script up to its first steps" in facts["takes"]
    told = []
    found = measure(project, words, tell=told.append)
    assert (found.cached, told[0]) == (False, Progress("starting"))
    assert isinstance(found.found, Measurement)
    consent, facts, measurable = asked(project, words)
    assert (consent, measurable) == (Consent.LIGHT, False)
    assert facts["takes"] == "about 3m"
    assert facts["memory"].startswith("it fits")
    assert facts["left out"] == "what the script does before its training and after it"
    assert "checkpoints take" in facts["disk"]
    measure(project, pretend(pace=9.0))
    assert asked(project, words)[0] is Consent.TYPED


def test_it_is_known_by_its_command_its_text_and_the_files_that_it_names(project, pretend):
    words = pretend()
    assert not measure(project, words).cached
    assert measure(project, words).cached
    assert not measure(project, words, again=True).cached
    for other in ((*words, "--lr", "1"), (words[0], "-u", *words[1:])):
        assert asked(project, other)[2], other
    pretend(pace=0.2)
    assert asked(project, words)[2], "its config is another"
    pretend()
    assert not asked(project, words)[2]
    with (project.root / "train.py").open("a") as file:
        file.write("# another text\n")
    assert asked(project, words)[2]


def test_gpus_and_what_does_not_fit_ask_for_its_name(project, pretend):
    words = pretend(result={"device": "cuda:0 H100", "world_size": 2, "gpu_peak": 1})
    measure(project, words)
    consent, facts, _ = asked(project, words)
    assert consent is Consent.TYPED
    assert "GPU-hours" in facts["costs"]
    words = pretend("oom")
    assert isinstance(measure(project, words).found, Misfit)
    consent, facts, measurable = asked(project, words)
    assert (consent, measurable) == (Consent.TYPED, True)
    assert facts["memory"].startswith("it does not fit")


def test_of_several_trainings_only_the_first_is_known(project, pretend):
    words = pretend(pace=0.1)
    with (project.root / "train.py").open("a") as file:
        file.write("def folds():\n    for fold in range(5):\n        trainer.fit(fold)\n")
    measure(project, words)
    consent, facts, _ = asked(project, words)
    assert consent is Consent.TYPED
    assert "all but the first training" in facts["left out"]


def test_what_was_not_measured_is_told(project, pretend):
    words = pretend(result={"left_out": "the metrics of its evaluations"})
    measure(project, words)
    assert asked(project, words)[1]["left out"].startswith("the metrics of its evaluations; ")


def test_a_script_that_ends_without_a_trainer(project):
    (project.root / "train.py").write_text(
        "import json, os\nfrom pathlib import Path\nPath('saw').write_text(json.dumps(dict(os.environ)))\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_API_KEY", "0123456789abcdef0123456789abcdef01234567")
        with pytest.raises(EstimateFailed, match="No Trainer appeared"):
            measure(project, TRAIN)
    saw = json.loads((project.root / "saw").read_text())
    assert "WANDB_API_KEY" not in saw
    assert (saw["HF_HUB_OFFLINE"], saw["WANDB_MODE"]) == ("1", "disabled")
    assert not Path(saw["TMPDIR"]).exists()
    assert nothing_left(project)
    consent, facts, measurable = asked(project, TRAIN)
    assert (consent, measurable) == (Consent.TYPED, False)
    assert facts["takes"].startswith("not known: no Trainer")


@pytest.mark.parametrize("words", [("bash", "train.sh"), (sys.executable, "tf.py")])
def test_what_no_recorder_could_get_into_is_not_begun(project, words):
    (project.root / "train.sh").write_text("touch begun\n")
    (project.root / "tf.py").write_text("open('begun', 'w')\nimport tensorflow\n")
    with pytest.raises(NotPossible, match="no Trainer"):
        measure(project, words)
    assert not (project.root / "begun").exists()


def test_a_python_that_reads_no_hooks_is_not_trusted(project):
    (project.root / "train.py").write_text("print('trained')\n")
    with pytest.raises(EstimateFailed, match="does not get into"):
        measure(project, (sys.executable, "-I", "train.py"))
    assert nothing_left(project)


def test_called_off_leaves_nothing(project, pretend):
    told = []
    with pytest.raises(CalledOff):
        measure(project, pretend("hang"), tell=told.append, called_off=lambda: len(told) > 1)
    assert nothing_left(project)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_asker_that_dies_takes_the_script_along(project, pretend, number):
    asker = subprocess.Popen(
        [COCKPIT, "estimate", "--", *pretend("hang")],
        cwd=project.root, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: any(p.name() == "sleep" for p in marked(project.root)), "the script's own child")
    asker.send_signal(number)
    asker.wait()
    wait_until(lambda: nothing_left(project), lambda: f"the end of {marked(project.root)}")


def test_headless(project, pretend):
    words = pretend()

    def cockpit(*given):
        done = subprocess.run(
            [COCKPIT, *given], cwd=project.root, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return done.returncode, json.loads(done.stdout), done.stderr.decode()

    code, before, _ = cockpit("run", "--json", "--", *words)
    assert (code, before["facts"]["needs"]) == (3, "--allow start")
    code, found, said = cockpit("estimate", "--json", "--", *words)
    assert (code, found["script"], found["fits"], found["consent"]) == (0, "train", True, "light")
    assert "before its first step is done for real" in said
    code, after, _ = cockpit("run", "--json", "--", *words)
    assert (code, after["facts"]["needs"], after["facts"]["takes"]) == (3, "--yes", "about 3m")
    code, again, said = cockpit("estimate", "--json", "--", *words)
    assert (again["cached"], said) == (True, "")
    code, refused, _ = cockpit("estimate", "--json", "--set", "a=1", "--", *words)
    assert (code, refused["error"]) == (2, "Cannot set that")


def test_a_dry_run_that_downloads_is_ended(project, pretend):
    (project.root / "cockpit.toml").write_text("[guard]\ngrowth_bytes = 50_000\n")
    with pytest.raises(EstimateFailed, match=r"data grew by 97\.7 KiB without permission"):
        measure(project, pretend("grows"))
    assert nothing_left(project)
