"""`cockpit init` and `cockpit check --fix` as a person and as a script use them."""

import json

import pytest

from cockpit import cli
from cockpit.commands import consent, setup
from cockpit.commands.common import wrapped
from cockpit.domain.checklist import Check
from cockpit.runs.audit import read_audit


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cockpit.toml").touch()
    return tmp_path


def person(monkeypatch, *answers):
    """Somebody at the terminal who answers so."""
    words = iter(answers)
    for module in (consent, setup):
        monkeypatch.setattr(module, "person_here", lambda: True)
    monkeypatch.setattr("builtins.input", lambda prompt: next(words))


def call(*words):
    return cli.main(words)


@pytest.fixture
def broken(here, monkeypatch):
    """A project in which two checks fail until their remedies have run, and one is for a person's hand."""

    def checks(_):
        def one(key, remedy, **options):
            done = (here / key).exists()
            return Check(key, key, "ok" if done else "bad", "", f"about {key}", remedy, **options)

        return (
            one("a", "echo making a; touch a", mends=True),
            one("b", "touch b; env > seen", mends=True),
            one("c", "vi c"),
        )

    monkeypatch.setattr(setup, "_checks", checks)
    return here


def test_each_remedy_is_shown_asked_run_and_looked_at_again(broken, monkeypatch, capfd):
    person(monkeypatch, "n", "y")
    assert call("check", "--fix") == 1
    out = capfd.readouterr().out
    assert "touch a" in out
    assert (not (broken / "a").exists(), (broken / "b").exists()) == (True, True)
    assert "✗ a" in out
    assert "✓ b" in out


def test_without_a_person_nothing_runs_and_the_commands_are_told(broken, capsys):
    assert call("check", "--fix", "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert told["facts"] == {"a": "echo making a; touch a", "b": "touch b; env > seen"}
    assert "cockpit check --fix --yes" in told["hint"]
    assert not (broken / "a").exists()


def test_yes_runs_them_without_keys_on_record(broken, monkeypatch, capfd):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "a1B2" * 10)
    assert call("check", "--fix", "--yes", "--json") == 1
    captured = capfd.readouterr()
    assert [one["status"] for one in json.loads(captured.out)["checks"]] == ["ok", "ok", "bad"]
    assert "making a" in captured.err
    assert "OPENAI_API_KEY" not in (broken / "seen").read_text()
    entries = read_audit(broken / "runs" / "audit.jsonl").entries
    assert [entry["action"] for entry in entries if entry.get("answer")] == ["prepare", "prepare"]


def test_what_a_remedy_mended_on_the_way_is_not_asked_about(broken, monkeypatch):
    person(monkeypatch, "y")
    monkeypatch.setattr(setup, "fix", lambda *_, **__: [(broken / name).touch() for name in "abc"] and 0)
    assert call("check", "--fix") == 0


def test_a_cockpit_that_only_looks_mends_nothing(broken):
    assert call("--read-only", "check") == 1
    assert call("--read-only", "check", "--fix", "--yes") == 1
    assert call("--read-only", "init", "--yes") == 1
    assert not (broken / "a").exists()


def test_a_project_that_forbids_it(broken):
    (broken / "cockpit.toml").write_text('[guard.actions]\nprepare = "deny"\n')
    call("check", "--fix", "--yes")
    assert not (broken / "a").exists()


def test_init_asks_and_says_what_comes_next(here, monkeypatch, capsys):
    assert call("init", "new", "--template", "minimal") == 3
    person(monkeypatch, "", "y")
    assert call("init", "new", "--template", "minimal") != 0
    assert not (here / "new").exists()
    assert call("init", "new", "--template", "minimal") == 0
    out = capsys.readouterr().out
    assert "cd new" in out
    assert "cockpit start minimal" in out
    assert call("init", "new", "--json", "--yes") == 0
    record = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "cockpit.toml" in record["kept"]
    assert "src/model.py" in record["made"]


def test_a_ready_project_says_what_trains_it(here, capsys):
    (here / "train.py").write_text("import torch\n")
    assert call("check") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Then: cockpit run -- python train.py"
    (here / "configs").mkdir()
    (here / "configs" / "small.yaml").write_text("trainer: {}\n")
    call("check")
    assert capsys.readouterr().out.splitlines()[-1] == "Then: cockpit start small"


def test_where_nothing_can_be_mended_it_says_so(broken, capsys, monkeypatch):
    (broken / "a").touch()
    (broken / "b").touch()
    assert call("check", "--fix") == 1
    captured = capsys.readouterr()
    assert "nothing that cockpit can mend" in captured.err
    assert "Then:" not in captured.out


def test_long_words_are_broken_where_a_person_reads_them_and_whole_elsewhere(monkeypatch):
    text = "one two three " * 20
    assert wrapped(text, 15) == [text]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    lines = wrapped(text, 15)
    assert max(map(len, lines)) <= 65
    assert " ".join(lines) == text.strip()


def test_a_start_without_a_config_says_what_there_is(here, capsys):
    (here / "train.py").write_text("import torch\n")
    (here / "configs").mkdir()
    (here / "configs" / "small.yaml").write_text("trainer: {}\n")
    assert call("start") == 2
    said = capsys.readouterr().err
    assert "There is: small" in said
    assert "cockpit run -- python train.py" in said
