"""What a question tells of the machine."""

from cockpit.actions.place import device_fact
from cockpit.probes.gpu import GpuProcess, GpuReport, GpuSample


def told(*processes):
    return device_fact("auto", GpuReport((GpuSample(0, "a", "NVIDIA H100", processes=processes),)))


def test_a_free_gpu():
    assert (told().value, told().level) == ("GPU 0 NVIDIA H100, free", "")


def test_whoever_computes_there_is_named():
    fact = told(GpuProcess(7, "ada", "python", 1, mine=True), GpuProcess(9, "bob", "train", 1, mine=False))
    assert (fact.value, fact.level) == ("GPU 0 NVIDIA H100, shared with ada's python, bob's train", "warn")


def test_one_of_another_container_is_named_by_its_pid():
    assert told(GpuProcess(4711, "", "", 1, mine=False)).value.endswith("shared with pid 4711, not seen from here")
