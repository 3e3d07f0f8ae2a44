"""A launched process that wants keys: from its environment, its parent's, the hub's own places, and to publish with."""

import json
from pathlib import Path

import pytest
from support.loopback_hub import loopback_hub
from support.processes import wait_until

pytestmark = pytest.mark.slow
LOGIN, SET, OTHER = "hf_leftByLogin0123456789", "hf_setInTheShell0123456789", "a-plain-pass-phrase"


@pytest.fixture
def hub():
    with loopback_hub(ada=LOGIN, grace=SET) as made:
        yield made


@pytest.fixture
def thief(make_project, hub, tmp_path):
    """Starts one; gives what it got."""
    project = make_project(trainer="thief")
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text(LOGIN)
    air = {
        "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": SET,
        "WANDB_API_KEY": OTHER, "XDG_CONFIG_HOME": str(tmp_path / "home"),
    }  # fmt: skip

    def start(*words, check=True):
        done = project.cockpit("start", "tiny", "--detach", "--json", "--allow", "start", *words, check=check, **air)
        if done.returncode:
            return done
        file = Path(json.loads(done.stdout)["path"]) / "loot.json"
        return json.loads(wait_until(lambda: file.exists() and file.read_text(), "the loot"))

    start.cockpit = lambda *words: project.cockpit(*words, check=False, **air)
    return start


def test_a_child_finds_no_key_and_publishes_nothing(thief, hub):
    loot = thief()
    everything = "\n".join([*loot["own"], *loot["runner"], loot["token"], loot["created"], loot["asked"]])
    assert not [secret for secret in (LOGIN, SET, OTHER) if secret in everything]
    assert loot["token"] == "None"
    assert hub.repositories == {}
    assert hub.sent(LOGIN) == hub.sent(SET) == []
    assert any(path == "/api/repos/create" for _, path, _ in hub.requests), "it did try"
    # what an ordinary user cannot enforce: the same user may read the same file by its path
    assert loot["by path"] == LOGIN


def test_a_key_goes_through_for_one_run_after_it_was_named_and_allowed(thief):
    unnamed = thief("--env-pass", "WANDB_API_KEY", check=False)
    assert (unnamed.returncode, "seen for the first time" in unnamed.stdout) == (3, True)
    thief.cockpit("keys", "WANDB_API_KEY", "production")
    asked = thief("--env-pass", "WANDB_API_KEY", "--yes", check=False)
    assert asked.returncode == 3
    facts = json.loads(asked.stdout)["facts"]
    assert facts["needs"] == "--allow keys"
    assert "production" in facts["WANDB_API_KEY"]
    assert OTHER not in asked.stdout + asked.stderr
    assert f"WANDB_API_KEY={OTHER}" in thief("--env-pass", "WANDB_API_KEY", "--allow", "keys")["own"]
    assert f"WANDB_API_KEY={OTHER}" not in thief()["own"]
    assert "keys" in thief.cockpit("audit").stdout


def test_a_test_gets_no_production_key_and_a_test_key_on_a_light_yes(thief):
    thief.cockpit("keys", "WANDB_API_KEY", "production")
    for words in (("--test",), ("--set", "trainer.fast_dev_run=true"), ("--set", "trainer.limit_train_batches=3")):
        refused = thief(*words, "--env-pass", "WANDB_API_KEY", "--allow", "keys", check=False)
        assert (refused.returncode, "no production key" in refused.stdout) == (1, True), refused.stdout
    asked = thief.cockpit("keys", "WANDB_API_KEY", "test", "--yes", "--json")
    assert (asked.returncode, json.loads(asked.stdout)["facts"]["needs"]) == (3, "--allow keys")
    thief.cockpit("keys", "WANDB_API_KEY", "test", "--allow", "keys")
    assert f"WANDB_API_KEY={OTHER}" in thief("--test", "--env-pass", "WANDB_API_KEY", "--yes")["own"]


def test_what_is_no_key_here_cannot_be_let_through(thief):
    wrong = thief("--env-pass", "PATH", check=False)
    assert (wrong.returncode, "no key in this environment" in wrong.stdout) == (2, True)


def test_the_check_tells_which_keys_are_in_the_air(thief):
    told = thief.cockpit("check").stdout
    assert "keys" in told
    assert not [secret for secret in (OTHER, SET) if secret in told]
    assert "WANDB_API_KEY" in told
    assert "held back" in told
