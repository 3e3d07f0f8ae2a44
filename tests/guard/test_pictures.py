"""The questions as their actions ask them: what a person sees, at two sizes and in sixteen colours."""

import re
from dataclasses import replace

import pytest
from support.guarded import KEY, SECRETS, TOKEN
from support.host import SMALL, WIDE, Host, opened
from support.questions import MEASURED, MODIFY, QUESTION, TYPED, UNMEASURED

from cockpit.actions.control import stop_question
from cockpit.actions.delete import plan_delete, plan_purge
from cockpit.actions.fetch import plan_fetch
from cockpit.actions.growth import go_on_question
from cockpit.actions.modify import plan_modify
from cockpit.actions.replay import plan_replay
from cockpit.actions.resume import plan_resume
from cockpit.actions.share import plan_share
from cockpit.actions.start import find_config, plan_start
from cockpit.domain.guard import Consent
from cockpit.domain.keys import Kind
from cockpit.domain.policy import Action
from cockpit.probes.keyring import Keyring
from cockpit.tui import palette
from cockpit.tui.screens.confirm import ConfirmScreen


def purge(place):
    place.cockpit("delete", "aaaa", "--keep=last", "--yes")
    return plan_purge(place.project).question


def keys(place):
    place.patch.setenv(KEY, SECRETS[KEY])
    Keyring().remember(Keyring().of(KEY, SECRETS[KEY]).fingerprint, Kind.PRODUCTION)
    return plan_start(place.project, find_config(place.project, "tiny"), env_pass=[KEY]).keys_question


def share(place, *, public):
    place.patch.setenv(TOKEN, SECRETS[TOKEN])
    return plan_share(place.project, "aaaa", "hf:ada/small-gpt", public=public).question


REAL = {
    "start": lambda place: plan_start(place.project, find_config(place.project, "tiny")).question,
    "resume": lambda place: plan_resume(place.ended).question,
    "replay": lambda place: plan_replay(place.ended, "step=200.ckpt").question,
    "stop": lambda place: stop_question(place.live, Action.STOP),
    "terminate": lambda place: stop_question(place.live, Action.TERMINATE),
    "kill": lambda place: stop_question(place.live, Action.KILL),
    "download": lambda place: plan_fetch(place.project, "corpus").question,
    "held": lambda place: go_on_question(place.held),
    "modify": lambda place: plan_modify(place.live, {"lr": 0.05, "max_steps": 1500}).question,
    "delete": lambda place: plan_delete(place.ended, ["step=100.ckpt", "step=300.ckpt"]).question,
    "delete-run": lambda place: plan_delete(place.ended).question,
    "purge": purge,
    "share": lambda place: share(place, public=False),
    "publish": lambda place: share(place, public=True),
    "keys": keys,
}
PICTURED = ("resume", "replay", "stop", "terminate", "kill", "download", "held", "delete", "delete-run", "purge")


@pytest.fixture
def question(place, monkeypatch):
    """A real question with what differs from machine to machine made the same."""
    monkeypatch.setenv("TZ", "UTC")

    def steady(text):
        text = text.replace(str(place.folder), "/home/ada/lm").replace(str(place.folder.parent), "/home/ada")
        text = re.sub(r"\S*/bin/python\S*", "/home/ada/lm/.venv/bin/python", text)
        text = re.sub(r"\d{8}T\d{6}-[0-9a-f]{6}", "20261125T120000-1a2b3c", text)
        text = re.sub(r"[\d.]+ [KMGT]iB free", "812 GiB free", text)
        text = re.sub(r"\d\d:\d\d", "12:00", text)
        text = re.sub(r"at [\d.]+ [KMG]iB/s", "at 21.0 MiB/s", text)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8000", text)
        return re.sub(r"^[\d.]+ [KMGT]iB$", "812 GiB", text)

    def make(name):
        found = REAL[name](place)
        facts = tuple(
            replace(fact, value="4711" if fact.label == "pid" else steady(fact.value)) for fact in found.facts
        )
        return replace(found, facts=facts, command=steady(found.command), cannot_undo=steady(found.cannot_undo))

    return make


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
@pytest.mark.parametrize("name", PICTURED)
def test_picture(snap_compare, question, name, size):
    """Each as a person sees it."""
    assert snap_compare(Host(ConfirmScreen(question(name))), terminal_size=size)


@pytest.mark.parametrize("name", REAL)
async def test_all_of_it_is_seen_at_once_in_its_order_on_a_small_terminal(question, name):
    asked = question(name)
    async with opened(ConfirmScreen(asked), SMALL) as (host, _):
        assert len(host.modal.box.body) <= host.modal.box.room, "nothing has to be scrolled"
        seen = "".join(line[2:-2].rstrip() for line in host.shown()).replace(" ", "")
        parts = [asked.title, asked.will, *(fact.label for fact in asked.facts), asked.cannot_undo, asked.no]
        at, places = 0, []
        for part in parts:
            at = seen.find(part.replace(" ", ""), at)
            places.append(at)
        assert -1 not in places, (parts[places.index(-1)], host.shown())
        assert asked.yes in "".join(host.shown())[-200:]


@pytest.fixture
def sixteen():
    palette.use_sixteen_colours(True)
    yield
    palette.use_sixteen_colours(False)


@pytest.mark.parametrize(
    "asked",
    [QUESTION, UNMEASURED, MEASURED, TYPED, MODIFY],
    ids=["light", "unmeasured", "measured", "typed", "modify"],
)
def test_sixteen_colours(snap_compare, sixteen, asked):
    """The marks, the answers and the word to type in the colours of the plainest terminal."""
    keys = [*asked.subject] if asked.consent is Consent.TYPED else ["right"]
    assert snap_compare(Host(ConfirmScreen(asked)), press=keys, terminal_size=SMALL)
