"""Compiles the stub of NVIDIA's management library, for the real pynvml to load."""

import shutil
import subprocess
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("nvml_stub.c")


def stub_folder(folder):
    """A folder with ``libnvidia-ml.so.1`` in it, for LD_LIBRARY_PATH; skips where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to make the NVML stub with")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "libnvidia-ml.so.1", _SOURCE], check=True)
    return folder
