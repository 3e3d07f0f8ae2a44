"""What files of a script's own told, in its run: attempt after attempt, rewritten, removed, several at once."""

import math
import time

import pytest
from support.event_files import scalar
from support.fakes import launch

from cockpit.runner.tailed import TailedFiles
from cockpit.runs.journal import JournalTail, JournalWriter
from cockpit.runs.reader import RunReader
from cockpit.runs.record import create_run
from cockpit.sources.source import sources


class Script:
    """Files, the run that follows them, and what a person sees of it."""

    def __init__(self, folder):
        self.folder, self.run = folder / "project", create_run(folder / "runs", launch(framework="PyTorch"), None)
        self.folder.mkdir()
        self.began, self.files = 0.0, None

    def csv(self, rows, *, name="metrics.csv", mode="a", header="step,train_loss"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = mode == "w" or not path.exists()
        with path.open(mode) as file:
            file.write(header + "\n" if fresh else "")
            file.writelines(",".join(map(str, row)) + "\n" for row in rows)
        return path

    def events(self, points, name="events.out.tfevents.1.host", tag="loss"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(b"".join(scalar(tag, step, value, 1000.0 + index) for index, (step, value) in enumerate(points)))
        return path

    def launch(self, *left):
        """Another attempt; ``left`` are the files of earlier ones."""
        self.files = TailedFiles(self.run, JournalWriter(self.run.tailed_journal), self.began)
        for path in left:
            self.files.recall(kind_of(path))

    def follow(self, *paths):
        for path in paths:
            self.files.add(kind_of(path))
        self.files.read()

    def look(self, *, series=True):
        return RunReader(self.run, series=series, clock=lambda: 5000.0).poll()

    def curve(self, tag="train_loss"):
        view = self.look().series[tag]
        return list(zip(view.steps.tolist(), view.values.tolist(), strict=True))

    @property
    def size(self):
        return self.run.tailed.stat().st_size


def kind_of(path):
    return next((source, found) for source in sources() for found in source.runs(path))


def rows(first, last, value=1.0):
    return [(step, value) for step in range(first, last)]


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


def test_what_a_resume_appends_is_shown_once_and_nothing_is_recorded_twice(script):
    script.launch()
    path = script.csv(rows(0, 50))
    script.follow(path)
    before = script.size
    script.launch(path)
    script.csv(rows(30, 60, 2.0))
    script.follow(path)
    assert script.curve() == rows(0, 30) + rows(30, 60, 2.0)
    assert script.size == before + 32 * 31  # thirty points and the mark before them
    assert "steps went back once" in script.look().evidence


def test_a_rerun_from_the_first_step_is_redone_not_another_epoch(script):
    script.launch()
    path = script.csv(rows(0, 50))
    script.follow(path)
    script.launch(path)
    script.csv(rows(0, 20, 2.0))
    script.follow(path)
    assert script.curve() == rows(0, 20, 2.0)


def test_a_resume_that_rewrites_its_file_with_the_rest_keeps_what_was_before(script):
    script.launch()
    path = script.csv(rows(0, 50))
    script.follow(path)
    script.launch(path)
    script.csv(rows(30, 60, 2.0), mode="w")
    script.follow(path)
    assert script.curve() == rows(0, 30) + rows(30, 60, 2.0)


@pytest.mark.parametrize("first", [0, 30])
def test_a_resume_in_a_folder_of_its_own_goes_on_with_the_same_tags(script, first):
    script.launch()
    script.follow(script.csv(rows(0, 50), name="version_0/metrics.csv"))
    script.launch(script.folder / "version_0" / "metrics.csv")
    script.follow(script.csv(rows(first, 60, 2.0), name="version_1/metrics.csv"))
    assert script.curve() == rows(0, first) + rows(first, 60, 2.0)


def test_three_attempts_in_one_folder_of_event_files(script):
    script.launch()
    path = script.events(rows(0, 50))
    script.follow(path)
    for attempt, (first, last) in enumerate([(40, 80), (60, 90)], 2):
        script.launch(path)
        script.follow(script.events(rows(first, last, attempt), f"events.out.tfevents.{attempt}.host"))
    assert script.curve("loss") == rows(0, 40) + rows(40, 60, 2.0) + rows(60, 90, 3.0)


def test_epochs_go_on_through_a_resume_of_the_same_file(script):
    script.launch()
    path = script.csv(rows(0, 20) * 3)
    script.follow(path)
    script.launch(path)
    script.csv(rows(10, 20, 2.0) + rows(0, 20, 2.0))
    script.follow(path)
    assert script.curve() == rows(0, 50) + rows(50, 80, 2.0)
    evidence = script.look().evidence
    assert "steps began again at 0 3 times: taken for epochs, shown in a row" in evidence
    assert "in which epoch it went on cannot be known" in evidence


def test_epochs_go_on_through_a_resume_in_another_file(script):
    script.launch()
    script.follow(script.csv(rows(0, 20) * 3, name="version_0/metrics.csv"))
    script.launch(script.folder / "version_0" / "metrics.csv")
    script.follow(script.csv(rows(0, 20, 2.0) * 2, name="version_1/metrics.csv"))
    assert script.curve() == rows(0, 40) + rows(40, 80, 2.0)
    evidence = script.look().evidence
    assert "steps began again at 0 3 times" in evidence
    assert evidence.count("in a row") == 1
    assert "in which epoch it went on cannot be known" in evidence


def test_epochs_by_their_number_find_their_place_after_a_resume(script):
    header = "epoch,step,train_loss"
    script.launch()
    path = script.csv([(epoch, *row) for epoch in range(4) for row in rows(0, 20)], header=header)
    script.follow(path)
    script.launch(path)
    script.csv([(epoch, *row) for epoch in range(2, 5) for row in rows(0, 20, 2.0)], header=header)
    script.follow(path)
    assert script.curve() == rows(0, 40) + rows(40, 100, 2.0)
    assert "cannot be known" not in script.look().evidence


def test_a_file_that_is_written_anew_with_its_whole_history_records_only_what_is_new(script):
    script.launch()
    path = script.csv(rows(0, 50), mode="w")
    script.follow(path)
    for last in (60, 70):
        before = script.size
        path.unlink()
        script.csv(rows(0, last), mode="w")
        script.follow()
        assert script.size == before + 32 * 10
    assert script.curve() == rows(0, 70)


def test_a_history_that_is_written_anew_with_other_values_replaces_them(script):
    script.launch()
    path = script.csv(rows(0, 50))
    script.follow(path)
    script.csv(rows(0, 20) + rows(20, 40, 2.0), mode="w")
    script.follow()
    assert script.curve() == rows(0, 20) + rows(20, 40, 2.0)
    assert path.exists()


def test_a_file_that_begins_anew_in_the_same_way_is_believed_when_it_is_at_rest(script):
    script.launch()
    script.follow(script.csv(rows(0, 50)))
    script.csv(rows(0, 10), mode="w")
    script.follow()
    script.follow()
    assert script.curve() == rows(0, 10)


def test_what_a_removed_file_told_stays(script):
    script.launch()
    path = script.events(rows(0, 50))
    script.follow(path)
    path.unlink()
    script.follow()
    script.follow()
    assert script.curve("loss") == rows(0, 50)
    script.follow(script.events(rows(50, 60, 2.0), "events.out.tfevents.2.host"))
    assert script.curve("loss") == rows(0, 50) + rows(50, 60, 2.0)


def test_what_somebody_else_wrote_into_a_file_meanwhile_is_not_taken_for_what_was_left(script):
    script.launch()
    path = script.csv(rows(0, 50))
    script.follow(path)
    script.csv(rows(0, 90, 7.0), mode="w")  # another run in the same folder
    script.launch(path)
    script.files.read()
    assert script.curve() == rows(0, 50)


def test_nan_is_no_difference(script):
    script.launch()
    path = script.csv([(0, 1.0), (1, math.nan), (2, 1.0)], mode="w")
    script.follow(path)
    before = script.size
    script.csv([(0, 1.0), (1, math.nan), (2, 1.0)], mode="w")
    script.follow()
    assert script.size == before


def test_a_table_whose_gaps_are_nan_is_recorded_without_them(script):
    script.launch()
    path = script.csv([(0, 1.0, "nan"), (1, 0.9, "nan")], header="step,train_loss,val_loss")
    script.follow(path)
    for rows in ([(1, "nan", 2.0)], [(2, 0.8, "nan")], [(3, 0.7, "nan"), (3, "nan", 1.9)], [(4, "nan", "nan")]):
        script.csv(rows)
        script.files.read()
        script.files.read()  # what it says anew is read at once, or at the next look
    losses, validations = script.curve(), script.curve("val_loss")
    assert losses[:4] == [(0, 1.0), (1, 0.9), (2, 0.8), (3, 0.7)]
    assert (len(losses), math.isnan(losses[4][1])) == (5, True)
    assert validations[:2] == [(1, 2.0), (3, 1.9)]
    assert "went back" not in script.look().evidence


def test_folders_of_training_and_validation_are_told_apart_in_every_attempt(script):
    """As Keras writes them: the same tag in each."""
    train, val = (f"logs/{part}/events.out.tfevents.1.host.v2" for part in ("train", "validation"))
    script.launch()
    paths = [script.events(rows(0, 3), train, "epoch_loss"), script.events(rows(0, 3, 2.0), val, "epoch_loss")]
    script.follow(*paths)
    script.launch(*paths)
    for part, path in zip((train, val), paths, strict=True):
        script.events(rows(3, 5, 3.0), part, "epoch_loss")
        assert path.exists()
    script.follow(*reversed(paths))
    assert script.curve("epoch_loss") == rows(0, 3) + rows(3, 5, 3.0)
    assert script.curve("validation/epoch_loss") == rows(0, 3, 2.0) + rows(3, 5, 3.0)
    state = script.look()
    assert (state.loss_train, state.loss_val) == (3.0, 3.0)


def test_two_formats_of_one_training_are_shown_once(script):
    script.launch()
    script.follow(script.csv(rows(0, 5)), script.events(rows(0, 5), tag="train_loss"))
    assert list(script.look().series) == ["train_loss"]


def test_two_files_that_say_different_things_do_not_quarrel_in_the_journal(script):
    script.launch()
    script.follow(script.csv(rows(0, 5)), script.csv(rows(0, 7), name="other/metrics.csv"))
    size = script.run.tailed_journal.stat().st_size
    for _ in range(5):
        script.follow()
    assert script.run.tailed_journal.stat().st_size == size


def test_what_nobody_had_read_before_a_resume_is_shown_and_leaves_the_pace_alone(script):
    script.launch()
    path = script.csv(rows(0, 50))
    script.follow(path)
    script.csv(rows(50, 350))  # its runner was killed
    script.began = time.time()
    script.launch(path)
    script.csv(rows(350, 354))
    script.follow(path)
    assert script.curve() == rows(0, 354)
    assert script.look().step_seconds is None


def test_the_seed_that_lies_beside_a_file_is_told_once(script):
    path = script.csv(rows(0, 5))
    script.launch()
    script.follow(path)
    path.with_name("hparams.yaml").write_text("lr: 0.1\nseed: 11\n")
    for _ in range(3):
        script.files.read()
    told = [event for event in JournalTail(script.run.tailed_journal).poll()[0] if event["event"] == "origin"]
    assert [(event["seed"], event["seed_by"]) for event in told] == [(11, "hparams.yaml")]
    assert script.look().vitals.origin.seed == 11
