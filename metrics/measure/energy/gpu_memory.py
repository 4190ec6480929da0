"""How much memory of a GPU a worker may take, and what is said of a structure that needs more.

The address space of a worker is not limited where CUDA is used, which reserves far more than it takes; torch's own
allocator is bounded instead. Nothing here imports torch: where it is not loaded, no memory of a GPU is in use.
"""

from __future__ import annotations

import sys
from typing import Any

GPU_SHARE = 0.9
"""Of the GPU's memory, for all workers together; the rest is for CUDA itself, once for each process."""


def limit(share: float) -> None:
    """Let this process allocate at most this share of the memory of its GPU; torch is loaded already."""
    torch = _torch()
    torch.cuda.set_per_process_memory_fraction(share)
    torch.cuda.reset_peak_memory_stats()


def shortage(error: BaseException) -> str | None:
    """The reason to record where an error says that the GPU's memory was not enough; None for any other error."""
    torch = _torch()
    if torch is None or not isinstance(error, torch.OutOfMemoryError):
        return None
    needed = f", {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB at its peak" if torch.cuda.is_available() else ""
    return f"memory_limit: needed more of the GPU's memory than a worker may take{needed}"


def free() -> None:
    """Give back what a structure that did not fit has left."""
    torch = _torch()
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _torch() -> Any:  # noqa: ANN401 - a module without types here, or None
    return sys.modules.get("torch")
