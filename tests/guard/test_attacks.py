"""What somebody else wrote, fed to every command: YAML that runs or never ends, settings that lie, links, names."""

import json
import os
import re
import zipfile

import pytest
from support.fake_trainer import checkpoint_of
from support.guarded import SECRETS, TOKEN
from support.hostile import HOSTILE

from cockpit.actions.resume import plan_resume
from cockpit.actions.start import find_config, plan_start
from cockpit.tui.main import peek_palette

DEEP = "[" * 20_000
BOMBS = {
    "code": "a: !!python/object/apply:os.system ['touch pwned']\n",
    "module": "a: !!python/module:pwned\n",
    "new": "a: !!python/object/new:subprocess.check_call [['touch', 'pwned']]\n",
    "laughs": "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{m}, *{m}, *{m}]\n" for m, n in ("ab", "bc", "cd", "de")),
    "merge": "a: &a {b: 1}\n" + "".join(f"k{i}: {{<<: *a}}\n" for i in range(9)),
    "self": "a: &a [*a]\n",
    "deep": f"a: {DEEP}\n",
    "deep block": "".join(" " * depth + "a:\n" for depth in range(900)),
    "huge": "a: " + "x" * 2_000_000,
    "number": "trainer: {max_steps: " + "9" * 5000 + "}\n",
    "infinite": "trainer: {max_steps: .inf, max_epochs: .nan}\nseed_everything: .nan\n",
    "sections": "trainer: 7\nmodel: [1]\ndata: null\nseed_everything: {}\n",
    "documents": "a: 1\n---\nb: 2\n",
    "bytes": "a: \"\\xff\\0\"\n\x00",
    "list": "- 1\n",
    "empty": "",
}  # fmt: skip
WORDS = (
    ("start", "tiny", "--yes"), ("start", "tiny", "--set", "trainer.max_steps=3", "--yes"), ("estimate", "tiny"),
    ("check",), ("runs",), ("status", "bbbb"), ("modify", "bbbb", "lr=x0.5"), ("resume", "aaaa"),
    ("replay", "aaaa", "--from", "step=200.ckpt"), ("delete", "aaaa"), ("handoff", "aaaa"),
    ("export", "aaaa", "out"), ("share", "aaaa", "hf:ada/small"), ("criteria", "aaaa"), ("init", ".", "--yes"),
    ("fetch",), ("config",), ("audit",),
)  # fmt: skip


@pytest.fixture
def attacked(place):
    place.patch.setenv(TOKEN, SECRETS[TOKEN])
    place.patch.setattr("cockpit.actions.estimate._measure", lambda *_: pytest.fail("it was run"))
    return place


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_config_that_is_an_attack_is_a_sentence(attacked, bomb):
    for path in (attacked.config, attacked.ended.config, attacked.live.config):
        path.write_text(BOMBS[bomb])
    for words in WORDS:
        if words[0] == "estimate" and bomb in ("infinite", "sections"):
            continue  # a dry run of nothing
        done = attacked.cockpit(*words)
        assert done.code in (0, 1, 2, 3), (words, done)
        assert len(done.err) < 5000
        assert [effect for effect in done.effects if effect.action != "start"] == [], words
    assert not list(attacked.folder.rglob("pwned"))


SETTINGS = {
    "not toml": "[guard",
    "no text": "\x00\xff",
    "huge": "# " + "x" * 2_000_000,
    "unknown action": '[guard.actions]\nstart = "allow"\n',
    "silent": '[guard.actions]\nshare = "yes"\n',
    "deep": "runs = " + DEEP,
    "negative": "[guard]\nlight_minutes = -1\n",
    "not a number": "[guard]\nlight_minutes = nan\n",
    "text for a number": '[guard]\nlight_bytes = "all"\n',
    "no config": '[launch]\ncommand = "rm -rf ."\n',
    "quotes": '[launch]\ncommand = "python \' {config}"\n',
    "name": "[sources.\"../../etc\"]\nurl = 'https://example.org/x'\n",
    "file": "[sources.a]\nurl = 'file:///etc/passwd'\n",
    "licence": '[share]\nlicence = "mit\\n---\\nlicense: all"\n',
    "runs": 'runs = "x\\u0000y"\n',
}


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_that_lie_are_a_sentence_and_allow_nothing(attacked, text):
    (attacked.folder / "cockpit.toml").write_bytes(SETTINGS[text].encode("latin-1"))
    for words in WORDS:
        done = attacked.cockpit(*words)
        assert done.code in (0, 1, 2, 3), (words, done)
        assert done.effects == [], (words, done)
        assert len(done.err) < 5000


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_not_printed_raw(attacked, text):
    for verb in ("start", "resume", "delete", "modify", "fetch", "share", "status"):
        done = attacked.cockpit(verb, *([text] if verb != "share" else [text, text]))
        assert (done.code in (1, 2, 3), done.effects) == (True, [])
        assert not any(c in done.err for c in "\x1b\x9b\u202e\u200b\u2066\x07"), (verb, done)


def test_a_link_in_the_place_of_what_is_deleted_is_not_followed(attacked):
    """Between the question and the deed, by whoever answers it."""
    precious = attacked.folder / "precious.ckpt"
    precious.write_bytes(b"ten years")
    path = attacked.ended.checkpoints / "step=100.ckpt"

    def swap(prompt):
        if not path.is_symlink():
            path.unlink()
            path.symlink_to(precious)
        return "y"

    done = attacked.cockpit("delete", "aaaa", "step=100.ckpt", answer=swap)
    assert (done.code, done.effects) == (1, [])
    assert precious.read_bytes() == b"ten years"


def test_another_file_of_the_same_name_and_step_is_not_deleted(attacked):
    path = attacked.ended.checkpoints / "step=100.ckpt"
    other = attacked.folder / "other"
    other.write_bytes(path.read_bytes())

    def swap(prompt):
        if other.exists():
            other.replace(path)
        return "y"

    assert attacked.cockpit("delete", "aaaa", "step=100.ckpt", answer=swap).code == 1
    assert path.exists()


def test_a_change_of_somebody_else_in_between_is_asked_about(attacked):
    request = {"schema": 1, "id": "1.0-abc", "verb": "modify", "t": 1.0, "by": "ada", "values": {"lr": "x0.1"}}

    def first(prompt):
        (attacked.live.requests / "1.0-abc.json").write_text(json.dumps(request))
        return answers.pop()

    answers = ["n", "y"]
    done = attacked.cockpit("modify", "bbbb", "lr=x0.5", answer=first)
    assert (done.code, done.effects, answers) == (2, [], [])
    assert "The facts changed between question and deed" in done.out
    assert re.search(r"waits +! cockpit modify \S+ lr=x0.1", done.out)


def test_a_checkpoint_folder_that_became_a_link_is_not_followed(attacked):
    elsewhere = attacked.folder / "elsewhere"

    def swap(prompt):
        if not elsewhere.exists():
            attacked.ended.checkpoints.rename(elsewhere)
            attacked.ended.checkpoints.symlink_to(elsewhere)
        return "y"

    done = attacked.cockpit("delete", "aaaa", "step=100.ckpt", answer=swap)
    assert (done.code, done.effects) == (1, [])
    assert (elsewhere / "step=100.ckpt").exists()


def test_a_run_whose_folder_is_a_link_is_not_deleted(attacked):
    runs = attacked.project.runs_folder
    (runs / "2026-11-23T1200-tiny-dddd").symlink_to(attacked.ended.root)
    done = attacked.cockpit("delete", "dddd", "--allow", "delete")
    assert (done.code, done.effects) == (1, [])
    assert attacked.ended.run_json.exists()


def test_a_checkpoint_that_is_a_pipe_hangs_nothing(attacked):
    os.mkfifo(attacked.ended.checkpoints / "step=400.ckpt")
    for words in (("resume", "aaaa"), ("delete", "aaaa", "step=400.ckpt"), ("export", "aaaa/step=400.ckpt", "out")):
        assert attacked.cockpit(*words).code in (1, 2, 3)


@pytest.mark.parametrize("name", ["cockpit.toml", "runs/audit.jsonl"])
@pytest.mark.parametrize("device", ["", "/dev/zero", "/dev/full"])
def test_a_pipe_or_a_device_in_the_place_of_a_file_hangs_nothing_and_allows_nothing(attacked, name, device):
    path = attacked.folder / name
    path.unlink(missing_ok=True)
    path.symlink_to(device) if device else os.mkfifo(path)
    for words in (*WORDS, ("start", "tiny", "--allow", "start")):
        if name == "cockpit.toml" or words[0] in ("audit", "start", "delete"):
            done = attacked.cockpit(*words)
            assert (done.code in (0, 1, 2, 3), done.effects) == (True, []), (words, done)
    assert len([path for path in (attacked.folder / "runs").iterdir() if path.is_dir()]) == 3
    assert peek_palette(attacked.project) == "auto"


def test_a_yes_to_a_resume_is_to_the_very_checkpoint_and_config(attacked):
    def digest():
        return plan_resume(attacked.ended, "step=200.ckpt").question.digest

    def weights(content):
        path.write_bytes(checkpoint_of(200))
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(zipfile.ZipInfo("archive/data/0"), content)

    path = attacked.ended.checkpoints / "step=200.ckpt"
    weights(b"good")
    before = digest()
    assert digest() == before
    weights(b"evil")
    assert (changed := digest()) != before
    attacked.ended.config.write_text(attacked.ended.config.read_text().replace("0.1", "0.9"))
    assert digest() != changed


def test_the_newest_of_a_run_on_another_machine_is_not_deleted(attacked):
    journal = attacked.live.runner_journal
    journal.write_text(journal.read_text().replace(f'"host":"{os.uname().nodename}"', '"host":"gpubox"'))
    assert '"gpubox"' in journal.read_text()
    done = attacked.cockpit("delete", "bbbb", "step=300.ckpt", "--allow", "delete")
    assert (done.code, done.effects) == (1, [])
    assert "is the newest of a run that is unknown" in done.err


def test_a_yes_to_a_start_is_to_the_script_that_reads_the_config(attacked):
    attacked.settings('[launch]\ncommand = "{python} train.py fit --config {config} --more more.yaml"\n')
    (attacked.folder / "more.yaml").write_text("a: 1\n")

    def digest():
        config = find_config(attacked.project, "tiny")
        return plan_start(attacked.project, config, run_id="2026-11-22T1830-tiny-7f3a").question.digest

    before = digest()
    assert digest() == before
    (attacked.folder / "more.yaml").write_text("a: 2\n")
    assert (changed := digest()) != before
    (attacked.folder / "train.py").write_text("print('evil')\n")
    assert digest() != changed
