"""Fetching on the screen, and the question about a run that is held."""

import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from support.app import screen_text, settled, shown
from support.fakes import FakeFeed, run_state, snapshot
from support.host import SMALL, WIDE, Host, opened
from support.server import Served, serving

from cockpit.actions.fetch import _moment, _question
from cockpit.domain.data_source import DataSource
from cockpit.domain.growth import Growth
from cockpit.domain.state import State
from cockpit.fetching.download import Stride
from cockpit.fetching.remote import Remote, RemoteFile
from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.message import MessageScreen
from cockpit.tui.screens.progress import Download, ProgressScreen

CONTENT = random.Random(1).randbytes(200_000)
GROWTH = Growth(1.0, 1_300_000_000, 1_000_000_000, {"data": 1_300_000_000})
HELD = run_state(state=State.PAUSED, evidence=GROWTH.told, growth=GROWTH)


@pytest.fixture
def server():
    with serving() as made:
        made.files["/corpus.bin"] = Served(CONTENT)
        yield made


@pytest.fixture
def app(tmp_path, server, monkeypatch):
    monkeypatch.delenv("COCKPIT_RUN_DIR", raising=False)
    (tmp_path / "cockpit.toml").write_text(f'[sources.corpus]\nurl = "{server.url}/corpus.bin"\n')
    return CockpitApp(Project(tmp_path), FakeFeed(snapshot()))


async def until(pilot, condition):
    for _ in range(2000):
        if condition():
            return
        await pilot.pause(0.01)
    pytest.fail(screen_text(pilot.app))


def on(app, kind):
    return lambda: isinstance(app.screen, kind)


def raw(app):
    return app.project.data_folder / "raw"


async def test_a_source_is_chosen_asked_about_and_fetched(app, server):
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("f")
        await until(pilot, on(app, ChooseScreen))
        assert "not here" in screen_text(app)
        assert server.asked == [], "a list asks no server"
        await pilot.press("enter")
        await until(pilot, on(app, ConfirmScreen))
        assert "195 KiB (200,000 bytes)" in screen_text(app)
        await pilot.press("enter")  # Cancel has the focus
        await until(pilot, lambda: "nothing was changed" in screen_text(app))
        assert server.gets() == 0
        await pilot.press("f", "enter")
        await until(pilot, on(app, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: "corpus is here" in screen_text(app))
        assert (raw(app) / "corpus.bin").read_bytes() == CONTENT


async def test_it_is_hidden_seen_again_stopped_and_gone_on_with(app, server):
    server.files["/corpus.bin"].wait = gate = threading.Event()
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("f", "enter")
        await until(pilot, on(app, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: "195.3/195.3 KiB" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.dashboard)
        await pilot.press("f")
        await until(pilot, on(app, ProgressScreen))
        await pilot.press("x")
        assert "stopping" in screen_text(app)
        gate.set()
        await until(pilot, lambda: app.screen is app.dashboard and "f goes on from there" in screen_text(app))
        assert (raw(app) / ".corpus.bin.part").stat().st_size > 0
        await pilot.press("f", "enter")
        await until(pilot, on(app, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, (raw(app) / "corpus.bin").exists)


async def test_a_server_that_refuses_is_an_error_to_read(app, server):
    server.files.clear()
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("f", "enter")
        await until(pilot, on(app, MessageScreen))
        assert "404" in screen_text(app)


async def test_without_a_source_it_says_how(app):
    (app.project.root / "cockpit.toml").write_text("")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "declares no data" in screen_text(app))


async def test_a_run_that_is_held_is_asked_about_once_and_by_its_key(app):
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await shown(pilot, snapshot(HELD))
        await until(pilot, on(app, ChooseScreen))
        assert "held: data grew by 1.2 GiB without permission" in screen_text(app)
        await pilot.press("enter")  # Cancel comes first
        await shown(pilot, replace(snapshot(HELD), now=2.0))
        assert app.screen is app.dashboard
        await pilot.press("p")
        await until(pilot, on(app, ChooseScreen))


async def test_nobody_is_asked_who_only_looks(tmp_path):
    app = CockpitApp(Project(tmp_path, read_only=True), FakeFeed(snapshot(HELD)))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert app.screen is app.dashboard
        assert "held" in screen_text(app)


def bar(share):
    stride = Stride("downloading", "set/train.bin", int(share * 4e9), 4_000_000_000, 21e6)
    return ProgressScreen(Download("corpus", stride))


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
@pytest.mark.parametrize("make", [lambda: bar(0.4), lambda: ProgressScreen(Download("corpus"))], ids=["bar", "asking"])
def test_progress(snap_compare, make, size):
    """How far a download is."""
    assert snap_compare(Host(make()), terminal_size=size)


def large():
    """Fifty gigabytes of which nothing is promised."""
    source = DataSource("https://data.example.org/corpora/2026/common-text.tar.zst", size=51_000_000_000)
    remote = Remote((RemoteFile("common-text.tar.zst", source.url, 53_687_091_200),))
    moment = _moment(remote, 1 << 30, 412 << 30, 21e6)
    return _question(Project(Path("/home/ada/lm")), "common-text", source, remote, remote.bytes, moment)


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
def test_question(snap_compare, size):
    """What a download would be, without scrolling."""
    assert snap_compare(Host(ConfirmScreen(large())), terminal_size=size)


async def test_a_hostile_name_is_shown_and_not_obeyed():
    stride = Stride("downloading", "[@click=app.quit]x[/]\x1b]52;c;eA==\x07", 1, None, None)
    async with opened(ProgressScreen(Download("[/]", stride))) as (host, _):
        assert not any(c < " " for c in "".join(host.shown()))
