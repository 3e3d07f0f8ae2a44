"""Alerts reach a real webhook through the real apprise although no cockpit is open; a dead one holds nobody up."""

import os
import socket

import pytest
from support.webhook import webhook

from cockpit.runner.alerting import Alerter, wanted
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import ENV_ALERTS
from cockpit.runs.process import boot_id, start_time

pytestmark = pytest.mark.slow


def configure(run, *urls):
    listed = ", ".join(f'"{url}"' for url in urls)
    (run.folder / "cockpit.toml").write_text(f"[alerts]\nurls = [{listed}]\n")


def begin_training(run):
    """What the journals of a living trainer say; the trainer is this process."""
    me = {"pid": os.getpid(), "start_time": start_time(os.getpid())}
    JournalWriter(run.paths.runner_journal).write(
        "launched", attempt=1, host=os.uname().nodename, boot_id=boot_id(), **me
    )
    journal = JournalWriter(run.paths.journal)
    journal.write("attach", attempt=1)
    journal.write("fit_start", step=0, epoch=0, steps_total=100)
    return journal


def test_how_a_run_ended_is_told_once_it_is_on_record(run, wait_for):
    with webhook() as (url, received):
        configure(run, url)
        run.finish("raise SystemExit(3)")
        wait_for(lambda: received, "the webhook's message")
    (told,) = received
    assert told["title"].startswith("tiny 7f3a failed after")
    assert "exit code 3" in told["message"]
    assert "hook-s3cret" not in run.paths.runner_log.read_text() + run.paths.runner_journal.read_text()


def test_a_dead_webhook_holds_nobody_up_and_its_address_stays_secret(run, wait_for):
    with socket.socket() as silent:  # accepts connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            gone = closed.getsockname()[1]
        configure(
            run, f"json://127.0.0.1:{gone}/hook-s3cret", f"json://127.0.0.1:{silent.getsockname()[1]}/s3cret?rto=2"
        )
        run.finish("raise SystemExit(0)")
        assert run.event("handoff")["t"] - run.event("exit")["t"] < 30
        wait_for(lambda: run.paths.runner_log.read_text().count("alert not delivered by json") == 2, "both failures")
    assert "s3cret" not in run.paths.runner_log.read_text()


def test_a_trouble_is_told_once_however_often_it_is_seen(run, wait_for):
    with webhook() as (url, received):
        configure(run, url)
        journal = begin_training(run)
        alerter = Alerter(run.paths, period=0.02)
        alerter.start()
        journal.write("nonfinite", step=7, what="train/loss", value="nan")
        wait_for(lambda: received, "the webhook's message")
        journal.write("nonfinite", step=8, what="train/loss", value="nan")
        journal.write("checkpoint_failed", path="checkpoints/a.ckpt", message="OSError: No space left on device")
        wait_for(lambda: len(received) == 2, "the second trouble")
        alerter.finish()
    assert [told["title"] for told in received] == ["tiny 7f3a: train/loss not finite", "tiny 7f3a: last save failed"]
    assert "is not finite since step 7" in received[0]["message"]


def test_the_address_may_come_from_the_environment_and_the_trainer_does_not_see_it(run, wait_for, monkeypatch):
    with webhook() as (url, received):
        monkeypatch.setenv(ENV_ALERTS, url)
        run.finish(f"import os; print(os.environ.get('{ENV_ALERTS}'))")
        wait_for(lambda: received, "the webhook's message")
    assert run.output().strip() == "None"


def test_it_reaches_the_runner_though_the_run_is_given_no_key_and_cannot_be_read_there(run, wait_for, monkeypatch):
    peek = (
        "import os\nabove = f'/proc/{os.getppid()}'\n"
        "print(b'hook-s3cret' in open(f'{above}/environ', 'rb').read(), os.readlink(f'{above}/fd/0'))"
    )
    with webhook() as (url, received):
        monkeypatch.setenv(ENV_ALERTS, url)
        run.start(peek, unset=(ENV_ALERTS,))
        wait_for(lambda: received, "the webhook's message")
    assert run.output().strip() == "False /dev/null"


def test_where_nobody_wants_alerts_nobody_looks(run, monkeypatch):
    monkeypatch.delenv(ENV_ALERTS, raising=False)
    assert not wanted(run.folder)
    (run.folder / "cockpit.toml").write_text("[cost]\ngpu_hour = 2.5\n")
    assert not wanted(run.folder)
    configure(run, "json://localhost")
    assert wanted(run.folder)
