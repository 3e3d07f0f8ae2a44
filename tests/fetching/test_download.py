"""Downloads from a real loopback server, as well and as badly behaved as servers are."""

import fcntl
import os

import pytest

from cockpit.actions.fetch import fetch, standings
from cockpit.domain.guard import Answer, Consent
from cockpit.errors import CannotWrite, NotPossible
from cockpit.fetching.errors import Interrupted, NotAsAgreed, SourceError

from .conftest import CONTENT, HALF, SHA256, facts, served


def test_it_comes_whole_verified_and_only_once(fetching):
    plan = fetching.plan()
    assert fetching.server.gets() == 0
    assert plan.question.consent is Consent.LIGHT
    assert facts(plan)["size"] == f"293 KiB ({len(CONTENT):,} bytes)"
    assert SHA256[:12] in facts(plan)["checksum"]
    assert "/s" in facts(plan)["takes"]
    standing = fetching.fetch(plan)
    assert (standing.state, standing.verified) == ("there", True)
    assert fetching.final.read_bytes() == CONTENT
    assert fetching.left() == ["corpus.bin"]
    assert [s.done for s in fetching.strides if s.phase == "downloading"][-1] == len(CONTENT)
    fetching.fetch()
    assert fetching.server.gets() == 1, "what is there and verified is not asked for again"


def test_nothing_is_asked_of_a_server_for_a_list(fetching):
    (standing,) = standings(fetching.project)
    assert standing.state == "absent"
    assert fetching.server.asked == []


def test_a_cut_is_gone_on_with_at_the_byte_it_came_to(fetching):
    served(fetching, cut_after=[HALF])
    assert fetching.fetch().verified
    assert fetching.server.ranges == [None, f"bytes={HALF}-"]
    assert fetching.waited, "not at once"


def test_cut_after_cut_it_gives_up_and_the_next_one_goes_on(fetching):
    how = served(fetching, cut_after=[HALF, HALF, HALF, HALF, HALF])
    with pytest.raises(Interrupted, match="cut after"):
        fetching.fetch()
    assert fetching.left() == [".corpus.bin.json", ".corpus.bin.part"]
    assert fetching.part.read_bytes() == CONTENT[:HALF]
    (standing,) = standings(fetching.project)
    assert (standing.state, standing.bytes) == ("part", HALF)
    how.cut_after.clear()
    plan = fetching.plan()
    assert facts(plan)["here already"] == "146 KiB of it"
    assert fetching.fetch(plan).verified
    assert fetching.server.ranges[-1] == f"bytes={HALF}-"


@pytest.mark.parametrize("change", [{"ranges": False}, {"etag": '"v2"'}], ids=["no ranges", "another file"])
def test_where_it_cannot_go_on_it_starts_anew(fetching, change):
    served(fetching, cut_after=[HALF] * 5)
    with pytest.raises(Interrupted):
        fetching.fetch()
    served(fetching, **change)
    assert fetching.fetch().verified
    assert fetching.final.read_bytes() == CONTENT


def test_what_another_download_has_finished_meanwhile_is_not_written_to(fetching, monkeypatch):
    def finished_by_another(part, how, real=fcntl.flock):
        if not isinstance(part, int):  # the part, and not the audit
            part.write(b"whole")
            part.flush()
            fetching.part.replace(fetching.final)
        real(part, how)

    plan = fetching.plan()
    monkeypatch.setattr(fcntl, "flock", finished_by_another)
    with pytest.raises(NotPossible, match="just been downloaded"):
        fetching.fetch(plan)
    assert fetching.final.read_bytes() == b"whole"


@pytest.mark.parametrize("phase", ["downloading", "verifying"])
def test_an_interrupt_leaves_a_part_to_go_on_with(fetching, phase):
    def interrupt(stride):
        if stride.phase == phase:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetching.fetch(tell=interrupt)
    assert not fetching.final.exists()
    had = fetching.part.stat().st_size
    assert had > 0
    assert fetching.fetch().verified
    assert fetching.server.ranges[1:] == ([f"bytes={had}-"] if had < len(CONTENT) else [])


def test_a_wrong_checksum_leaves_nothing_and_is_told(fetching):
    fetching.declare(sha256="0" * 64)
    with pytest.raises(NotAsAgreed) as caught:
        fetching.fetch()
    assert SHA256 in caught.value.message
    assert "0" * 64 in caught.value.message
    assert fetching.left() == []
    assert standings(fetching.project)[0].state != "there"


def test_without_a_checksum_it_is_said_and_not_called_verified(fetching):
    fetching.declare(sha256=None)
    plan = fetching.plan()
    assert "nobody can tell" in facts(plan)["checksum"]
    standing = fetching.fetch(plan)
    assert (standing.state, standing.verified) == ("there", False)


@pytest.mark.parametrize("claimed", [None, HALF], ids=["and says so", "and does not"])
def test_more_than_agreed_is_never_taken(fetching, claimed):
    """HEAD tells half of what GET then sends."""
    fetching.declare(sha256=None)
    served(fetching, told=HALF, claimed=claimed)
    plan = fetching.plan()
    assert plan.limit == HALF
    if claimed:  # HTTP ends there: no byte beyond what was agreed to is even read
        assert fetching.fetch(plan).bytes == HALF
        return
    with pytest.raises(NotAsAgreed, match="agreed were 146 KiB"):
        fetching.fetch(plan)
    assert fetching.left() == []


def test_more_than_agreed_is_stopped_in_the_stream(fetching):
    """No length is told at all; the declared size is what was agreed to."""
    fetching.declare(sha256=None, size=HALF)
    served(fetching, told=None)
    plan = fetching.plan()
    assert (plan.limit, plan.question.consent) == (HALF, Consent.TYPED)
    with pytest.raises(NotAsAgreed):
        fetching.fetch(plan)
    assert max(stride.done for stride in fetching.strides) <= HALF
    assert fetching.left() == []


def test_less_than_told_is_not_taken_for_the_whole(fetching):
    fetching.declare(sha256=None)
    served(fetching, told=len(CONTENT) + 1000, claimed=len(CONTENT))
    with pytest.raises(Interrupted, match="told of 294 KiB"):
        fetching.fetch()
    assert not fetching.final.exists()


def test_a_disk_that_fills_up_keeps_the_part(fetching, monkeypatch):
    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    plan = fetching.plan()
    monkeypatch.undo()
    monkeypatch.delenv("COCKPIT_RUN_DIR", raising=False)
    permit = fetching.guard.permit(plan.question, Answer.typed("corpus"))

    def tell(stride):
        if stride.phase == "downloading":
            raise OSError(28, "No space left on device")

    with pytest.raises(CannotWrite, match="No space left"):
        fetch(plan, permit, fetching.guard, tell)
    assert fetching.part.exists()
    assert not fetching.final.exists()


def test_a_link_out_of_the_folder_is_not_followed(fetching, tmp_path):
    fetching.declare(target="sub/corpus.bin")
    outside = tmp_path / "outside"
    outside.mkdir()
    (fetching.folder / "data" / "raw").mkdir(parents=True)
    (fetching.folder / "data" / "raw" / "sub").symlink_to(outside)
    with pytest.raises(SourceError, match="leads out"):
        fetching.fetch()
    assert list(outside.iterdir()) == []


def test_what_changed_since_it_was_fetched_is_seen(fetching):
    fetching.fetch()
    fetching.final.write_bytes(b"other")
    (standing,) = standings(fetching.project)
    assert (standing.state, standing.verified) == ("changed", False)
    assert facts(fetching.plan())["replaces"]
    assert fetching.fetch().verified
