"""Expected shares: of certain records they are plain shares, and their intervals hold chance and the draws."""

from __future__ import annotations

import numpy as np
import pytest

from metrics.statistics.expected import expected_share
from metrics.statistics.uncertainty import wilson_interval


@pytest.mark.parametrize(("n_hits", "n_records"), [(0, 50), (7, 50), (150, 500), (500, 500)])
def test_verdicts_give_the_share_and_about_the_interval_of_a_share(n_hits: int, n_records: int) -> None:
    """Wilson's interval is the independent one; it is not centred on the share, hence the room of one record."""
    certain = np.ones(n_hits)
    value, low, high = expected_share(certain, np.ones((200, n_hits)), n_records)
    assert value == n_hits / n_records
    wilson = wilson_interval(n_hits, n_records)
    assert low == pytest.approx(wilson[0], abs=1.5 / np.sqrt(n_records) / 2)
    assert high == pytest.approx(wilson[1], abs=1.5 / np.sqrt(n_records) / 2)


def test_what_turns_out_lies_in_the_interval_as_often_as_it_says() -> None:
    """Simulation from the model itself: a shared error moves all probabilities, then chance decides each record."""
    generator = np.random.default_rng(3)
    probability = generator.uniform(0.0, 0.4, size=300)
    drawn = np.clip(probability[None] * generator.lognormal(0.0, 0.3, size=(400, 1)), 0.0, 1.0)
    _, low, high = expected_share(probability, drawn, 300)
    turned_out = (generator.random((400, 300)) < drawn).mean(axis=1)
    inside = ((low <= turned_out) & (turned_out <= high)).mean()
    assert 0.92 <= inside <= 0.99


def test_draws_widen_the_interval() -> None:
    probability = np.full(400, 0.1)
    without = expected_share(probability, np.tile(probability, (200, 1)), 400)
    shifts = np.random.default_rng(1).lognormal(0.0, 0.5, size=(200, 1))
    with_draws = expected_share(probability, np.clip(probability * shifts, 0.0, 1.0), 400)
    assert with_draws.high - with_draws.low > 1.5 * (without.high - without.low)


def test_without_a_possible_hit_the_interval_is_wilsons_of_none() -> None:
    """No hit among 50 does not say that the next 50 will have none."""
    assert expected_share(np.zeros(0), np.zeros((200, 0)), 50) == (0.0, *wilson_interval(0, 50))
