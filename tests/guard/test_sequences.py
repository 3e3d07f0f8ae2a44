"""No sequence of commands reaches an effect without its own yes in the audit, written before it.

Hypothesis makes the sequences: every verb, with and without each option that allows, with a person who answers
anything, and with configs, keys, settings, files and servers that change in between and while the question stands.
"""

import re
import shlex
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support.guarded import GUARDED, KEY, SECRETS, TOKEN, Guarded
from support.server import Served, serving

from cockpit.domain.keys import Kind
from cockpit.probes.keyring import Keyring

RUNS = st.sampled_from([*["aaaa", "bbbb"] * 4, "cccc", "2026-11-20", "latest", "nothing"])
CHECKPOINTS = st.sampled_from(["step=100.ckpt", "step=200.ckpt", "step=300.ckpt", "../run.json"])
ALLOWED = [f"--allow={action}" for action in (*GUARDED, "kill", "terminate")]
OPTIONS = st.one_of(
    st.just(ALLOWED),
    st.just(["--yes"]),
    st.lists(st.sampled_from(["--yes", "--read-only", *ALLOWED]), max_size=3, unique=True),
)
ASKING = {"start", "demo", "run", "resume", "replay", "fetch", "modify", "stop", "continue", "delete", "trash", "share"}
ANSWERS = st.sampled_from([None, None, "", "y", "n", "tiny", "right", "right", "right", "change, then right"])
COMMANDS = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(["tiny", "tiny", "digits", "nothing"]),
              st.sampled_from(["--detach", "--test", f"--env-pass={KEY}", "--set=trainer.max_steps=9", "--set=a=[1"])),
    st.tuples(st.just("demo"), st.just("--detach")),
    st.tuples(st.just("run"), st.just("--"), st.just("python"), st.just("train.py")),
    st.tuples(st.just("resume"), RUNS, st.just("--from"), CHECKPOINTS),
    st.tuples(st.just("resume"), RUNS, st.just(f"--env-pass={KEY}")),
    st.tuples(st.sampled_from(["resume", "replay", "delete", "status", "handoff"]), RUNS),
    st.tuples(st.just("fetch"), st.sampled_from(["corpus", "large"]), st.just("--again")),
    st.tuples(st.just("modify"), RUNS, st.sampled_from(["lr=x0.5", "lr=x9", "max_steps=1500", "lr=["])),
    st.tuples(st.just("stop"), RUNS, st.sampled_from(["--kill", "--terminate", "--wait=0"]), st.just("--wait=0")),
    st.tuples(st.sampled_from(["pause", "checkpoint", "continue", "weights"]), RUNS),
    st.tuples(st.just("delete"), RUNS, CHECKPOINTS),
    st.tuples(st.just("delete"), RUNS, st.sampled_from(["--keep=last", "--keep=best,every=200"])),
    st.tuples(st.just("trash"), st.sampled_from(["list", "restore", "purge", "purge"])),
    st.tuples(st.just("share"), RUNS, st.just("hf:ada/small"), st.sampled_from(["--public", "--format=safetensors"])),
    st.tuples(st.just("export"), RUNS, st.just("out")),
    st.tuples(st.just("keys"), st.sampled_from([KEY, TOKEN]), st.sampled_from(["production", "test"])),
    st.tuples(st.sampled_from(["audit", "runs", "check", "keys", "config"])),
)  # fmt: skip

# Each command that has an effect, and what has to be allowed for it.
VERBS = (
    (("start", "tiny", "--detach"), "start"), (("start", "digits", "--detach"), "start"),
    (("demo", "--detach"), "start"), (("run", "--", "python", "train.py"), "start"),
    (("resume", "aaaa", "--detach"), "resume"), (("replay", "aaaa", "--from", "step=200.ckpt"), "resume"),
    (("fetch", "corpus", "--again"), "download"), (("fetch", "large", "--again"), "download"),
    (("continue", "cccc"), "download"), (("modify", "bbbb", "lr=x0.5"), "modify"),
    (("modify", "bbbb", "max_steps=9000"), "modify"), (("stop", "bbbb", "--kill", "--wait=0"), "kill"),
    (("stop", "bbbb", "--terminate", "--wait=0"), "terminate"), (("delete", "aaaa", "step=100.ckpt"), "delete"),
    (("delete", "aaaa", "--keep=last"), "delete"), (("delete", "aaaa"), "delete"), (("trash", "purge"), "delete"),
    (("share", "aaaa", "hf:ada/small"), "share"), (("share", "aaaa", "hf:ada/all", "--public"), "share"),
)  # fmt: skip


def with_option(words, *options):
    """The options before what belongs to somebody's script."""
    split = words.index("--") if "--" in words else len(words)
    return (*words[:split], *options, *words[split:])


@pytest.fixture
def ready(place):
    """Everything is there that the commands need."""
    place.patch.setenv(TOKEN, SECRETS[TOKEN])
    place.cockpit("delete", "aaaa", "step=300.ckpt", "--yes")
    place.effects.clear()
    return place


@pytest.mark.parametrize(
    ("words", "action"), VERBS, ids=lambda each: " ".join(each) if isinstance(each, tuple) else each
)
def test_a_command_without_its_permission_ends_with_three_and_with_it_acts(ready, words, action):
    others = [f"--allow={other}" for other in (*GUARDED, "kill", "terminate") if other != action]
    for options in ((), others):
        done = ready.cockpit(*with_option(words, *options))
        assert (done.code, done.effects) == (3, []), done
        assert ready.entries()[-1]["answer"] == "unanswered"
    told = shlex.split(done.err.rpartition("To allow it: cockpit ")[2])
    for answer in ("", "n", "no", "yes please"):
        done = ready.cockpit(*words, answer=lambda prompt, answer=answer: answer)
        assert (done.code, done.effects) == (2, []), done
        assert ready.entries()[-1]["answer"] in ("no", "refused")
    done = ready.cockpit("--read-only", *with_option(words, f"--allow={action}"))
    assert (done.code, done.effects) == (1, [])
    ready.settings(denied=[action])
    done = ready.cockpit(*with_option(words, f"--allow={action}"), answer=lambda prompt: "y")
    assert (done.code, done.effects) == (2, [])
    assert ready.entries()[-1]["answer"] == "denied"
    ready.settings()
    done = ready.cockpit(*told)  # as it was told without a permission, pasted
    assert [effect.action for effect in done.effects] in ([action], [action] * 2), done
    ready.expect_all_allowed()


class Sequences(RuleBasedStateMachine):
    """A person, scripts, and a machine that changes under them."""

    def __init__(self):
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.temporary, self.serving = tempfile.TemporaryDirectory(), serving()
        self.place = Guarded(Path(self.temporary.name), self.patch, self.serving.__enter__())
        self.patch.setenv(TOKEN, SECRETS[TOKEN])
        self.denied, self.changes = set(), 0

    def teardown(self):
        self.place.close()
        self.patch.undo()
        self.serving.__exit__(None, None, None)
        self.temporary.cleanup()

    @rule(command=COMMANDS, options=OPTIONS, answer=ANSWERS)
    def command(self, command, options, answer):
        """Somebody asks for something."""
        first = ["--read-only"] if "--read-only" in options else []
        verb, *words = command
        options = [option for option in options if option != "--read-only" and verb in ASKING]
        asked = [*first, *with_option((verb, *words), *options)]
        done = self.place.cockpit(*asked, answer=self._answer(answer) if answer is not None else None)
        assert done.code in (0, 1, 2, 3, 75), done
        if done.code in (2, 3) or first:
            assert done.effects == [], (asked, done)
        for effect in done.effects:
            assert effect.action not in self.denied, (asked, effect)

    @rule(index=st.integers(0, len(VERBS) - 1), after=st.lists(st.sampled_from(VERBS), max_size=2))
    def what_is_allowed(self, index, after):
        """The commands that have effects, each rightly allowed, in any order."""
        for words, action in (VERBS[index], *after):
            done = self.place.cockpit(*with_option(words, f"--allow={action}"))
            assert all(effect.action == action not in self.denied for effect in done.effects), (words, done)

    def _answer(self, answer):
        """What the person types at every prompt; facts that change while they think are asked about once more."""
        changed = []

        def typed(prompt):
            if answer == "change, then right" and not changed:
                changed.append(True)
                self.something_changes("config")
                self.something_changes("server")
            if not answer.endswith("right"):
                return answer
            subject = re.search("Type (.*) to agree", prompt)
            return subject[1] if subject else "y"

        return typed

    @rule(what=st.sampled_from(["config", "config", "bomb", "server", "script", "key", "kinds"]))
    def something_changes(self, what):
        """Nobody asked; the next question has other facts, or the one that stands is void."""
        self.changes += 1
        place = self.place
        match what:
            case "config":
                place.config.write_text(f'{{"trainer": {{"max_steps": {self.changes + 3}, "accelerator": "cpu"}}}}')
            case "bomb":
                place.config.write_text("a: &a [1]\nb: [*a, *a]\nc: !!python/object/apply:os.system [id]\n")
            case "server":
                place.server.files["/corpus.bin"] = Served(bytes(500 + self.changes))
            case "script":
                (place.folder / "train.py").write_text(f"print({self.changes})\n")
            case "key":
                place.patch.setenv(KEY, SECRETS[KEY])
            case "kinds":
                for index, value in enumerate(SECRETS.values()):
                    key = Keyring().of("", value)
                    Keyring().remember(key.fingerprint, (Kind.TEST, Kind.PRODUCTION)[(self.changes + index) % 2])

    @rule(denied=st.sets(st.sampled_from(GUARDED), max_size=1), passed=st.booleans())
    def settings_change(self, denied, passed):
        """Somebody edits cockpit.toml."""
        self.denied = denied
        self.place.settings(f'[launch]\nenv_pass = ["{KEY}"]\n' if passed else "", denied)

    @invariant()
    def every_effect_was_allowed(self):
        self.place.expect_all_allowed()


def test_no_sequence_of_commands_gets_around_a_yes(loops):
    many = settings(
        max_examples=loops(6, 400), stateful_step_count=60, derandomize=loops(True, False),
        suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip
    run_state_machine_as_test(Sequences, settings=many)
