"""Weights go to a hub on the loopback by the real client: what was shown, where it was said, private unless public."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support.loopback_hub import loopback_hub

from cockpit.actions.permission import audit_path, make_guard
from cockpit.actions.share import plan_share, share
from cockpit.domain.guard import Answer, FactsChanged, PermitVoid, Refused
from cockpit.errors import NotPossible, UsageError
from cockpit.probes.hub import HubRefused
from cockpit.project import Project
from cockpit.runs.audit import read_audit

pytestmark = pytest.mark.slow
TOKEN = "hf_" + "loopbackToken0123456789"
NAME = "ada/small"


@pytest.fixture
def hub():
    with loopback_hub(ada=TOKEN) as made:
        yield made


@pytest.fixture
def project(tmp_path, hub, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    for name, value in {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "XDG_CONFIG_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cockpit.toml").write_text('[share]\nlicence = "mit"\n')
    torch.save({"state_dict": {"x": torch.arange(4.0)}, "hyper_parameters": {"lr": 0.1}}, tmp_path / "a.ckpt")
    return Project(tmp_path)


def agreed(project, **options):
    guard = make_guard(project, "test")
    plan = plan_share(project, "a.ckpt", f"hf:{NAME}", **options)
    return plan, guard.permit(plan.question, Answer.typed(NAME)), guard


def staged(project):
    return list(project.runs_folder.glob(".share-*"))


def test_private_by_default_and_nothing_but_what_was_shown(project, hub):
    plan, permit, guard = agreed(project)
    assert hub.changed() == []
    shown = {fact.value.split()[0] for fact in plan.question.facts if fact.label == "file"}
    assert share(plan, permit, guard).startswith(f"{hub.url}/{NAME}")
    there = hub.repositories[NAME]
    assert there["private"]
    assert set(there["files"]) == shown == {"README.md", "model.safetensors"}
    assert b"license: mit" in there["files"]["README.md"]
    assert staged(project) == []


def test_public_says_so(project, hub):
    plan, permit, guard = agreed(project, public=True)
    facts = {fact.label: fact for fact in plan.question.facts}
    assert "EVERYBODY" in facts["visibility"].value
    assert "hyperparameters" in facts["card tells"].value
    share(plan, permit, guard)
    assert not hub.repositories[NAME]["private"]


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("answer", [Answer.no(), Answer.yes(), Answer.typed("ada/smal")])
def test_without_the_name_nothing_leaves(project, hub, public, answer):
    guard = make_guard(project, "test")
    plan = plan_share(project, "a.ckpt", f"hf:{NAME}", public=public)
    with pytest.raises(Refused):
        guard.permit(plan.question, answer)
    del plan
    assert hub.changed() == []
    assert staged(project) == []
    assert read_audit(audit_path(project)).entries[-1]["answer"] in ("no", "refused")


def test_a_checkpoint_that_changed_voids_the_permit(project, hub):
    plan, permit, guard = agreed(project)
    torch.save({"state_dict": {"x": torch.ones(4)}, "hyper_parameters": {"lr": 0.1}}, project.root / "a.ckpt")
    with pytest.raises(FactsChanged):
        share(plan, permit, guard)
    assert hub.changed() == []


def test_a_staged_file_that_changed_voids_the_permit(project, hub):
    plan, permit, guard = agreed(project)
    plan.exported.files[0].write_text("something else")
    with pytest.raises(FactsChanged):
        share(plan, permit, guard)
    assert hub.changed() == []


def test_a_repository_that_appeared_voids_the_permit(project, hub):
    plan, permit, guard = agreed(project)
    hub.repositories[NAME] = {"private": False, "files": {}}
    with pytest.raises(FactsChanged):
        share(plan, permit, guard)
    assert hub.changed() == []


def test_a_permit_is_good_for_one_upload(project, hub):
    plan, permit, guard = agreed(project)
    share(plan, permit, guard)
    again, _, _ = agreed(project)
    with pytest.raises(PermitVoid):
        share(again, permit, guard)


def test_another_account_voids_the_permit(project, hub, monkeypatch):
    plan, permit, guard = agreed(project)
    other = "hf_" + "anotherToken9876543210"
    hub.tokens[other] = "mallory"
    monkeypatch.setenv("HF_TOKEN", other)
    with pytest.raises(FactsChanged):
        share(plan, permit, guard)


@pytest.mark.parametrize("public", [False, True])
def test_a_repository_of_the_other_visibility_is_not_used(project, hub, public):
    hub.repositories[NAME] = {"private": public, "files": {}}
    with pytest.raises(NotPossible, match="is there and"):
        plan_share(project, "a.ckpt", f"hf:{NAME}", public=public)


def test_a_repository_that_was_renamed_is_not_the_one_that_was_named(project, hub):
    plan, permit, guard = agreed(project)
    hub.renamed[NAME] = "mallory/large"
    hub.repositories["mallory/large"] = {"private": True, "files": {}}
    with pytest.raises(HubRefused, match="has become mallory/large"):
        share(plan, permit, guard)
    with pytest.raises(HubRefused, match="has become mallory/large"):
        plan_share(project, "a.ckpt", f"hf:{NAME}")
    assert hub.changed() == []


def test_what_would_be_replaced_is_told(project, hub):
    hub.repositories[NAME] = {"private": True, "files": {"README.md": b"", "other": b""}}
    plan = plan_share(project, "a.ckpt", f"hf:{NAME}")
    assert "has 2 files; replaces README.md" in plan.question.as_facts()["repository"]


def test_a_hub_that_makes_it_public_gets_no_file(project, hub):
    hub.forces = "public"
    plan, permit, guard = agreed(project)
    with pytest.raises(HubRefused, match="public"):
        share(plan, permit, guard)
    assert hub.repositories[NAME]["files"] == {}


def test_a_token_the_hub_does_not_know_is_told_and_not_printed(project, hub, monkeypatch):
    hub.tokens.clear()
    with pytest.raises(HubRefused) as caught:
        plan_share(project, "a.ckpt", f"hf:{NAME}")
    assert TOKEN not in caught.value.message + caught.value.hint
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(HubRefused, match="no token"):
        plan_share(project, "a.ckpt", f"hf:{NAME}")


@pytest.mark.parametrize("name", ["ada/small", "hf:small", "hf:a/../b", "hf:a/b/c", "hf:a/b\n", "s3:a/b", "hf:-a/b"])
def test_what_is_no_repository_is_told(project, name):
    with pytest.raises(UsageError):
        plan_share(project, "a.ckpt", name)


def test_the_fingerprint_is_shown_and_never_the_token(project, hub):
    plan, permit, guard = agreed(project)
    share(plan, permit, guard)
    token = plan.question.as_facts()["token"]
    assert token.startswith("HF_TOKEN ")
    assert token.endswith("account ada")
    written = [path for path in project.root.rglob("*") if path.is_file()]
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]


def test_the_command_needs_its_permission(project, hub):
    def cockpit(*words):
        command = [str(Path(sys.executable).parent / "cockpit"), "share", "a.ckpt", f"hf:{NAME}", *words]
        environment = os.environ | {"HF_HUB_DISABLE_XET": "1"}
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert TOKEN not in done.stdout + done.stderr
        return done

    for words in ((), ("--yes",), ("--public", "--yes"), ("--allow", "delete")):
        refused = cockpit(*words, "--json")
        assert refused.returncode == 3
        facts = json.loads(refused.stdout)["facts"]
        assert facts["needs"] == "--allow share"
        assert "model.safetensors" in facts["file"]
    assert hub.changed() == []
    done = cockpit("--allow", "share", "--json")
    assert (done.returncode, json.loads(done.stdout)["visibility"]) == (0, "private")
    assert hub.repositories[NAME]["private"]
    assert staged(project) == []
