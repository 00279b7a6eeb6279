"""The few exact tests the judgement rests on; small numbers are where approximations mislead."""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt

_EXACT = 20_000
_NEGLIGIBLE = 1e-16


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def fisher_greater(bad_new: int, new: int, bad_old: int, old: int) -> float:
    """Chance of at least `bad_new` bad ones among `new` if both groups were alike (one-sided).

    Without anything to compare (`old` is 0), nothing is shown: 1.
    """
    if new <= 0 or old <= 0 or bad_new <= 0:
        return 1.0
    bad, total = bad_new + bad_old, new + old
    whole = _log_choose(total, new)
    tail = 0.0
    for k in range(bad_new, min(bad, new) + 1):
        if new - k > total - bad:
            continue
        term = exp(_log_choose(bad, k) + _log_choose(total - bad, new - k) - whole)
        tail += term
        if term < tail * _NEGLIGIBLE:
            break
    return min(1.0, tail)


def binomial_tail(k: int, n: int, p: float) -> float:
    """Chance of `k` or more out of `n` when each has chance `p`."""
    if k <= 0:
        return 1.0
    if k > n or p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    # Away from the peak every term is smaller than the one before, so few of them matter.
    if k > n * p:
        return min(1.0, _outward(k, n, p / (1 - p), _term(k, n, p)))
    below = k - 1
    return max(0.0, 1.0 - _outward(n - below, n, (1 - p) / p, _term(below, n, p)))


def _term(i: int, n: int, p: float) -> float:
    return exp(_log_choose(n, i) + i * log(p) + (n - i) * log1p(-p))


def _outward(i: int, n: int, odds: float, term: float) -> float:
    """The sum of binomial terms from number `i` up to `n`, given the first and the odds."""
    tail = term
    while i < n and term > tail * _NEGLIGIBLE:
        term *= (n - i) / (i + 1) * odds
        tail += term
        i += 1
    return tail


@lru_cache(maxsize=4096)
def upper_bound(bad: int, n: int, confidence: float) -> float:
    """The highest rate that still explains `bad` out of `n` at this confidence.

    Clopper-Pearson, so never too optimistic; Wilson's score where counts are large.
    """
    if n <= 0 or bad >= n:
        return 1.0
    if bad > _EXACT:
        return _wilson(bad, n, confidence)
    low, high = bad / n, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if 1 - binomial_tail(bad + 1, n, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _wilson(bad: int, n: int, confidence: float) -> float:
    from statistics import NormalDist

    z = NormalDist().inv_cdf(confidence)
    rate = bad / n
    centre = rate + z * z / (2 * n)
    spread = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return min(1.0, (centre + spread) / (1 + z * z / n))
