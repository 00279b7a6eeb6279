from __future__ import annotations

from math import comb

import pytest

from deploy.canary.statistics import binomial_tail, fisher_greater, upper_bound


def exact_fisher(a, n, b, m):
    return sum(
        comb(a + b, k) * comb(n + m - a - b, n - k) for k in range(a, min(a + b, n) + 1)
    ) / comb(n + m, n)


@pytest.mark.parametrize(
    ("a", "n", "b", "m"),
    [(3, 10, 1, 12), (1, 5, 0, 45), (8, 60, 2, 540), (5, 5, 5, 5), (2, 2, 0, 1)],
)
def test_fisher_is_exact(a, n, b, m):
    assert fisher_greater(a, n, b, m) == pytest.approx(exact_fisher(a, n, b, m))


def test_nothing_to_compare_shows_nothing():
    assert fisher_greater(5, 10, 0, 0) == 1.0
    assert fisher_greater(0, 10, 3, 10) == 1.0


@pytest.mark.parametrize(
    ("k", "n", "p"),
    [(3, 10, 0.2), (1, 30, 0.01), (27, 30, 0.5), (5, 900, 0.3), (400, 900, 0.3), (900, 900, 0.5)],
)
def test_binomial_tail_is_exact(k, n, p):
    expected = sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
    assert binomial_tail(k, n, p) == pytest.approx(expected)


def test_no_error_in_100_can_still_be_four_and_a_half_percent():
    assert upper_bound(0, 100, 0.99) == pytest.approx(1 - 0.01 ** (1 / 100), abs=1e-6)


def test_bounds_of_nothing_and_of_everything_are_one():
    assert upper_bound(0, 0, 0.99) == 1.0
    assert upper_bound(7, 7, 0.99) == 1.0


def test_large_counts_are_quick_and_close():
    assert upper_bound(30_000, 3_000_000, 0.99) == pytest.approx(0.0101, abs=2e-4)
    assert fisher_greater(40_000, 400_000, 40_000, 400_000) == pytest.approx(0.5, abs=0.01)
