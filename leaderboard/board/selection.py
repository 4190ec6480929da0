"""Best of N: how far a submission that was chosen among scored attempts stands too high, and its value without that."""

from __future__ import annotations

from functools import lru_cache
from math import exp, fsum, sqrt
from typing import TYPE_CHECKING, NamedTuple

from scipy.integrate import quad
from scipy.special import betaln, ndtri
from scipy.stats import beta, norm

from metrics.statistics.uncertainty import Estimate, Z

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metrics.statistics.runs import RunVariance

_TAIL = 1e-15
"""Probability on each side that the integrals leave out."""


class Best(NamedTuple):
    """Mean of the k largest of N standard normal numbers: its expected value and its variance."""

    mean: float
    variance: float


@lru_cache(maxsize=1024)
def best_of(n_best: int, n_attempts: int) -> Best:
    """What the mean of the k largest of N independent standard normal numbers comes to.

    Given that the (k+1)-th largest is t, the k above it are independent draws of a normal number above t, with mean
    h = phi(t) / Q(t) and variance 1 + t h - h^2, Q being the probability above t (order statistics are a Markov chain:
    H. A. David and H. N. Nagaraja, Order Statistics (2003), DOI 10.1002/0471722162, section 2.5). Q of the (k+1)-th
    largest has the distribution Beta(k + 1, N - k). Both moments are integrals over it.

    Args:
        n_best: k, 1 <= k <= N.
        n_attempts: N.

    Raises:
        ValueError: k is not between 1 and N.

    """
    if not 1 <= n_best <= n_attempts:
        msg = f"the best are 1 or more, and no more than all attempts, got {n_best} of {n_attempts}"
        raise ValueError(msg)
    if n_best == n_attempts:
        return Best(0.0, 1 / n_attempts)
    a, b = n_best + 1, n_attempts - n_best
    least, most = (-float(ndtri(end)) for end in (beta.isf(_TAIL, a, b), beta.ppf(_TAIL, a, b)))

    def density(t: float) -> float:
        log_q, log_p = norm.logsf(t), norm.logcdf(t)
        return float(norm.pdf(t)) * exp((a - 1) * log_q + (b - 1) * log_p - betaln(a, b))

    def above(t: float) -> float:
        return exp(norm.logpdf(t) - norm.logsf(t))

    def expected(of_t: Callable[[float], float]) -> float:
        integral, _ = quad(lambda t: of_t(t) * density(t), least, most, epsabs=1e-12, epsrel=1e-10, limit=400)
        return float(integral)

    mean = expected(above)
    between = expected(lambda t: above(t) ** 2) - mean**2
    within = expected(lambda t: 1 + t * above(t) - above(t) ** 2)
    return Best(mean, between + within / n_best)


def corrected(
    runs: Sequence[Estimate],
    n_attempts: int | None,
    between: RunVariance | None = None,
    *,
    higher_is_better: bool = True,
    is_share: bool = False,
) -> list[Estimate]:
    """The runs of a model moved by what choosing them among N attempts gained on average.

    The mean of the k best of N attempts lies above the model's mean by e * sigma, e as of :func:`best_of` and sigma the
    standard deviation of one run about the model's mean: of drawing its records, as its interval has it, and between
    runs where that is known. The chosen runs vary less than as many that are not chosen, so the intervals scale with
    the standard deviation of :func:`best_of`; where the spread between runs was estimated, the error of sigma that
    comes with it widens them. The spread between runs itself is in them no more than in those of other runs.

    Args:
        runs: value and 95% interval of each run, one at least.
        n_attempts: N; None, where the card does not say it, counts as no choice, and so does N <= k.
        between: variance between runs, from models that did not choose.
        higher_is_better: the direction in which the best were chosen.
        is_share: whether the score lies in [0, 1]; then no value moves out of it.

    Returns:
        The runs in their order.

    Sources: expected values of normal order statistics: H. L. Harter, Biometrika 48, 151 (1961), DOI
    10.1093/biomet/48.1-2.151; selection of the k best: see :func:`best_of`.

    """
    k = len(runs)
    if n_attempts is None or n_attempts <= k:
        return list(runs)
    best = best_of(k, n_attempts)
    variance = fsum(((run.high - run.low) / (2 * Z)) ** 2 for run in runs) / k
    of_sigma = 0.0
    if between is not None and between.between > 0:
        variance += between.between
        # delta method: the pooled total has the variance 2 total^2 / dof, sigma^2 moves with it
        of_sigma = between.total**2 / (2 * between.dof * variance)
    shift = best.mean * sqrt(variance) * (1 if higher_is_better else -1)
    scale, added = k * best.variance, k * Z**2 * best.mean**2 * of_sigma
    return [_moved(run, shift, scale, added, is_share=is_share) for run in runs]


def _moved(run: Estimate, shift: float, scale: float, added: float, *, is_share: bool) -> Estimate:
    """The run lower by the shift; the squares of its sides are multiplied by the scale, and something is added."""
    value = run.value - shift
    low = value - sqrt((run.value - run.low) ** 2 * scale + added)
    high = value + sqrt((run.high - run.value) ** 2 * scale + added)
    if is_share:
        value, low, high = (min(max(part, 0.0), 1.0) for part in (value, low, high))
    return Estimate(value, low, high)
