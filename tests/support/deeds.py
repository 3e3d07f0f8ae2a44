"""Every dangerous deed of the actions, as it is asked about and done on a guarded project, and how its facts change."""

import sys
from dataclasses import dataclass, replace
from typing import Any

from support.fake_trainer import checkpoint_of
from support.guarded import KEY, SECRETS, TOKEN
from support.server import Served

from cockpit.actions import control, delete, fetch, fix, growth, keys, modify, resume, script, share, start
from cockpit.actions import replay as replays
from cockpit.domain.checklist import Check
from cockpit.domain.guard import Answer, Consent
from cockpit.domain.keys import Kind
from cockpit.domain.policy import Action
from cockpit.probes.hub import Repository
from cockpit.probes.keyring import Keyring
from cockpit.runs.journal import JournalWriter

CHECK = Check("packages", "packages", "bad", "none", "torch is missing", "touch mended", mends=True)


@dataclass
class Case:
    """A deed as it is asked about and done, and how its facts change meanwhile."""

    question: Any
    do: Any  # (permit, guard)
    change: Any


def starting(place, **options):
    plan = start.plan_start(place.project, start.find_config(place.project, "tiny"), **options)
    return plan, Case(
        plan.question,
        lambda permit, guard: start.start(plan, permit, guard),
        lambda: place.config.write_text(place.config.read_text().replace("0.1", "0.2")),
    )


def named_key(place):
    """A key of production in the environment; gives what calls it something else."""
    place.patch.setenv(KEY, SECRETS[KEY])
    keyring = Keyring()
    (key,) = keyring.in_environment({KEY: SECRETS[KEY]})
    keyring.remember(key.fingerprint, Kind.PRODUCTION)
    return lambda: Keyring().remember(key.fingerprint, Kind.TEST)


def keyed(place):
    """The permit for keys, beside a good one for the start."""
    change = named_key(place)
    plan, _ = starting(place, env_pass=[KEY])

    def do(permit, guard):
        return start.start(plan, guard.permit(plan.question, Answer.typed("tiny")), guard, permit)

    return Case(plan.keys_question, do, change)


def keyed_again(place):
    """Likewise beside one for a resume."""
    change = named_key(place)
    plan = resume.plan_resume(place.ended, env_pass=[KEY])

    def do(permit, guard):
        answer = Answer.typed(plan.question.subject) if plan.question.consent is Consent.TYPED else Answer.yes()
        return resume.resume(plan, guard.permit(plan.question, answer), guard, permit)

    return Case(plan.keys_question, do, change)


def naming(place):
    change = named_key(place)
    keyring = Keyring()
    (key,) = keyring.in_environment({KEY: SECRETS[KEY]})

    def do(permit, guard):
        keys.name_key(Keyring(), key, Kind.TEST, permit, guard)
        place.effects.append("named")

    return Case(keys.naming_question(key, Kind.TEST), do, change)


def script_(place):
    plan = script.plan_script(place.project, [sys.executable, "train.py"], place.folder)
    return Case(
        plan.question,
        lambda permit, guard: script.run_script(plan, permit, guard),
        lambda: (place.folder / "train.py").write_text("import shutil\n"),
    )


def another_step(place):
    """A better checkpoint than was told of."""

    def change():
        run = place.ended
        (run.checkpoints / "step=400.ckpt").write_bytes(checkpoint_of(400))
        JournalWriter(run.journal).write("checkpoint", path="checkpoints/step=400.ckpt", step=400, epoch=0,
                                         kind="saved", finite=True)  # fmt: skip

    return change


def resuming(place):
    plan = resume.plan_resume(place.ended)
    return Case(plan.question, lambda permit, guard: resume.resume(plan, permit, guard), another_step(place))


def replaying(place):
    plan = replays.plan_replay(place.ended, "step=200.ckpt")
    return Case(plan.question, lambda permit, guard: replays.replay(plan, permit, guard), another_step(place))


def downloading(place):
    plan = fetch.plan_fetch(place.project, "corpus")
    return Case(
        plan.question,
        lambda permit, guard: fetch.fetch(plan, permit, guard, lambda stride: None),
        lambda: place.server.files.update({"/corpus.bin": Served(bytes(501))}),
    )


def going_on(place):
    def change():
        JournalWriter(place.held.runner_journal).write(
            "growth", bytes=9000, limit=1000, folders={"data": 9000}, wrote=9000
        )

    question = growth.go_on_question(place.held)
    return Case(question, lambda permit, guard: growth.go_on(place.held, permit, guard), change)


def modifying(place):
    plan = modify.plan_modify(place.live, {"max_steps": 1500})

    def change():
        JournalWriter(place.live.journal).write(
            "hyperparameters", request="0", step=300, by="bob", old={}, changes=["0"],
            hyperparameters={"lr": 0.1, "max_steps": 1200, "max_epochs": None},
        )  # fmt: skip

    return Case(plan.question, lambda permit, guard: modify.modify(plan, permit, guard), change)


def stopping(action):
    def case(place):
        question = control.stop_question(place.live, action)

        def change():
            for path in place.live.checkpoints.iterdir():
                path.unlink()

        return Case(question, lambda permit, guard: control.stop(place.live, permit, guard), change)

    return case


def deleting(*names):
    def case(place):
        plan = delete.plan_delete(place.ended, names)
        return Case(plan.question, lambda permit, guard: delete.delete(plan, permit, guard), another_step(place))

    return case


def purging(place):
    place.cockpit("delete", "aaaa", "step=100.ckpt", "--yes")
    place.effects.clear()
    plan = delete.plan_purge(place.project)

    def change():
        (manifest,) = place.project.runs_folder.glob(".trash/*/manifest.json")
        manifest.write_text(manifest.read_text().replace("step 100", "step 300, best"))

    return Case(plan.question, lambda permit, guard: delete.purge(plan, permit, guard), change)


def sharing(*, public):
    def case(place):
        place.patch.setenv(TOKEN, SECRETS[TOKEN])
        plan = share.plan_share(place.project, "aaaa", "hf:ada/small", public=public)
        there = Repository(exists=True, private=not public)
        return Case(
            plan.question,
            lambda permit, guard: share.share(plan, permit, guard),
            lambda: place.repositories.update({"ada/small": there}),
        )

    return case


def mending(place):
    asked = [CHECK]

    def do(permit, guard):
        with open(place.folder / "fixed.log", "w") as output:
            fix.fix(place.project, asked[-1], permit, guard, output)
        place.effects.append("mended")

    question = fix.fix_question(place.project, CHECK)
    return Case(question, do, lambda: asked.append(replace(CHECK, remedy="rm -r data")))


CASES = {
    "start.start": lambda place: starting(place)[1],
    "start.start, keys": keyed,
    "resume.resume, keys": keyed_again,
    "keys.name_key": naming,
    "script.run_script": script_,
    "resume.resume": resuming,
    "replay.replay": replaying,
    "fetch.fetch": downloading,
    "growth.go_on": going_on,
    "modify.modify": modifying,
    "control.stop": stopping(Action.STOP),
    "control.stop, terminate": stopping(Action.TERMINATE),
    "control.stop, kill": stopping(Action.KILL),
    "delete.delete": deleting("step=100.ckpt"),
    "delete.delete, run": deleting(),
    "delete.purge": purging,
    "share.share": sharing(public=False),
    "share.share, public": sharing(public=True),
    "fix.fix": mending,
}
