"""Figures of potentials belong to potentials that are there, and none is better than the best."""

from __future__ import annotations

from metrics.measure.potentials import registry
from metrics.measure.potentials.matbench_discovery import BEST, FIGURES


def test_every_figure_is_of_a_registered_potential() -> None:
    assert set(FIGURES) <= set(registry())


def test_no_potential_is_better_than_the_best() -> None:
    assert all(figures.f1 <= BEST.f1 for figures in FIGURES.values())
    assert all(figures.kappa_srme >= BEST.kappa_srme for figures in FIGURES.values())


def test_a_figure_of_another_checkpoint_says_so() -> None:
    """That board measured the checkpoint trained further on MPtrj and Alexandria; pinned is the one of OMat24."""
    pinned = str(registry()["orb-v3"].find_checkpoint().name)
    assert FIGURES["orb-v3"].checkpoint is not None
    assert FIGURES["orb-v3"].checkpoint not in pinned
