"""The shipped trainers under a cockpit's recorder, killed at every kind of moment: the resumed one is the same."""

import os
import signal

import pytest
from support.fits import new_run, recorded
from support.shipped import train, write_config

pytestmark = pytest.mark.slow
LONG = os.environ.get("COCKPIT_LONG") == "1"
# steps in an epoch: gpt 12, digits 19, tabular 9; a validation of gpt every 6 batches, of digits at the end of each
# epoch, of tabular at the end of every other one
DEATHS = {
    "gpt-stdlib": [{"die_at": 17}, {"die_at": 13}, {"die_in_validation": 18}, {"die_in_save": 15}],
    "digits": [{"die_at": 33}, {"die_at": 20}, {"die_in_validation": 38}, {"die_in_save": 30}],
    "tabular": [{"die_at": 33}, {"die_at": 19}, {"die_in_validation": 36}, {"die_in_save": 30}],
}
KINDS = {
    "gpt-stdlib": [{}, {"workers": 2, "save_every": 4}, {"accumulate": 2, "save_every": 3}],
    "digits": [{}, {"save_every": 4}, {"accumulate": 2, "save_every": 3}],
    "tabular": [{}],
}
CASES = [
    (name, kind, death)
    for name, kinds in KINDS.items()
    for number, kind in enumerate(kinds)
    for place, death in enumerate(DEATHS[name])
    if LONG or number == 0 or place == number
]
_whole: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A few source files for the language model."""
    folder = tmp_path_factory.mktemp("raw")
    for n in range(40):
        (folder / f"m{n}.py").write_text("".join(f"x{n} = {n * line}\n" for line in range(60)))
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where they train; its cache of processed data serves them all."""
    return tmp_path_factory.mktemp("project")


def printed(run):
    return dict(
        line.split() for line in run.output.read_text().splitlines() if line[:1].isdigit() or line.startswith("hash")
    )


def scaled(death, kind):
    """The same moment where an optimizer step takes several batches."""
    return {moment: step // kind.get("accumulate", 1) for moment, step in death.items()}


def fit(name, run, raw, place, death, kind, checkpoint=None, attempt=1):
    write_config(name, run.config, raw, death, **kind)
    return recorded(run, train, run.config, checkpoint, place, attempt=attempt).wait()


def step_of(path):
    return int(path.stem.partition("=")[2].partition("-")[0])


@pytest.mark.parametrize(("name", "kind", "death"), CASES)
def test_the_same_losses_and_weights(tmp_path, raw, place, name, kind, death):
    key = f"{name} {kind}"
    if key not in _whole:
        run = new_run(tmp_path / "whole")
        assert fit(name, run, raw, place, {}, kind) == 0, run.output.read_text()[-3000:]
        _whole[key] = printed(run)
    whole = _whole[key]
    assert "hash" in whole

    run = new_run(tmp_path / "torn")
    death = scaled(death, kind)
    if "die_in_save" in death:
        death["die_in_save"] -= death["die_in_save"] % kind.get("save_every", 5)
    assert fit(name, run, raw, place, death, kind) == -signal.SIGKILL, run.output.read_text()[-3000:]
    before = printed(run)
    assert before == {step: whole[step] for step in before}
    checkpoint = max((p for p in run.checkpoints.glob("step=*.ckpt")), key=step_of)

    run.output.unlink()
    assert fit(name, run, raw, place, {}, kind, checkpoint, attempt=2) == 0, run.output.read_text()[-3000:]
    after = printed(run)
    assert min(int(step) for step in after if step != "hash") == step_of(checkpoint) + 1
    assert after == {step: whole[step] for step in after}
