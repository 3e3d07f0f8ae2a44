"""The questions on publication and on keys, as a person sees them, and with names that would rather be commands."""

import pytest
from support.host import OPEN, SMALL, WIDE, Host, opened
from support.hostile import HOSTILE

from cockpit.actions.card import Source
from cockpit.actions.environment import ChildEnvironment
from cockpit.actions.export import Exported
from cockpit.actions.keys import keys_question
from cockpit.actions.share import Who, share_question
from cockpit.domain.keys import Handling, Key, Kind
from cockpit.domain.publish import Taken
from cockpit.probes.hub import Repository
from cockpit.tui.screens.confirm import ConfirmScreen

REVEALS = ("run", "step", "epoch", "seed", "device", "precision", "commit", "14 metrics", "config (61 lines)")


def sharing(folder, *, public, text="ada", reveals=REVEALS):
    for name in ("step=1200.ckpt", "README.md", "model.safetensors"):
        (folder / name).write_bytes(name.encode() * 1000)
    files = (folder / "README.md", folder / "model.safetensors")
    made = Exported(folder, files, 1, "apache-2.0", Taken(["api_key"], ["data", "out"]), reveals)
    who = Who("https://huggingface.co", Key("HF_TOKEN", "1a2b3c4d", Kind.PRODUCTION), text)
    return share_question(
        Source(folder / "step=1200.ckpt"), made, "ada/small-gpt", Repository(True, not public, (text,)), who,
        public=public,
    )  # fmt: skip


def passing(name="WANDB_API_KEY", config="gpt-stdlib"):
    key = Key(name, "1a2b3c4d", Kind.PRODUCTION)
    held = (Key("HF_TOKEN", "5e6f7a8b"),)
    return keys_question(config, ChildEnvironment({}, (), Handling((key,), held, (), (), ())), [name])


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
@pytest.mark.parametrize("which", ["private", "public", "keys"])
def test_picture(snap_compare, tmp_path, which, size):
    """Each as a person sees it."""
    question = passing() if which == "keys" else sharing(tmp_path, public=which == "public")
    assert snap_compare(Host(ConfirmScreen(question)), terminal_size=size)


@pytest.mark.parametrize("which", ["private", "public", "keys"])
async def test_everything_is_seen_at_once_on_a_small_terminal(tmp_path, which):
    question = passing() if which == "keys" else sharing(tmp_path, public=which == "public")
    async with opened(ConfirmScreen(question), SMALL) as (host, _):
        assert len(host.modal.box.body) <= host.modal.box.room


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_names_stay_names(tmp_path, text):
    for question in (sharing(tmp_path, public=True, text=text, reveals=(text,)), passing(text, text)):
        async with opened(ConfirmScreen(question), SMALL) as (host, pilot):
            await pilot.press("y", "tab", "down")
            seen = "".join(host.shown())
            assert not any(c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u200b\u2066\u2069\ud800" for c in seen)
            assert host.answer is OPEN
