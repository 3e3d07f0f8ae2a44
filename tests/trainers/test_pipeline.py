"""The five steps of data: trouble is counted, nothing leaks, caches are trusted only when whole."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers import pipeline
from trainers.stdlib_text import StdlibText


@pytest.fixture
def raw(tmp_path):
    root = tmp_path / "raw"
    (root / "site-packages").mkdir(parents=True)
    for n in range(40):
        (root / f"m{n:02}.py").write_text(f"x = {n}\n" * 50)
    (root / "site-packages" / "skipped.py").write_text("x = 1\n")
    (root / "notes.txt").write_text("not python\n")
    return root


def test_raw_trouble_is_counted_by_kind(raw):
    (raw / "latin.py").write_bytes(b"# caf\xe9\n")
    (raw / "blank.py").write_text(" \n")
    (raw / "copy.py").write_text("x = 3\n" * 50)
    files = pipeline.list_files(raw, ".py")
    (raw / "m07.py").unlink()
    report = pipeline.validate_raw(raw, files)
    assert report.missing == ("m07.py",)
    assert report.unreadable == ("latin.py",)
    assert report.empty == ("blank.py",)
    assert len(report.duplicate) == 1
    assert len(report.good) == 39
    assert report.summary == "39 files, 1 missing, 1 unreadable, 1 empty, 1 duplicate"


def test_a_link_to_nowhere_is_missing_not_fatal(raw):
    (raw / "gone.py").symlink_to("nowhere")
    report = pipeline.validate_raw(raw, pipeline.list_files(raw, ".py"))
    assert report.missing == ("gone.py",)


def test_preprocessing_keeps_text_and_drops_trailing_blanks(raw):
    (raw / "m00.py").write_bytes(b"a = 1  \r\nb = 2\t\r\n")
    assert pipeline.preprocess(raw, ["m00.py"])["m00.py"].startswith(b"a = 1\nb = 2\n")


digests = st.dictionaries(
    st.text(min_size=1, max_size=5), st.text("0123456789abcdef", min_size=8, max_size=8), min_size=1
)


@given(digests, digests, st.integers(0, 9))
def test_a_file_never_changes_its_split_when_others_come(contents, others, seed):
    alone = pipeline.split(contents, 0.2, 0.2, seed)
    together = pipeline.split({**others, **contents}, 0.2, 0.2, seed)
    assert {path: together[path] for path in contents} == alone
    assert set(alone.values()) <= set(pipeline.SPLITS)


def test_shares_are_about_what_was_asked_for():
    assigned = pipeline.split({str(n): f"{n:08x}" for n in range(5000)}, 0.1, 0.05, 42)
    share = {name: sum(s == name for s in assigned.values()) / 5000 for name in pipeline.SPLITS}
    assert share["val"] == pytest.approx(0.1, abs=0.02)
    assert share["test"] == pytest.approx(0.05, abs=0.02)


def test_the_fingerprint_follows_inputs_and_settings(raw):
    def mark(**settings):
        return pipeline.fingerprint(pipeline.list_files(raw, ".py"), settings)

    first = mark(seed=1)
    assert first == mark(seed=1)
    assert first != mark(seed=2)
    (raw / "m00.py").write_text("other\n")
    assert mark(seed=1) != first


def data(raw, tmp_path):
    made = StdlibText(
        context=8, batch_size=2, samples_per_epoch=8, val_windows=4, root=str(raw), data=str(tmp_path / "data")
    )
    made.prepare_data()
    made.setup("fit")
    return made


def test_no_byte_of_a_validation_file_is_trained_on(raw, tmp_path):
    folder = data(raw, tmp_path).folder
    manifest = pd.read_csv(folder / "manifest.csv")
    assert sorted(manifest["path"]) == [f"m{n:02}.py" for n in range(40)]
    assert set(manifest["split"]) == set(pipeline.SPLITS)
    train = (folder / "train.npy").read_bytes()
    for row in manifest[manifest["split"] != "train"].itertuples():
        number = int(row.path[1:3])
        assert f"\nx = {number}\nx = {number}\n".encode() not in train


def test_a_second_start_takes_the_cache_and_a_damaged_one_is_rebuilt(raw, tmp_path):
    folder = data(raw, tmp_path).folder
    before = {path.name: (path.stat().st_ino, path.read_bytes()) for path in folder.iterdir()}
    assert data(raw, tmp_path).folder == folder
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == {k: v[0] for k, v in before.items()}
    whole = (folder / "train.npy").read_bytes()
    (folder / "train.npy").write_bytes(whole[:-1] + b"!")
    assert not pipeline.is_whole(folder)
    data(raw, tmp_path)
    assert pipeline.is_whole(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {k: v[1] for k, v in before.items()}
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_build_that_fails_leaves_nothing_behind(tmp_path):
    def build(folder):
        (folder / "half").write_text("x")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        pipeline.cache(tmp_path / "processed" / "abc", build)
    assert not list((tmp_path / "processed").iterdir())


def test_an_empty_folder_is_an_error_with_words(tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(FileNotFoundError, match="no readable"):
        data(tmp_path / "none", tmp_path)
