"""Publishing weights on the hub: exactly the files that were shown, private unless somebody says public."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from cockpit.actions.card import Source
from cockpit.actions.digest import digest
from cockpit.actions.export import Exported, find_source, write_export
from cockpit.domain.formats import FORMATS
from cockpit.domain.guard import Consent, Fact, Guard, Permit, PermitVoid, Question
from cockpit.domain.keys import Key
from cockpit.domain.policy import Action
from cockpit.domain.text import counted, safe, size
from cockpit.errors import CannotWrite, NotPossible
from cockpit.probes.hub import Hub, HubRefused, Repository, find_token, repository_name
from cockpit.probes.keyring import Keyring
from cockpit.project import Project

_STAGE = ".share-"  # in the runs folder: what would be uploaded, until it is or somebody says no
_SHOWN = 8  # files told one by one


@dataclass(frozen=True, slots=True)
class SharePlan:
    """A publication that has been thought through and not begun."""

    project: Project
    source: Source
    exported: Exported
    repository: str
    public: bool
    question: Question
    stage: tempfile.TemporaryDirectory[str]  # gone with the plan

    def discard(self) -> None:
        """Remove what was staged."""
        self.stage.cleanup()


def plan_share(
    project: Project, checkpoint: str, reference: str, *, public: bool = False, kind: str = FORMATS[0]
) -> SharePlan:
    """Write what would be uploaded into a folder of its own and look at where it would go.

    Args:
        project: whose checkpoint it is.
        checkpoint: as ``find_source`` takes it.
        reference: ``hf:org/name``.
        public: whether everybody is to see it.
        kind: the format.

    Raises:
        UsageError: ``reference`` is no repository.
        NotPossible: the weights cannot be had, or the repository is not as private as was asked for.
        HubRefused: the hub does not answer, or not to this token.
    """
    repository = repository_name(reference)
    source = find_source(project, checkpoint)
    hub, key, account = _hub()
    there = hub.look(repository)
    _expect_visibility(repository, there, public=public)
    try:
        stage = _stage(project.runs_folder)
        exported = write_export(project, source, Path(stage.name), kind)
    except OSError as error:
        raise CannotWrite(project.runs_folder, error, "Not shared") from None
    question = share_question(source, exported, repository, there, Who(hub.endpoint, key, account), public=public)
    return SharePlan(project, source, exported, repository, public, question, stage)


def share(plan: SharePlan, permit: Permit, guard: Guard) -> str:
    """Upload what a person has agreed to; gives where it is to be seen.

    Raises:
        PermitVoid: the permit does not cover it, or checkpoint, files, repository or token have changed since.
        HubRefused: it is not there, or the hub has made the repository public; then nothing was uploaded.
    """
    try:
        source = find_source(plan.project, str(plan.source.path))
        hub, key, account = _hub()
        there = hub.look(plan.repository)
        who = Who(hub.endpoint, key, account)
        try:
            again = share_question(source, plan.exported, plan.repository, there, who, public=plan.public)
        except OSError as error:
            raise PermitVoid(f"What was to be uploaded is gone: {error.strerror}", "Not shared", "Ask again") from None
        with guard.spend(permit, again):
            if not there.exists:
                hub.create(plan.repository, private=not plan.public)
                made = hub.look(plan.repository)
                if made.private == plan.public:
                    raise HubRefused(f"The hub made {plan.repository} {_visibility(made)}", "Nothing was uploaded")
            return hub.upload(plan.repository, {path.name: path for path in plan.exported.files})
    finally:
        plan.discard()


@dataclass(frozen=True, slots=True)
class Who:
    """By whom and where."""

    endpoint: str
    key: Key
    account: str


def _hub() -> tuple[Hub, Key, str]:
    token = find_token()
    hub = Hub(token)
    return hub, Keyring().of(token.name, token.value), hub.account()


def _stage(runs_folder: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder beside the runs; those of cockpits that died are removed."""
    runs_folder.mkdir(parents=True, exist_ok=True)
    for left in runs_folder.glob(f"{_STAGE}*"):
        owner = left.name.removeprefix(_STAGE).partition("-")[0]
        if not (owner.isdigit() and psutil.pid_exists(int(owner))):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"{_STAGE}{os.getpid()}-", dir=runs_folder, ignore_cleanup_errors=True)


def _expect_visibility(repository: str, there: Repository, *, public: bool) -> None:
    if there.exists and there.private == public:
        hint = "Say --public, and its name, to publish" if not public else "Make it public on the hub, or take another"
        raise NotPossible(f"{repository} is there and {_visibility(there)}", "Not shared", hint)


def _visibility(repository: Repository) -> str:
    return "private" if repository.private else "public"


def share_question(
    source: Source, exported: Exported, repository: str, there: Repository, who: Who, *, public: bool
) -> Question:
    """What a person is asked: the very files, by their digests, and who will see them where."""
    seen = "EVERYBODY can see and download it" if public else "private: who may see the repository, sees it"
    where = "" if who.endpoint == "https://huggingface.co" else f" at {safe(who.endpoint)}"
    return Question(
        action=Action.SHARE,
        subject=repository,
        title=f"{'Publish' if public else 'Upload'} {source.told}?",
        will=f"These files, and no others, go to {repository} on the Hugging Face hub.",
        facts=(
            Fact("visibility", seen, "bad" if public else ""),
            Fact("repository", f"{_repository(repository, there, exported.files)}{where}"),
            Fact("from", f"{source.told}, {_digest(source.path)}"),
            *_file_facts(exported.files),
            Fact("licence", exported.licence or "none: set [share] licence", "" if exported.licence else "warn"),
            Fact("card tells", safe(", ".join(exported.reveals), 400) or "nothing of a run", "warn" if public else ""),
            Fact("left out", f"optimizer, {exported.taken}"),
            Fact("token", f"{who.key}, account {safe(who.account)}"),
        ),
        cannot_undo=(
            "What others have downloaded stays with them; deleting the repository does not bring it back."
            if public
            else "The hub's operator has a copy; deleting the repository there removes it."
        ),
        yes="Publish" if public else "Upload",
        consent=Consent.TYPED,
    )


def _repository(name: str, there: Repository, files: Sequence[Path]) -> str:
    if not there.exists:
        return f"{name}, will be made"
    replaced = sorted({path.name for path in files} & set(there.files))
    told = f"{name}, {_visibility(there)}, has {counted(len(there.files), 'file')}"
    return f"{told}; replaces {safe(', '.join(replaced))}" if replaced else told


def _file_facts(files: Sequence[Path]) -> list[Fact]:
    facts = [
        Fact("file", f"{safe(path.name)}  {size(path.stat().st_size)}  {_digest(path)}") for path in files[:_SHOWN]
    ]
    if len(files) > _SHOWN:
        rest = files[_SHOWN:]
        whole = digest("".join(_digest(path) for path in rest))
        total = size(sum(path.stat().st_size for path in rest))
        facts.append(Fact("file", f"and {len(rest)} more  {total}  sha256 {whole}"))
    return facts


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"
