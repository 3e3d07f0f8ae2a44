"""Entries that another process put into the trash: none of them moves anything that lies elsewhere."""

import json

import pytest

from cockpit.errors import CannotWrite, NotPossible
from cockpit.runs.trash import Trash


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("ten years")
    return tmp_path / "runs"


def entry(runs, **changes):
    folder = runs / ".trash" / "forged"
    folder.mkdir(parents=True)
    (folder / "x.ckpt").touch()
    record = {
        "id": folder.name, "kind": "checkpoint", "name": "x.ckpt", "origin": str(runs / "a"), "bytes": 0, "time": 1.0,
    } | changes  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(record))
    return folder


def test_an_honest_entry_is_one(runs):
    entry(runs)
    (item,) = Trash(runs).items()
    assert Trash(runs).restore(item) == runs / "a" / "x.ckpt"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../../precious", "name": "thesis.tex"},
        {"id": "other"},
        {"name": "../../../precious/thesis.tex"},
        {"name": ".."},
        {"name": ""},
        {"origin": "/tmp"},
        {"origin": "runs/../.."},
        {"time": "soon"},
        {"bytes": None},
        {"kind": ["checkpoint"]},
        {"more": 1},
    ],
    ids=str,
)
def test_a_forged_one_is_none(runs, changes):
    entry(runs, **changes)
    assert Trash(runs).items() == ()


def test_what_is_gone_by_now_is_not_deleted(runs):
    with pytest.raises(NotPossible, match="No such file"):
        Trash(runs).put(runs / "a" / "x.ckpt", "checkpoint", inode=1)
    assert not (runs / ".trash").exists()


def test_what_somebody_else_has_purged_meanwhile_is_not_purged_again(runs):
    entry(runs)
    items = Trash(runs).items()
    Trash(runs).purge(items)
    with pytest.raises(CannotWrite, match="No such file"):
        Trash(runs).purge(items)


def test_an_entry_that_is_a_link_is_none(runs):
    entry(runs).rename(runs.parent / "precious" / "forged")
    (runs / ".trash" / "forged").symlink_to(runs.parent / "precious" / "forged")
    assert Trash(runs).items() == ()


def test_purging_a_link_leaves_what_it_points_to(runs):
    folder = entry(runs)
    (folder / "x.ckpt").unlink()
    (folder / "x.ckpt").symlink_to(runs.parent / "precious")
    Trash(runs).purge(Trash(runs).items())
    assert not folder.exists()
    assert (runs.parent / "precious" / "thesis.tex").read_text() == "ten years"


def test_a_trash_that_is_a_link_takes_nothing(runs):
    (runs / ".trash").symlink_to(runs.parent / "precious")
    (runs / "a" / "x.ckpt").touch()
    with pytest.raises(NotPossible, match="link"):
        Trash(runs).put(runs / "a" / "x.ckpt", "checkpoint")
    assert [path.name for path in (runs.parent / "precious").iterdir()] == ["thesis.tex"]
    assert (runs / "a" / "x.ckpt").exists()


def test_what_has_appeared_since_the_look_is_not_overwritten(runs, monkeypatch):
    entry(runs)
    (item,) = Trash(runs).items()
    (runs / "a" / "x.ckpt").write_text("newer")
    monkeypatch.setattr("os.path.lexists", lambda path: False)
    with pytest.raises(CannotWrite, match="File exists"):
        Trash(runs).restore(item)
    assert (runs / "a" / "x.ckpt").read_text() == "newer"
    assert Trash(runs).place(item).exists()
