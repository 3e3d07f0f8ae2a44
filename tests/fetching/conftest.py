"""A loopback server, and a project that declares what it serves."""

import hashlib
import random

import pytest
from support.server import Served, serving

from cockpit.actions.permission import make_guard
from cockpit.project import Project

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HALF = len(CONTENT) // 2


@pytest.fixture
def server():
    with serving() as made:
        made.files["/corpus.bin"] = Served(CONTENT)
        yield made


class Fetching:
    """A project and what is fetched into it."""

    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.project, self.final = Project(folder), folder / "data" / "raw" / "corpus.bin"
        self.part = self.final.with_name(".corpus.bin.part")
        self.guard = make_guard(self.project, "test")
        self.strides, self.waited = [], []

    def declare(self, **settings):
        """``[sources.corpus]`` as the server has it, and what is said besides."""
        said = {"url": f"{self.server.url}/corpus.bin", "sha256": SHA256} | settings
        lines = [f"{name} = {value!r}" for name, value in said.items() if value is not None]
        (self.folder / "cockpit.toml").write_text("\n".join(["[sources.corpus]", *lines, ""]))

    def plan(self):
        from cockpit.actions.fetch import plan_fetch

        return plan_fetch(self.project, "corpus")

    def fetch(self, plan=None, tell=None):
        """All of it, with the yes that the question wants."""
        from cockpit.actions.fetch import fetch
        from cockpit.domain.guard import Answer

        plan = plan or self.plan()
        permit = self.guard.permit(plan.question, Answer.typed(plan.question.subject))
        return fetch(plan, permit, self.guard, tell or self.strides.append, self.waited.append)

    def left(self):
        """Every file below data/raw but the record."""
        raw = self.folder / "data" / "raw"
        return sorted(p.name for p in raw.rglob("*") if p.is_file() and p.parent.name != ".sources")


@pytest.fixture
def fetching(tmp_path, server, monkeypatch):
    monkeypatch.delenv("COCKPIT_RUN_DIR", raising=False)
    made = Fetching(tmp_path, server)
    made.declare()
    return made


def served(fetching, **how):
    fetching.server.files["/corpus.bin"] = made = Served(how.pop("content", CONTENT), **how)
    return made


def facts(plan):
    return plan.question.as_facts()
