"""A resumed training is the uninterrupted one, to the last bit."""

import os
import signal
import socket
from dataclasses import replace

import pytest
from support.fits import Fit
from support.tiny import Options, train

pytestmark = pytest.mark.slow


def steps_of(fit):
    """What a training printed: the loss of each step as hex, and the hash of its weights under ``hash``."""
    return dict(line.split() for line in fit.text().splitlines() if line[:1].isdigit() or line.startswith("hash"))


def trained(name, options):
    """Train to the end in as many processes as asked for; gives the exit codes and what each one printed."""
    options.folder.mkdir(exist_ok=True)
    fits = [
        Fit(options.folder.parent / f"{name}-{rank}.txt", train, options, **environment(rank, options.processes, port))
        for port in [free_port()]
        for rank in range(options.processes)
    ]
    return Fit.wait_for_all(fits), [steps_of(fit) for fit in fits]


def environment(rank, processes, port):
    """How a launcher tells a process its place among others."""
    if processes == 1:
        return {}
    return {
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes), "NODE_RANK": "0",
        "LOCAL_RANK": str(rank),
    }  # fmt: skip


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def newest(folder):
    return max(folder.glob("*.ckpt"), key=step_of, default=None)


def step_of(path):
    return int(path.stem.partition("=")[2].partition("-")[0]) if path else 0


SHORT = [
    ({}, {"die_at": 19}),  # in the middle of the second epoch
    ({"save_every": 12}, {"die_at": 13}),  # after a save at the boundary of an epoch
    ({"save_every": 6}, {"die_at": 25}),  # the same, with a validation at that step
    ({"validation_batches": 2}, {"die_in_validation": 18}),
    ({}, {"die_in_save": 16}),
    ({"workers": 2}, {"die_at": 21}),
    ({"accumulate": 3, "save_every": 2}, {"die_at": 7}),
    ({"processes": 2}, {"die_at": 9}),
]
EVERY = [
    (kind | {"save_every": every}, death)
    for kind in (
        {},
        {"workers": 2},
        {"accumulate": 5},
        {"processes": 2},
        {"processes": 2, "accumulate": 2, "workers": 2},
    )
    for every in (1, 3, 4)
    for death in (
        *({"die_at": step} for step in (5, 6, 7)),
        {"die_in_validation": 6 // kind.get("accumulate", 1)},
        {"die_in_save": every},
        {"die_in_save": 2 * every},
    )
]


@pytest.mark.parametrize(("kind", "death"), SHORT + (EVERY if os.environ.get("COCKPIT_LONG") == "1" else []))
def test_after_kill_9_losses_and_weights_are_the_same(tmp_path, kind, death):
    codes, whole = trained("whole", Options(tmp_path / "whole", **kind))
    assert not any(codes)
    torn = Options(tmp_path / "torn", **kind)
    codes, before = trained("torn", replace(torn, **death))
    assert -signal.SIGKILL in codes
    checkpoint = newest(torn.folder)
    codes, after = trained("resumed", replace(torn, resume=checkpoint))
    assert not any(codes)
    for rank, losses in enumerate(after):
        assert min(int(step) for step in losses if step != "hash") == step_of(checkpoint) + 1
        assert {step: whole[rank][step] for step in losses} == losses
        assert {step: whole[rank][step] for step in before[rank]} == before[rank]


def test_without_the_sampler_the_rest_of_an_epoch_is_not_the_same(tmp_path):
    plain = {"exact": False}
    _, [whole] = trained("whole", Options(tmp_path / "whole", **plain))
    torn = Options(tmp_path / "torn", **plain)
    trained("torn", replace(torn, die_at=19))
    _, [after] = trained("resumed", replace(torn, resume=newest(torn.folder)))
    assert {step: whole[step] for step in after} != after
