"""A project on real files whose dangerous effects are noted where they leave cockpit, and held against its audit.

Nothing trains and nothing leaves the machine: the runner is not spawned, the hub is a stand-in, signals are not sent.
Everything above that is real: commands, screens, actions, guard, audit, runs, trash, requests, downloads.
"""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from support.fake_trainer import checkpoint_of
from support.server import Served

from cockpit.actions.permission import audit_path
from cockpit.cli import main
from cockpit.domain.run import Launch
from cockpit.errors import NotPossible
from cockpit.fetching.transfer import Transfer
from cockpit.probes.hub import Repository
from cockpit.project import Project
from cockpit.runs import requests
from cockpit.runs.audit import read_audit
from cockpit.runs.journal import JournalWriter
from cockpit.runs.process import boot_id, start_time
from cockpit.runs.record import create_run
from cockpit.runs.store import run_folders
from cockpit.runs.trash import Trash

KEY, TOKEN = "WANDB_API_KEY", "HF_TOKEN"
SECRETS = {KEY: "a-plain-pass-phrase", TOKEN: "hf_" + "standIn0123456789abcd"}
SCRIPT = "import torch\nprint('trained')\n"
CONFIG = {"seed_everything": 1, "trainer": {"max_steps": 3, "accelerator": "cpu"}, "model": {"lr": 0.1}}
SETTINGS = '[guard]\nlight_bytes = 1_000\n[share]\nlicence = "mit"\n'
GUARDED = ("start", "resume", "download", "modify", "delete", "share", "keys")


@dataclass
class Effect:
    """Something that happened, and the yes that the audit held when it did."""

    action: str
    subject: str
    allowed: dict | None
    detail: dict = field(default_factory=dict)


class Guarded:
    """The project, what is done to it, and what came of it.

    Args:
        folder: where to make it.
        patch: a ``MonkeyPatch``, undone by whoever made it.
        server: that has the data.
    """

    def __init__(self, folder, patch, server):
        self.folder, self.patch, self.server = folder / "lm", patch, server
        self.effects, self.processes, self.repositories = [], [], {}
        (self.folder / "configs").mkdir(parents=True)
        self.config = self.folder / "configs" / "tiny.yaml"
        self.config.write_text(json.dumps(CONFIG))
        (self.folder / "train.py").write_text(SCRIPT)
        self.settings()
        server.files["/corpus.bin"] = Served(bytes(500))
        server.files["/large.bin"] = Served(bytes(5000))
        self.project = Project(self.folder)
        self.ended = self._run("2026-11-20T1200-tiny-aaaa", "tiny")
        self.live = self._run("2026-11-21T1200-tiny-bbbb", "tiny", live=True)
        self.held = self._run("2026-11-22T1200-tiny-cccc", "tiny", live=True, held=True)
        self._prepare(folder / "home")

    def settings(self, text="", denied=()):
        """Write cockpit.toml anew."""
        sources = "".join(f'[sources.{name}]\nurl = "{self.server.url}/{name}.bin"\n' for name in ("corpus", "large"))
        rules = "".join(f'{action} = "deny"\n' for action in denied)
        actions = f"[guard.actions]\n{rules}" if rules else ""
        (self.folder / "cockpit.toml").write_text(SETTINGS + text + sources + actions)

    def close(self):
        """End what stands in for trainers."""
        for process in self.processes:
            process.kill()
            process.wait()

    # -- what is done ---------------------------------------------------------------------------------------

    def cockpit(self, *words, answer=None):
        """A command; ``answer`` is what a person at its terminal types at a prompt, without it nobody is there."""
        self.patch.setattr("cockpit.commands.consent.person_here", lambda: answer is not None)
        self.patch.setattr("builtins.input", lambda prompt: answer(prompt) if answer else "")
        out, err = io.StringIO(), io.StringIO()
        before = len(self.effects)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(list(words))
            except SystemExit as error:  # argparse, of words that are off
                code = error.code
        return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue(), effects=self.effects[before:])

    def entries(self):
        """The audit's, oldest first; its chain is whole."""
        audit = read_audit(audit_path(self.project))
        assert audit.problems == ()
        return audit.entries

    def runs(self):
        """Every run, newest first."""
        return run_folders(self.project.runs_folder)

    # -- what came of it ------------------------------------------------------------------------------------

    def expect_all_allowed(self):
        """Every effect had its own yes before it, to the facts that the deed then had; every deed's end is recorded."""
        entries = self.entries()
        for effect in self.effects:
            assert effect.allowed is not None, f"{effect} and nobody had said yes"
            ends = [e for e in entries if e["id"] == effect.allowed["id"] and "outcome" in e]
            assert [e["outcome"] for e in ends] in (["done"], ["failed"]), effect
            assert (ends[0]["digest"], ends[0]["action"]) == (effect.allowed["digest"], effect.allowed["action"])
            assert ends[0]["sequence"] > effect.allowed["sequence"]

    def _note(self, action, subject, **detail):
        """An effect happens now: find the newest answer about it, which must be a yes that nothing has come of yet."""
        entries = self.entries() if audit_path(self.project).exists() else ()
        over = {e["id"] for e in entries if "outcome" in e}
        answers = [e for e in entries if "answer" in e and e["action"] == action]
        newest = answers[-1] if answers else None
        good = newest and newest["answer"] == "yes" and newest["id"] not in over and subject in newest["subject"]
        self.effects.append(Effect(action, subject, newest if good else None, detail))

    # -- how it is made -------------------------------------------------------------------------------------

    def _run(self, identity, name, *, live=False, held=False):
        launch = Launch(
            id=identity, name=name, created=time.time() - 900, project=str(self.folder),
            argv=(sys.executable, "-m", "trainers", "fit"), command="python -m trainers fit", config=str(self.config),
            seed=1, host=os.uname().nodename, boot_id=boot_id(), python=sys.executable, environment={"kind": "system"},
            cuda_visible_devices=None, git_commit=None, git_dirty=False, git_diff="", tracker="",
        )  # fmt: skip
        run = create_run(self.project.runs_folder, launch, self.config.read_bytes())
        process = subprocess.Popen(["sleep", "600"], start_new_session=True)
        self.processes.append(process)
        runner, trainer = JournalWriter(run.runner_journal), JournalWriter(run.journal)
        here = {"host": os.uname().nodename, "boot_id": boot_id(), "start_time": start_time(process.pid)}
        runner.write("launched", attempt=1, argv=[], cwd="/", pid=process.pid, checkpoint=None, step=None, **here)
        trainer.write("attach", attempt=1, pid=process.pid, start_time=here["start_time"])
        knobs = {"lr": 0.1, "max_steps": 1000, "max_epochs": None}
        trainer.write("fit_start", step=0, epoch=0, steps_total=1000, device="cpu", mode="min",
                      hyperparameters=knobs, schedules=[], changes=[])  # fmt: skip
        for step in (100, 200, 300):
            path = run.checkpoints / f"step={step}.ckpt"
            path.write_bytes(checkpoint_of(step))
            trainer.write("checkpoint", path=f"checkpoints/{path.name}", step=step, epoch=0, bytes=path.stat().st_size,
                          finite=True, kind="saved", guarantee="exact", guarantee_reason="as it was saved")  # fmt: skip
        if held:
            runner.write("growth", bytes=2000, limit=1000, folders={"data": 2000}, wrote=2000)
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
        elif not live:
            trainer.write("end", reason="stopped", step=300, epoch=0, detail="stopped at step 300, checkpoint saved")
            process.kill()
            process.wait()
            runner.write("exit", code=0, signal=None, core=False, oom="", seconds=1.0, left=[], left_start_times=[])
        return run

    def _prepare(self, home):
        """Put the notes in place, and a home without anybody's keys."""
        patch = self.patch
        for name in [n for n in os.environ if re.search("TOKEN|KEY|SECRET|PASS", n)]:
            patch.delenv(name)
        patch.delenv("COCKPIT_RUN_DIR", raising=False)
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(home))
        patch.chdir(self.folder)
        patch.setattr("cockpit.runner.launch._spawn", self._spawn)
        patch.setattr("cockpit.runner.control._send", self._send)
        patch.setattr("cockpit.actions.share.Hub", lambda token: StandInHub(self))
        patch.setattr("cockpit.actions.export._weights", _weights)
        patch.setattr("cockpit.actions.record.packages", lambda python: {})
        self._before(Transfer, "run", lambda transfer: self._note("download", _source_of(transfer)))
        self._before(Trash, "put", lambda _, path, *rest: self._note("delete", _short(path)))
        self._before(Trash, "purge", lambda _, items: self._note("delete", self.project.name, purged=len(items)))
        self._before(requests, "write_atomic", self._requested)

    def _before(self, owner, name, note):
        real = getattr(owner, name)

        def noted(*words, **options):
            note(*words, **options)
            return real(*words, **options)

        self.patch.setattr(owner, name, noted)

    def _spawn(self, spec, attempt, ready):
        record = json.loads(spec.run.run_json.read_text())
        action = "resume" if spec.checkpoint else "start"
        self._note(
            action, _short(spec.run.root) if spec.checkpoint else record["name"], watched=bool(spec.watch.folders)
        )
        child = {name: value for name, value in os.environ.items() if name not in spec.unset} | dict(spec.environment)
        for name, secret in SECRETS.items():
            if secret in child.values():
                self._key_given(name, action)
        os.write(ready, json.dumps({"pid": 1, "start_time": 1}).encode() + b"\n")
        return SimpleNamespace(pid=1, wait=lambda: 0)

    def _key_given(self, name, action):
        """By a yes to the key itself, or by one to a start whose facts name it."""
        if self.effects[-1].action == action and (launch := self.effects[-1].allowed):
            told = dict(map(tuple, launch["facts"])).get("keys", "")
            asked = any(e["action"] == "keys" and name in e["subject"] for e in self.entries())
            if f"gives {name}" in told and not asked:
                return
        self._note("keys", name)

    def _send(self, pidfd, number):
        os.fstat(pidfd)
        self._note({signal.SIGCONT: "download", signal.SIGTERM: "terminate", signal.SIGKILL: "kill"}[number], "")

    def _requested(self, path, content):
        record = json.loads(content)
        if record["verb"] in ("modify", "stop"):
            self._note(record["verb"], _short(path.parent.parent), values=record["values"])
        run = next(run for run in self.runs() if run.root == path.parent.parent)
        JournalWriter(run.journal).write(
            "ack", request=record["id"], verb=record["verb"], ok=True, detail="at step 300", by=record["by"]
        )


class StandInHub:
    """Where publishing would go."""

    endpoint = "https://huggingface.co"

    def __init__(self, place):
        self._place = place

    def account(self):
        """Whose token it is."""
        return "ada"

    def look(self, repository):
        """What is there."""
        return self._place.repositories.get(repository, Repository(exists=False))

    def create(self, repository, *, private):
        """Make it."""
        self._place._note("share", repository, private=private)
        self._place.repositories[repository] = Repository(exists=True, private=private)

    def upload(self, repository, files):
        """Take files."""
        there = self.look(repository)
        if not there.exists:
            raise NotPossible("no such repository", "The hub refused")
        self._place._note("share", repository, private=there.private, files=sorted(files))
        return f"{self.endpoint}/{repository}"


def _weights(source, folder, kind):
    """A safetensors file without a tensor, as the child would write it."""
    header = b"{}"
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    return {"parameters": 0}


def _source_of(transfer):
    return Path(transfer._final).stem


def _short(path):
    run = next(part for part in reversed(Path(path).parts) if re.fullmatch(r"\d{4}-.*-[0-9a-f]{4}", part))
    return run.rpartition("-")[2]
