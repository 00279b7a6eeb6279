"""The verdict on a release: a pure function of what was measured and of the limits.

New version against stable version, side by side. Three zones, so that luck decides nothing:
*fail* when the new version is significantly worse, *pass* when it is shown to be no worse than the
margin, *inconclusive* in between, which never promotes. No data is never a pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from deploy.canary.statistics import binomial_tail, fisher_greater, upper_bound
from deploy.model import Options, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.canary.evidence import (
        AlarmEvidence,
        ApiEvidence,
        Change,
        Evidence,
        FunctionEvidence,
        VersionSample,
    )
    from deploy.canary.strategy import Limits

_SUSPICIOUS = 0.01
"""Too odd to pass on, not odd enough to fail on: wait for more."""

_TESTS_PER_FUNCTION = 7
_NEEDED_FOR = {0.5: 30, 0.95: 60, 0.99: 300}
"""Requests of the stable version that make one of its quantiles worth comparing with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: what was seen, and what it says. `thin` asks for more requests."""

    subject: str
    metric: str
    verdict: Verdict
    new: str
    stable: str
    reason: str
    thin: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """All comparisons; the worst one is the verdict."""

    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        return max((f.verdict for f in self.findings), default=Verdict.INCONCLUSIVE)

    @property
    def thin(self) -> tuple[str, ...]:
        """Functions that need more requests before anything can be said."""
        return tuple(dict.fromkeys(f.subject for f in self.findings if f.thin))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not a pass: the worst comparisons first."""
        bad = sorted(
            (f for f in self.findings if f.verdict is not Verdict.PASS), key=lambda f: -f.verdict
        )
        return tuple(f"{f.subject}: {f.metric}: {f.reason}" for f in bad)


@dataclass(frozen=True, slots=True)
class Look:
    """When one looks: at which of how many moments, and whether the hold's time is over.

    Looking often would find something by chance, so each look may only use up its share of the
    chance of a false alarm. `final` is the last look there is: nothing more can be waited for.
    """

    due: bool
    interim: int
    holds: int
    final: bool = False

    def alpha(self, limits: Limits, functions: int) -> float:
        share = self.holds if self.due else max(1, self.interim)
        return limits.alpha / 2 / share / (_TESTS_PER_FUNCTION * max(1, functions))


class Move(Enum):
    """What follows from a verdict."""

    WAIT = "wait"
    PROBE = "probe"
    PROMOTE = "promote"
    ROLL_BACK = "roll back"


def next_move(judgement: Judgement, *, due: bool, exhausted: bool) -> Move:
    """What to do now. Running out of time is never a pass.

    Args:
        due: The hold's time is over, counted in closed periods.
        exhausted: So is the extension that an inconclusive answer gets.
    """
    verdict = judgement.verdict
    if verdict is Verdict.FAIL:
        return Move.ROLL_BACK
    if due and verdict is Verdict.PASS:
        return Move.PROMOTE
    if exhausted:
        return Move.ROLL_BACK
    return Move.PROBE if due and judgement.thin else Move.WAIT


def judge(evidence: Evidence, limits: Limits, options: Options, look: Look) -> Judgement:
    """Compare everything that was measured; before its time is over a release cannot pass."""
    alpha = look.alpha(limits, len(evidence.functions))
    findings = list(_problems(evidence))
    for function in evidence.functions:
        found = list(_function(function, limits, options, alpha))
        odd = _SUSPICIOUS / len(evidence.functions)
        findings += [_cleared(found[0], function, limits, look, odd), *found[1:]]
    if not evidence.functions:
        findings.append(_finding("service", "functions", Verdict.INCONCLUSIVE, "nothing to judge"))
    if evidence.api is not None:
        findings.append(_api(evidence.api, evidence.functions, limits, alpha))
    findings += [_alarm(alarm, evidence, options) for alarm in evidence.alarms]
    findings += [_dead_letters(queue.name, queue.grown, alpha) for queue in evidence.queues]
    if not look.due:
        findings.append(_finding("hold", "time", Verdict.RUNNING, "the hold's time is not over"))
    return Judgement(tuple(findings))


def _finding(
    subject: str, metric: str, verdict: Verdict, reason: str, new: str = "", stable: str = ""
) -> Finding:
    return Finding(subject, metric, verdict, new, stable, reason)


def _problems(evidence: Evidence) -> Iterator[Finding]:
    for problem in evidence.problems:
        yield _finding("measuring", "metrics", Verdict.ERROR, problem)


def _function(
    seen: FunctionEvidence, limits: Limits, options: Options, alpha: float
) -> Iterator[Finding]:
    yield _errors(seen, limits, options, alpha)
    yield _throttles(seen, alpha)
    yield from _latency(seen, limits, options, alpha)
    if seen.iterator_age_ms is not None:
        yield _iterator_age(seen.function, seen.iterator_age_ms, limits)


def _rate(sample: VersionSample) -> str:
    return f"{sample.errors}/{sample.requests}"


def _errors(seen: FunctionEvidence, limits: Limits, options: Options, alpha: float) -> Finding:
    new, stable = seen.new.plus(seen.new_probes), seen.stable.plus(seen.stable_probes)
    chance = min(
        fisher_greater(
            seen.new.errors, seen.new.requests, seen.stable.errors, seen.stable.requests
        ),
        fisher_greater(new.errors, new.requests, stable.errors, stable.requests),
        _alone(new, stable, limits),
    )
    verdict, reason, thin = _error_verdict(new, stable, chance, limits, alpha)
    if verdict is Verdict.PASS and 2 * new.errors >= new.requests and not options.fix_forward:
        verdict, reason = Verdict.INCONCLUSIVE, "most requests fail, in the stable version too"
    if thin and options.allow_no_traffic and not new.errors:
        verdict, thin = Verdict.PASS, False
        reason += "; allowed by --allow-no-traffic"
    return Finding(seen.function, "errors", verdict, _rate(new), _rate(stable), reason, thin)


def _cleared(
    found: Finding, seen: FunctionEvidence, limits: Limits, look: Look, odd: float
) -> Finding:
    """Probes fill up thin traffic, but do not outvote errors of real requests.

    Args:
        odd: Chance below which two or more errors are too odd to pass on.
    """
    new, stable = seen.new, seen.stable
    if found.verdict is not Verdict.PASS or not new.errors:
        return found
    chance = fisher_greater(new.errors, new.requests, stable.errors, stable.requests)
    if new.errors >= 2 and chance < odd:
        reason = f"more errors than stable (p={chance:.1g})"
        return replace(found, verdict=Verdict.INCONCLUSIVE, reason=reason)
    bound = upper_bound(new.errors, new.requests, limits.confidence)
    if bound > _allowed(stable, limits) and not look.final:
        reason = f"{new.errors} of {new.requests} real requests failed: more of them are needed"
        return replace(found, verdict=Verdict.INCONCLUSIVE, reason=reason)
    return found


def _allowed(stable: VersionSample, limits: Limits) -> float:
    """The error rate that a release must be shown not to exceed."""
    own = stable.errors / stable.requests if stable.requests else 0.0
    return own + limits.error_margin


def _alone(new: VersionSample, stable: VersionSample, limits: Limits) -> float:
    """Without a stable version to compare with: chance of these errors at the margin itself."""
    if stable.requests:
        return 1.0
    return binomial_tail(new.errors, new.requests, limits.error_margin)


def _error_verdict(
    new: VersionSample, stable: VersionSample, chance: float, limits: Limits, alpha: float
) -> tuple[Verdict, str, bool]:
    if new.errors >= 2 and chance < alpha:
        return Verdict.FAIL, f"significantly more errors than stable (p={chance:.1g})", False
    if new.requests < limits.min_requests:
        reason = f"{new.requests} requests, at least {limits.min_requests} are needed"
        return Verdict.INCONCLUSIVE, reason, True
    allowed = _allowed(stable, limits)
    bound = upper_bound(new.errors, new.requests, limits.confidence)
    if bound <= allowed:
        return Verdict.PASS, f"at most {bound:.1%}, {allowed:.1%} is allowed", False
    reason = f"could still be {bound:.1%}, {allowed:.1%} is allowed: more requests are needed"
    return Verdict.INCONCLUSIVE, reason, True


def _throttles(seen: FunctionEvidence, alpha: float) -> Finding:
    new, stable = seen.new, seen.stable
    tried = new.requests + new.throttles, stable.requests + stable.throttles
    chance = fisher_greater(new.throttles, tried[0], stable.throttles, tried[1])
    if not tried[1]:
        chance = binomial_tail(new.throttles, tried[0], 0.01)
    verdict = Verdict.PASS
    if new.throttles >= 2 and chance < _SUSPICIOUS:
        verdict = Verdict.FAIL if chance < alpha else Verdict.INCONCLUSIVE
    return Finding(
        seen.function,
        "throttles",
        verdict,
        f"{new.throttles}/{tried[0]}",
        f"{stable.throttles}/{tried[1]}",
        "no more than stable" if verdict is Verdict.PASS else f"more than stable (p={chance:.1g})",
    )


def _latency(
    seen: FunctionEvidence, limits: Limits, options: Options, alpha: float
) -> Iterator[Finding]:
    """Each quantile of the stable version times the factor: too many of the new one above it?"""
    new, stable = _timed(seen, limits)
    compared = 0
    for share, needed in _NEEDED_FOR.items():
        reference = stable.quantile(share)
        if reference is None or stable.timed < needed or new.timed < limits.min_requests:
            continue
        compared += 1
        yield _slower(seen.function, share, reference, new, limits, alpha)
    if not compared:
        verdict = Verdict.PASS if options.allow_no_traffic else Verdict.INCONCLUSIVE
        reason = f"{new.timed} and {stable.timed} timed requests are too few to compare"
        counts = str(new.timed), str(stable.timed)
        yield Finding(seen.function, "duration", verdict, *counts, reason, thin=bool(verdict))


def _timed(seen: FunctionEvidence, limits: Limits) -> tuple[VersionSample, VersionSample]:
    """Real requests where both versions had enough of them, else the probes of both."""
    least = min(_NEEDED_FOR.values())
    real = seen.new.timed >= limits.min_requests and seen.stable.timed >= least
    if real or not (seen.new_probes.timed and seen.stable_probes.timed):
        return seen.new, seen.stable
    return seen.new_probes, seen.stable_probes


def _slower(
    function: str, share: float, reference: float, new: VersionSample, limits: Limits, alpha: float
) -> Finding:
    limit = max(reference * limits.slower, reference + limits.slower_ms)
    over = new.above(limit)
    chance = binomial_tail(over, new.timed, 1 - share)
    verdict, reason = Verdict.PASS, f"{over} of {new.timed} above {limit:.0f} ms, as expected"
    if over >= 2 and chance < _SUSPICIOUS:
        verdict = Verdict.FAIL if chance < alpha else Verdict.INCONCLUSIVE
        reason = f"{over} of {new.timed} above {limit:.0f} ms (p={chance:.1g})"
    own = new.quantile(share)
    shown = f"{own:.0f} ms" if own is not None else "?"
    return Finding(
        function, f"p{share * 100:g} duration", verdict, shown, f"{reference:.0f} ms", reason
    )


def _iterator_age(function: str, age: Change, limits: Limits) -> Finding:
    bad = age.during > limits.iterator_age_ms and age.during > 2 * age.before
    return Finding(
        function,
        "iterator age",
        Verdict.FAIL if bad else Verdict.PASS,
        f"{age.during:.0f} ms",
        f"{age.before:.0f} ms",
        "the consumer falls behind" if bad else "keeps up",
    )


def _dead_letters(queue: str, letters: Change, alpha: float) -> Finding:
    during, before = max(0, round(letters.during)), max(0, round(letters.before))
    seconds = letters.seconds_before + letters.seconds_during
    share = letters.seconds_during / seconds if seconds else 0.5
    chance = binomial_tail(during, during + before, share) if before else 0.0
    verdict, reason = Verdict.PASS, "no more than before"
    if during and chance < _SUSPICIOUS:
        verdict = Verdict.FAIL if during >= 3 and chance < alpha else Verdict.INCONCLUSIVE
        reason = "messages end in the dead-letter queue"
    return Finding(queue, "dead letters", verdict, f"+{during}", f"+{before} before", reason)


def _api(
    api: ApiEvidence, functions: tuple[FunctionEvidence, ...], limits: Limits, alpha: float
) -> Finding:
    """5xx that the stable functions' own errors do not explain are held against the release."""
    stable_errors = sum(f.stable.errors for f in functions)
    bad = max(0, api.bad - stable_errors)
    before = max(0, api.bad_before - api.stable_errors_before)
    chance = fisher_greater(bad, api.requests, before, api.requests_before)
    shown = f"{bad}/{api.requests}", f"{before}/{api.requests_before} before"
    if bad >= 2 and chance < alpha:
        return Finding("api", "5xx", Verdict.FAIL, *shown, f"more than before (p={chance:.1g})")
    expected = before / api.requests_before * api.requests if api.requests_before else 0.0
    unexplained = max(0, round(bad - expected) - sum(f.new.errors for f in functions))
    served = sum(f.new.requests + f.new_probes.requests for f in functions)
    bound = upper_bound(unexplained, served, limits.confidence) if unexplained else 0.0
    odd = bad >= 2 and chance < _SUSPICIOUS
    if unexplained and (odd or (bound > limits.error_margin and unexplained >= 2)):
        reason = f"{unexplained} 5xx that nothing explains could be the new version's"
        return Finding("api", "5xx", Verdict.INCONCLUSIVE, *shown, reason)
    return Finding("api", "5xx", Verdict.PASS, *shown, "no more than before")


def _alarm(alarm: AlarmEvidence, evidence: Evidence, options: Options) -> Finding:
    """An alarm that rang before blames the stable version: it must not block the fix."""
    state = "ALARM" if alarm.now else "OK", "ALARM" if alarm.before else "OK"
    candidates = {f.new.version for f in evidence.functions}
    if not alarm.now or alarm.before:
        reason = "rang before this release: not held against it" if alarm.now else "quiet"
        return Finding(alarm.name, "alarm", Verdict.PASS, *state, reason)
    if alarm.names_version in candidates:
        return Finding(alarm.name, "alarm", Verdict.FAIL, *state, "rings for the new version")
    if options.fix_forward:
        reason = "names no version; not held against it by --fix-forward"
        return Finding(alarm.name, "alarm", Verdict.PASS, *state, reason)
    reason = "began to ring and names no version: a person has to look"
    return Finding(alarm.name, "alarm", Verdict.INCONCLUSIVE, *state, reason)
