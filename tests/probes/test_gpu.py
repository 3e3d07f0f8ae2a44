"""GPUs through the real pynvml and a stub of the library below it: every trouble in words, never an exception."""

import json
import os
import subprocess
import sys

import pytest
from support.nvml import stub_folder

from cockpit.probes.gpu import is_visible

GIB = 2**30
_PROBE = """
import dataclasses, json, os, sys
from cockpit.probes.gpu import GpuProbe
probe = GpuProbe()
for change in json.loads(sys.argv[1]):
    os.environ.update(change)
    print(json.dumps(dataclasses.asdict(probe.sample())))
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return stub_folder(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def sample(library):
    """Reports of one probe in a process of its own; each dict is the stub's environment from then on."""

    def look(*changes, **environment):
        environment = os.environ | {"LD_LIBRARY_PATH": str(library)} | environment
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, json.dumps(changes or [{}])],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        return reports if changes else reports[0]

    return look


def test_two_healthy_gpus(sample):
    report = sample(NVML_GPUS="2")
    assert report["error"] == ""
    first, second = report["gpus"]
    assert (first["index"], second["index"]) == (0, 1)
    assert first["name"] == "NVIDIA Stub 80GB"
    assert (first["memory_used"], first["memory_total"]) == (41 * GIB, 80 * GIB)
    assert (first["utilisation"], first["temperature"]) == (97.0, 61.0)
    assert (first["power"], first["energy"]) == (512.0, 7200.0)


def test_an_old_driver_counts_memory_its_way(sample):
    assert sample(NVML_FAIL="GetMemoryInfo_v2:13")["gpus"][0]["memory_used"] == 42 * GIB


def test_a_mig_slice_leaves_open_what_it_cannot_tell(sample):
    unsupported = "GetUtilizationRates:3,GetTemperature:3,GetPowerUsage:3,GetTotalEnergyConsumption:3"
    unsupported += ",GetMemoryInfo:3,GetMemoryInfo_v2:3"
    report = sample(NVML_FAIL=unsupported)
    (gpu,) = report["gpus"]
    assert report["error"] == ""
    assert gpu["name"] == "NVIDIA Stub 80GB"
    assert [gpu[k] for k in ("utilisation", "temperature", "power", "energy", "memory_used")] == [None] * 5


def test_processes_have_an_owner(sample):
    (gpu,) = sample(NVML_PIDS=f"1,{os.getpid()},4194304")["gpus"]
    by_pid = {process["pid"]: process for process in gpu["processes"]}
    assert by_pid[os.getpid()]["mine"]
    assert by_pid[os.getpid()]["memory"] == 40 * GIB
    assert by_pid[1]["user"] == "root"
    assert by_pid[4194304] == {"pid": 4194304, "user": "", "name": "", "memory": 40 * GIB, "mine": False}


@pytest.mark.parametrize(
    ("code", "words"),
    [(18, "version mismatch"), (4, "no permission"), (9, "not loaded"), (10, "timed out"), (999, "code 999")],
)
def test_a_driver_that_refuses_says_why(sample, code, words):
    report = sample(NVML_FAIL=f"Init:{code}")
    assert report["gpus"] == []
    assert words in report["error"]
    assert report["remedy"]


def test_no_library_is_no_driver(sample, tmp_path):
    report = sample(LD_LIBRARY_PATH=str(tmp_path))
    if "no NVIDIA driver" not in report["error"]:
        pytest.skip("this machine has an NVIDIA driver of its own")
    assert report["gpus"] == []


def test_no_gpu_behind_the_driver(sample):
    assert "finds no GPU" in sample(NVML_GPUS="0")["error"]


def test_a_lost_gpu_leaves_the_other_on_the_screen(sample):
    before, lost, after = sample({"NVML_GPUS": "2"}, {"NVML_LOST": "1"}, {"NVML_LOST": ""})
    assert len(before["gpus"]) == len(after["gpus"]) == 2
    assert [gpu["index"] for gpu in lost["gpus"]] == [0]
    assert "GPU 1 lost" in lost["error"]


def test_a_driver_that_was_reloaded_is_taken_up_again(sample):
    away, back = sample({"NVML_FAIL": "GetCount:1"}, {"NVML_FAIL": ""})
    assert away["gpus"] == []
    assert len(back["gpus"]) == 1


@pytest.mark.parametrize(
    ("value", "visible"),
    [
        (None, [0, 1]), ("0", [0]), ("1,0", [0, 1]), ("", []), ("-1", []), ("0,-1,1", [0]),
        ("GPU-1", [1]), ("MIG-GPU-5/1/0", [0, 1]),
    ],
)  # fmt: skip
def test_visible_devices(value, visible):
    assert [index for index in (0, 1) if is_visible(index, f"GPU-{index}", value)] == visible
