"""NVML error codes in the words of the person who has to act on them."""

from __future__ import annotations

from dataclasses import dataclass

UNINITIALIZED = 1
NO_PERMISSION = 4
FUNCTION_NOT_FOUND = 13
GPU_IS_LOST = 15
RESET_REQUIRED = 16


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong and a command that helps to find out or to mend it."""

    error: str
    remedy: str


NO_BINDING = Trouble("nvidia-ml-py is not installed", "python -m pip install nvidia-ml-py")
NO_DRIVER = Trouble("no NVIDIA driver (libnvidia-ml.so.1 not found)", "lspci -nn | grep -i nvidia")
NO_GPU = Trouble("the driver is loaded but finds no GPU", "nvidia-smi -L")

_DRIVER = {
    12: NO_DRIVER,
    9: Trouble("the NVIDIA driver is not loaded", "sudo modprobe nvidia"),
    18: Trouble(
        "driver/library version mismatch: reboot or reload the driver",
        "sudo rmmod nvidia_drm nvidia_modeset nvidia_uvm nvidia; sudo modprobe nvidia",
    ),
    NO_PERMISSION: Trouble("no permission to use the NVIDIA driver", "ls -l /dev/nvidia*; id"),
    10: Trouble("the NVIDIA driver timed out", "sudo dmesg | grep -i nvrm"),
    FUNCTION_NOT_FOUND: Trouble("the NVIDIA driver is too old", "cat /proc/driver/nvidia/version"),
}

_DEVICE = {
    NO_PERMISSION: ("no permission to use GPU {gpu}", "ls -l /dev/nvidia*; id"),
    GPU_IS_LOST: ("GPU {gpu} lost: it has fallen off the bus", "sudo dmesg | grep -i xid"),
    RESET_REQUIRED: ("GPU {gpu} needs a reset", "sudo nvidia-smi --gpu-reset -i {gpu}"),
}


def driver_trouble(code: int, text: str) -> Trouble:
    """Why no GPU at all can be read; ``text`` is NVML's own wording, for codes without a better one."""
    return _DRIVER.get(code, Trouble(f"NVML: {text} (code {code})", "nvidia-smi"))


def device_trouble(gpu: int, code: int, text: str) -> Trouble:
    """Why one GPU cannot be read."""
    error, remedy = _DEVICE.get(code, (f"GPU {{gpu}}: {text} (code {code})", "nvidia-smi -i {gpu}"))
    return Trouble(error.replace("{gpu}", str(gpu)), remedy.replace("{gpu}", str(gpu)))
