"""What is said of a GPU whose memory is not enough; the allocator itself is torch's, and needs a GPU to be met."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from metrics.measure.energy import gpu_memory

ROOT = Path(__file__).parents[4]


def test_without_torch_nothing_is_a_shortage_and_torch_is_not_loaded() -> None:
    code = (
        "import sys; from metrics.measure.energy import gpu_memory; gpu_memory.free();"
        "print(gpu_memory.shortage(RuntimeError('CUDA out of memory')), 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["None", "False"]


@pytest.mark.skipif(find_spec("torch") is None, reason="needs requirements-stability.txt")
def test_only_torch_s_own_error_is_a_shortage() -> None:
    import torch  # noqa: PLC0415 - seconds, in this test only

    assert gpu_memory.shortage(RuntimeError("CUDA error: an illegal memory access")) is None
    assert gpu_memory.shortage(MemoryError()) is None
    said = gpu_memory.shortage(torch.OutOfMemoryError("CUDA out of memory"))
    assert str(said).startswith("memory_limit: needed more of the GPU's memory")
