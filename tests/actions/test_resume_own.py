"""Going on from what a script has saved by itself: through its own words, and with no more said than is known."""

import argparse
import io
import pickle
import time
import zipfile
from pathlib import Path

import pytest
from support.fakes import launch

from cockpit.actions.resume import plan_resume
from cockpit.domain.guard import Consent
from cockpit.errors import NotPossible, ResumeUnknown
from cockpit.runs.journal import JournalWriter
from cockpit.runs.record import create_run


def archive(**content):
    """A file as ``torch.save`` lays it out."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
    return file.getvalue()


class Ended:
    """A run of a loop that has ended and left its checkpoints below its folder."""

    def __init__(self, folder, resume, **content):
        self.folder = folder
        (folder / "cockpit.toml").write_text('[guard]\nunmeasured = "light"\n')
        words = ("python", "train.py")
        self.run = create_run(
            folder / "runs",
            launch(framework="PyTorch", project=str(folder), argv=words, resume=(*words, *resume) if resume else (),
                   config="", packages={}),
            None,
        )  # fmt: skip
        runner, now = JournalWriter(self.run.runner_journal), time.time()
        runner.write("launched", attempt=1, argv=list(words), cwd=str(folder), pid=1, t=now - 60)
        runner.write("exit", code=0, t=now)
        self.save("out/model.pt", **content)

    def save(self, name, **content):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(archive(**content))
        JournalWriter(self.run.tailed_journal).write(
            "checkpoint",
            path=str(path),
            name=name,
            step=None,
            epoch=None,
            bytes=1,
            time=path.stat().st_mtime,
            attempt=1,
        )
        return path

    def question(self, reference=None):
        question = plan_resume(self.run, reference).question
        return question, question.as_facts()


def test_it_takes_its_place_in_the_words_of_the_script(tmp_path):
    ended = Ended(tmp_path, ("--resume", "{checkpoint}"), step=40)
    for reference in (None, "model.pt", "out/model.pt", str(tmp_path / "out" / "model.pt")):
        plan = plan_resume(ended.run, reference)
        assert plan.argv == ("python", "train.py", "--resume", str(tmp_path / "out" / "model.pt"))
        assert plan.question.as_facts()["guarantee"].startswith("unknown: the script's own")
        assert plan.question.consent is Consent.LIGHT


def test_a_name_that_two_have_is_none(tmp_path):
    ended = Ended(tmp_path, ("--resume", "{checkpoint}"), step=40)
    ended.save("other/model.pt", step=50)
    with pytest.raises(NotPossible, match=r"has no checkpoint model\.pt"):
        plan_resume(ended.run, "model.pt")
    assert plan_resume(ended.run, "other/model.pt").report.checkpoint.step == 50


def test_of_one_that_tells_no_step_nothing_is_said_of_what_is_redone(tmp_path):
    _, facts = Ended(tmp_path, ("--resume", "{checkpoint}"), epoch=3).question()
    assert facts["starts at"] == "where its script says: the checkpoint tells no step; it tells epoch 3"
    assert facts["will redo"] == "not known"


def test_one_that_holds_objects_is_its_script_s_to_load_by_its_name_and_a_word_typed(tmp_path):
    ended = Ended(tmp_path, ("--resume", "{checkpoint}"), step=40, args=argparse.Namespace(lr=1), place=Path("x"))
    with pytest.raises(NotPossible) as refused:
        plan_resume(ended.run)
    assert refused.value.hint.endswith(f"cockpit resume {ended.run.id} --from out/model.pt")
    question, facts = ended.question("out/model.pt")
    assert (question.consent, "argparse.Namespace" in facts["holds"]) == (Consent.TYPED, True)
    assert "loading it would run code" in facts["guarantee"]


def test_a_torn_one_is_refused(tmp_path):
    ended = Ended(tmp_path, ("--resume", "{checkpoint}"), step=40)
    path = tmp_path / "out" / "model.pt"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(NotPossible, match="torn"):
        plan_resume(ended.run, "model.pt")


def test_where_the_script_takes_no_path_what_is_needed_is_said(tmp_path):
    ended = Ended(tmp_path, (), step=40)
    with pytest.raises(ResumeUnknown) as refused:
        plan_resume(ended.run, "model.pt")
    assert '[scripts."train.py"] resume = "python train.py --resume {checkpoint}"' in refused.value.hint
    (tmp_path / "cockpit.toml").write_text('[scripts."train.py"]\nresume = "python train.py --from {checkpoint}"\n')
    assert plan_resume(ended.run, "model.pt").argv[-2:] == ("--from", str(tmp_path / "out" / "model.pt"))
