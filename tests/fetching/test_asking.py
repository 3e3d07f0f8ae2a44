"""What a download is asked about before a byte of it comes, and what voids the answer."""

import shutil
from contextlib import nullcontext
from types import SimpleNamespace

import httpx2
import pytest
from support.server import Served

from cockpit.actions.fetch import plan_fetch
from cockpit.domain.guard import Answer, Consent, PermitVoid, Refused
from cockpit.errors import NotPossible
from cockpit.fetching.errors import SourceError
from cockpit.fetching.remote import client, expect_encrypted, measure

from .conftest import CONTENT, HALF, facts, served


def test_an_untold_length_is_a_fact_and_typed(fetching):
    served(fetching, told=None)
    plan = fetching.plan()
    assert plan.question.consent is Consent.TYPED
    assert facts(plan)["size"] == "not told by the server"
    assert "GiB" in facts(plan)["stops after"] or "bytes" in facts(plan)["stops after"]
    assert fetching.fetch(plan).verified


def test_a_size_that_is_not_the_declared_one_is_typed(fetching):
    fetching.declare(size=HALF)
    plan = fetching.plan()
    assert plan.question.consent is Consent.TYPED
    assert "not what the server has" in facts(plan)["declared"]


def test_large_is_typed(fetching):
    fetching.declare()
    with open(fetching.folder / "cockpit.toml", "a") as file:
        file.write("[guard]\nlight_bytes = 1000\n")
    assert fetching.plan().question.consent is Consent.TYPED


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_server_that_refuses_is_told_of(fetching, status):
    served(fetching, status=status)
    with pytest.raises(SourceError, match=f"{status} "):
        fetching.plan()
    assert fetching.server.gets() == 0


def test_a_server_that_is_not_there_is_told_of(fetching):
    fetching.declare(url="http://127.0.0.1:9/corpus.bin")
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9"):
        fetching.plan()


def test_a_disk_that_is_too_small_is_not_even_asked_about(fetching, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=1000))
    with pytest.raises(NotPossible, match="1000 B of the disk are free"):
        fetching.plan()


def test_a_file_that_grew_since_the_question_voids_the_permit(fetching):
    plan = fetching.plan()
    served(fetching, content=CONTENT * 2)
    with pytest.raises(PermitVoid):
        fetching.fetch(plan)
    assert fetching.server.gets() == 0


def test_a_no_and_a_denial_take_nothing(fetching):
    plan = fetching.plan()
    with pytest.raises(Refused):
        fetching.guard.permit(plan.question, Answer.no())
    with open(fetching.folder / "cockpit.toml", "a") as file:
        file.write('[guard.actions]\ndownload = "deny"\n')
    with pytest.raises(Refused, match="denies"):
        fetching.guard.check(plan.question)
    assert fetching.server.gets() == 0


def test_no_run_fetches_for_itself(fetching, monkeypatch):
    monkeypatch.setenv("COCKPIT_RUN_DIR", str(fetching.folder))
    with pytest.raises(NotPossible, match="inside a run"):
        plan_fetch(fetching.project, "corpus")
    assert fetching.server.asked == []


def test_the_speed_is_measured_by_a_short_read(fetching):
    plan = fetching.plan()
    assert plan.rate > 0
    served(fetching, status=404)
    assert measure(plan.remote) is None


def test_where_an_address_leads_is_told_and_agreed_to(fetching):
    served(fetching, moved=fetching.server.url.replace("127.0.0.1", "localhost") + "/there.bin")
    fetching.server.files["/there.bin"] = Served(CONTENT)
    fetching.declare(sha256=None)
    plan = fetching.plan()
    assert facts(plan)["comes from"] == "localhost"
    served(fetching)
    with pytest.raises(PermitVoid):
        fetching.fetch(plan)
    assert fetching.left() == []


@pytest.mark.parametrize(
    ("url", "location", "good"),
    [
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "HTTP://b.example/", False),
        ("https://a.example/x", "/y", True),
        ("https://a.example/x", "//b.example/y", True),
        ("http://a.example/x", "http://b.example/y", True),
    ],
)
def test_an_encrypted_address_never_leads_to_one_that_is_not(url, location, good):
    answer = httpx2.Response(302, headers={"Location": location}, request=httpx2.Request("GET", url))
    with nullcontext() if good else pytest.raises(SourceError, match="not encrypted"):
        expect_encrypted(answer)
    with client({}) as http:
        assert http.event_hooks["response"] == [expect_encrypted]
