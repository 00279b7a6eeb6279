"""`load`: what its configuration may say, what may be loaded, and when a run is good."""

from __future__ import annotations

import itertools
import json
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from common.errors import RefusedError, UsageProblemError
from pipeline_test import cli
from rehearsal.load import run as running
from rehearsal.load.config import Config, Thresholds, read_config
from rehearsal.load.counts import Count, Counts, load_counts, rounded
from rehearsal.load.gathering import MARK, Gathered
from rehearsal.load.report import as_data, as_text, keep
from rehearsal.load.run import LoadRun
from rehearsal.load.target import require_loadable
from rehearsal.load.verdict import judge
from tests.conftest import ROOT

LOOPBACK = 'target: {url: "http://127.0.0.1:1"}\n'
REQUEST = "requests: [{path: /}]\n"


def read(folder: Path, text: str) -> Config:
    path = folder / "load.yml"
    path.write_text(text)
    return read_config(path)


def cli_load(path: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["load", "--config", str(path), *words])


def count(good: int, failed: int = 0, milliseconds: float = 10) -> Count:
    made = Count()
    for _ in range(good):
        made.add(milliseconds, None)
    for _ in range(failed):
        made.add(1, "answered 500")
    return made


def missed(total: Count, limits: Thresholds, seconds: float = 10) -> list[str]:
    return [one.name for one in judge(total, seconds, limits) if not one.met]


def load_run(folder: Path, text: str = LOOPBACK + REQUEST, **more: object) -> LoadRun:
    counts = Counts()
    counts.at(100, "GET /").merge(count(9, 1))
    counts.at(102, "GET /").merge(count(10, 0, 30))
    given = {
        "config": read(folder, text), "url": "http://127.0.0.1:1", "counts": counts,
        "seconds": 3.0, "warm_up": count(5), "began": 99.0, "users": ((0.0, 1), (1.0, 5)),
        "judged": judge(counts.total(), 3.0, Thresholds(min_requests=10)), "baseline": None,
        "interrupted": False, "trouble": (), "reports": folder / "r", **more,
    }  # fmt: skip
    return LoadRun(**given)


def test_a_configuration_is_read_with_its_units(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        LOOPBACK + REQUEST + "duration: 2m\nwarm_up: 1500ms\nwait: [200ms, 1s]\n"
        "thresholds: {p95: 0.5s, error_rate: 2%, slower_than_baseline: 0.2}\n",
    )
    assert (found.duration, found.warm_up, found.wait) == (120.0, 1.5, (0.2, 1.0))
    assert (found.thresholds.p95, found.thresholds.error_rate) == (500.0, 0.02)
    assert found.requests[0].name == "GET /"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "the file: expected a mapping"),
        (REQUEST, "target: expected either a url"),
        (LOOPBACK + "request: []", "request: expected one of data"),
        (LOOPBACK + "users: 0", "users: expected a whole number"),
        (LOOPBACK + "users: true", "users"),
        (LOOPBACK + "duration: soon", "duration: expected a time"),
        (LOOPBACK + "warm_up: 2m", "duration: expected longer than warm_up"),
        (LOOPBACK + "requests: [{path: x}]", r"requests\[0\].path: expected a path"),
        (LOOPBACK + "requests: [{path: /, method: BREW}]", r"requests\[0\].method"),
        (LOOPBACK + "requests: [{path: /, expect: [9]}]", r"requests\[0\].expect"),
        (LOOPBACK + "requests: [{path: /, headers: {Authorization: x}}]", "no credentials"),
        (LOOPBACK + "data: {a: []}", "data.a: expected a list"),
        (LOOPBACK + "thresholds: {p95: 0}", "whole milliseconds"),
        (LOOPBACK + "thresholds: {error_rate: 200%}", "between 0% and 100%"),
        (LOOPBACK + "thresholds: {min_requests: null}", "nothing is no proof"),
        ("a: [", r"load\.yml:\d+: "),
        ("users: !!python/object:os.system x", r"load\.yml:1: "),
        (LOOPBACK + "users: 1\nusers: 2", r"load\.yml:3: "),
        ("\tusers: 1", r"load\.yml:1: "),
        (
            "a: &a [x]\n" + "".join(f"a{n}: &a{n} [{'*a, ' * 9}]\n" for n in range(2)),
            "expected one of",
        ),
    ],
)
def test_what_makes_no_sense_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageProblemError, match=said):
        read(tmp_path, text)


def test_a_hostile_file_costs_bounded_time_and_names_its_line(tmp_path: Path) -> None:
    names = "abcdefghij"
    bomb = "a: &a [x, x]\n" + "".join(
        f"{after}: &{after} [{', '.join([f'*{name}'] * 10)}]\n"
        for name, after in itertools.pairwise(names)
    )
    for text in (bomb, "a: " + "[" * 5000, "x" * 2_000_000):
        with pytest.raises(UsageProblemError, match=r"load\.yml:\d+: "):
            read(tmp_path, text)


def test_trap_11_5_no_threshold_is_finer_than_what_is_measured(tmp_path: Path) -> None:
    with pytest.raises(UsageProblemError, match="nothing finer is measured"):
        read(tmp_path, LOOPBACK + "thresholds: {p99: 0.5ms}")
    assert [rounded(value) for value in (0.4, 12.6, 999.6, 1234, 45678)] == [
        0,
        13,
        1000,
        1230,
        45700,
    ]
    slow = count(100, milliseconds=20)
    assert slow.percentile(0.99) == 20


def test_trap_11_5_a_percentile_never_exceeds_the_slowest(tmp_path: Path) -> None:
    made = Count()
    for value in (10, 20, 987):
        made.add(value, None)
    assert (made.percentile(0.5), made.percentile(0.95), made.percentile(0.99)) == (20, 987, 987)
    assert "1 ms" in as_text(load_run(tmp_path))


@pytest.mark.parametrize("name", ["prod", "prod-dr"])
def test_production_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "load.yml"
    path.write_text(f"target: {{environment: {name}, service: auth}}\n{REQUEST}")
    result = cli_load(path)
    assert result.exit_code == 3
    assert "never put under load" in result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.wp.kimmyai.io",
        "https://abc.execute-api.af-south-1.amazonaws.com/prod",
        "https://abc.execute-api.eu-west-1.amazonaws.com/dev",
        "https://example.com",
        "http://acme.wpdev.kimmyai.io",
        "https://wpdev.kimmyai.io.example.com",
    ],
)
def test_an_address_that_may_be_production_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(RefusedError, match="cannot be told from production"):
        require_loadable(read(tmp_path, f'target: {{url: "{url}"}}\n{REQUEST}'))


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "https://acme.wpdev.kimmyai.io", "https://a.wpsit.kimmyai.io"]
)
def test_this_machine_and_the_domains_of_dev_and_sit_may_be_loaded(
    tmp_path: Path, url: str
) -> None:
    require_loadable(read(tmp_path, f'target: {{url: "{url}"}}\n{REQUEST}'))


def test_credentials_in_an_address_are_no_way_in(tmp_path: Path) -> None:
    url = "http://user:" + "pass@127.0.0.1:1"
    with pytest.raises(UsageProblemError, match="BBWS_TEST_TOKEN"):
        require_loadable(read(tmp_path, f'target: {{url: "{url}"}}\n{REQUEST}'))


def test_trap_11_3_one_failure_in_a_thousand_is_judged_by_the_limit_not_by_its_being_there() -> (
    None
):
    assert missed(count(999, 1), Thresholds(error_rate=0.01)) == []
    assert missed(count(980, 20), Thresholds(error_rate=0.01)) == ["errors"]


def test_trap_11_3_locust_s_own_exit_code_is_switched_off(tmp_path: Path) -> None:
    words = running._words(read(tmp_path, LOOPBACK + REQUEST), running.Spread())
    assert words[words.index("--exit-code-on-error") + 1] == "0"


def test_trap_11_3_a_missed_threshold_and_a_run_that_could_not_be_are_told_apart(
    tmp_path: Path,
) -> None:
    bad = judge(count(1), 1, Thresholds())
    good = judge(count(1), 1, Thresholds(min_requests=1))
    assert load_run(tmp_path, judged=good).exit_code == 0
    assert load_run(tmp_path, judged=bad).exit_code == 1
    assert load_run(tmp_path, judged=good, trouble=("a worker was lost",)).exit_code == 4
    assert load_run(tmp_path, judged=bad, interrupted=True).exit_code == 130


def test_trap_11_4_without_good_answers_nothing_is_met() -> None:
    everything = Thresholds(50, 95, 99, 0.01, 1)
    assert missed(Count(), everything) == [
        "good answers", "p50", "p95", "p99", "errors", "good answers a second",
    ]  # fmt: skip


def test_trap_11_4_fast_failures_count_neither_as_requests_a_second_nor_as_fast() -> None:
    total = count(10, 990, milliseconds=300)
    limits = Thresholds(p50=100, error_rate=1.0, requests_per_second=50, min_requests=1)
    assert missed(total, limits, seconds=10) == ["p50", "good answers a second"]


def test_trap_11_6_the_warm_up_is_reported_apart_and_not_judged(tmp_path: Path) -> None:
    gathered = Gathered()
    cold, warm = Counts(), Counts()
    cold.at(1000, "GET /").merge(count(5, milliseconds=4000))
    warm.at(1012, "GET /").merge(count(200, milliseconds=20))
    for entry in (
        {"began": 1000.0},
        {"at": 1001.0, "users": 5, "state": "running", "counts": cold.dump()},
        {"at": 1020.0, "users": 5, "state": "running", "counts": warm.dump()},
    ):
        gathered.take(MARK + json.dumps(entry))
    config = read(
        tmp_path, LOOPBACK + REQUEST + "duration: 20s\nwarm_up: 10s\nthresholds: {p99: 100ms}"
    )
    asked = running.Asked(tmp_path, tmp_path)
    run = running._judged(config, {"url": "x"}, asked, gathered, None, interrupted=False, code=0)
    assert run.exit_code == 0
    assert (run.counts.total().requests, run.warm_up.percentile(0.5)) == (200, 4000)
    assert "warm-up, not judged: 5 requests" in as_text(run)


def test_a_run_that_ends_early_is_no_pass(tmp_path: Path) -> None:
    gathered = Gathered()
    gathered.take(MARK + json.dumps({"began": 1000.0}))
    made = Counts()
    made.at(1001, "x").merge(count(500))
    entry = {"at": 1003.0, "users": 5, "state": "running", "counts": made.dump()}
    gathered.take(MARK + json.dumps(entry))
    config = read(tmp_path, LOOPBACK + REQUEST + "duration: 60s\n")
    asked = running.Asked(tmp_path, tmp_path)
    run = running._judged(config, {"url": "x"}, asked, gathered, None, interrupted=False, code=0)
    assert (run.exit_code, run.trouble) == (4, ("it ended after 3 s, not 60 s",))


def test_a_lost_worker_is_noticed_even_when_it_comes_back() -> None:
    gathered = Gathered()
    for entry in (
        {"began": 1.0},
        {"at": 2.0, "users": 4, "state": "running", "counts": [], "workers": 2, "missing": 0},
        {"at": 3.0, "users": 2, "state": "running", "counts": [], "workers": 1, "missing": 1},
        {"at": 4.0, "users": 4, "state": "running", "counts": [], "workers": 2, "missing": 0},
        {"at": 5.0, "users": 0, "state": "stopped", "counts": [], "workers": 0, "missing": 0},
    ):
        gathered.take(MARK + json.dumps(entry))
    assert list(gathered.trouble()) == ["1 of 2 workers were lost on the way"]


def test_slower_than_the_baseline_is_missed() -> None:
    limits = Thresholds(min_requests=1, slower_than_baseline=0.2)
    baseline = {"p50": 10, "p95": 10, "p99": 10}
    results = judge(count(100, milliseconds=12), 1, limits, baseline)
    assert [one.met for one in results] == [True, True, True, True, True]
    slower = judge(count(100, milliseconds=13), 1, limits, baseline)
    assert [one.met for one in slower] == [True, True, False, False, False]


def test_counts_survive_the_way_between_processes() -> None:
    made = Counts()
    made.at(5, "a").merge(count(3, 1))
    again = load_counts(json.loads(json.dumps(made.dump())))
    assert again.dump() == made.dump()
    again.merge(made)
    assert again.total().requests == 8


def test_the_reports_hold_the_same_numbers(tmp_path: Path) -> None:
    run = load_run(tmp_path, baseline={"p95": 5, "error_rate": 0.0})
    keep(run)
    assert json.loads((run.reports / "report.json").read_text()) == json.loads(
        json.dumps(as_data(run))
    )
    assert (run.reports / "requests.csv").read_text().splitlines()[1].startswith("GET /,20,1,")
    assert (run.reports / "history.csv").read_text().splitlines()[1:] == [
        "1,10,1,10,10,10",
        "3,10,0,30,30,30",
    ]
    page = (run.reports / "report.html").read_text()
    assert page.count("<svg") == 3
    assert "Against the baseline" in page
    assert as_data(run)["not_exercised"]


def test_a_name_in_a_report_is_no_markup(tmp_path: Path) -> None:
    counts = Counts()
    counts.at(1, "<script>").merge(count(1))
    run = load_run(tmp_path, counts=counts)
    keep(run)
    assert "<script>" not in (run.reports / "report.html").read_text()


def test_without_locust_the_way_to_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "find_spec", lambda name: None)
    path = tmp_path / "load.yml"
    path.write_text(LOOPBACK + REQUEST)
    result = cli_load(path, "-o", "json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["error"]["hint"] == running.INSTALL
    assert f"{running.INSTALL.split()[-1]} " in (ROOT / "requirements.txt").read_text()


def test_the_words_for_processes_masters_and_workers(tmp_path: Path) -> None:
    config = read(tmp_path, LOOPBACK + REQUEST)
    several = running._words(config, running.Spread(processes=3))
    master = running._words(config, running.Spread(expect_workers=4))
    worker = running._words(config, running.Spread(master="10.0.0.1:6000"))
    assert several[several.index("--processes") + 1] == "3"
    assert several[several.index("--master-bind-host") + 1] == "127.0.0.1"
    assert master[master.index("--expect-workers") + 1] == "4"
    assert worker[worker.index("--master-host") + 1 :][:3] == ["10.0.0.1", "--master-port", "6000"]
    assert worker[0] == sys.executable


def test_processes_master_and_worker_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "load.yml"
    path.write_text(LOOPBACK + REQUEST)
    assert cli_load(path, "--processes", "2", "--worker", "h").exit_code == 2


def test_trap_11_2_nothing_that_is_run_here_needs_an_account_or_calls_home(tmp_path: Path) -> None:
    config = read(tmp_path, LOOPBACK + REQUEST)
    assert not {"--otel", "--web-login"} & set(running._words(config, running.Spread()))
    required = (ROOT / "requirements.txt").read_text().split("# --- quality gates")[0]
    assert not any(name in required for name in ("safety", "serverless", "locust-cloud"))
    env = running._environment(tmp_path, {"profile": None})
    assert not any(name.startswith("LOCUST_") for name in env)


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        path = tmp_path / "load.yml"
        path.write_text(
            f"target: {{url: '{url}'}}\nrequests: [{{path: /a, weight: 3}}, {{path: /b}}]\n"
        )
        result = cli_load(path, "--dry-run", "-o", "json")
        with pytest.raises(TimeoutError):
            server.accept()
    data = json.loads(result.stdout)
    assert (result.exit_code, data["dry_run"]) == (0, True)
    assert data["would"][2:] == ["  GET /a: 75% of the requests", "  GET /b: 25% of the requests"]
    assert data["not_exercised"][0]["subject"] == "load"
