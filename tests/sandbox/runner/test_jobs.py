"""Dispatched runs execute their steps: what steps pass on, what they may, and how they end."""

from __future__ import annotations

import base64

import pytest
from nacl.public import PublicKey, SealedBox

from common.github_errors import GitHubError
from tests.repository.house import PATH, House
from tests.sandbox.runner.workflows import dispatch
from tests.sandbox.support import eventually

HEAD = "on: {workflow_dispatch: {inputs: {word: {default: plain}}}}\n"


def keep_secret(house: House, name: str, value: str) -> None:
    key = house.connect().get(f"{PATH}/actions/secrets/public-key")
    box = SealedBox(PublicKey(base64.b64decode(key["key"])))
    sealed = base64.b64encode(box.encrypt(value.encode())).decode()
    sent = {"encrypted_value": sealed, "key_id": key["key_id"]}
    house.connect().put(f"{PATH}/actions/secrets/{name}", sent)


def test_steps_pass_on_outputs_variables_paths_and_jobs_their_outputs(machine: House) -> None:
    run = dispatch(
        machine,
        HEAD
        + """
jobs:
  make:
    runs-on: ubuntu-24.04
    outputs: {word: "${{ steps.say.outputs.word }}", lines: "${{ steps.say.outputs.lines }}"}
    env: {GIVEN: "${{ inputs.word }}"}
    steps:
      - id: say
        run: |
          echo "word=$GIVEN-1" >> "$GITHUB_OUTPUT"
          printf 'lines<<END\\na=1\\nb\\nEND\\n' >> "$GITHUB_OUTPUT"
          echo "NEXT=from-env" >> "$GITHUB_ENV"
          mkdir bin && printf '#!/bin/sh\\necho tool\\n' > bin/tool && chmod +x bin/tool
          echo "$PWD/bin" >> "$GITHUB_PATH"
      - {run: 'test "$NEXT" = from-env && test "$(tool)" = tool'}
  take:
    needs: make
    runs-on: ubuntu-24.04
    steps:
      - env: {WORD: "${{ needs.make.outputs.word }}", LINES: "${{ needs.make.outputs.lines }}"}
        run: 'test "$WORD" = quick-1 && test "$LINES" = "$(printf "a=1\\nb")"'
""",
        word="quick",
    )
    assert run.ended() == "success", run.log("make") + run.log("take")


def test_after_a_failure_only_steps_and_jobs_that_ask_for_it_run(machine: House) -> None:
    run = dispatch(
        machine,
        HEAD
        + """
jobs:
  work:
    runs-on: ubuntu-24.04
    steps:
      - {name: forgiven, continue-on-error: true, run: exit 1}
      - {name: bad, run: "false | true"}
      - {name: piped, shell: bash, run: "false | true"}
      - {name: skipped, run: "true"}
      - {name: told, if: "${{ failure() }}", run: 'test "${{ job.status }}" = failure'}
      - {name: always, if: always(), run: "true"}
  after: {needs: work, runs-on: ubuntu-24.04, steps: [{run: "true"}]}
  rescue:
    needs: work
    if: ${{ failure() && needs.work.result == 'failure' }}
    runs-on: ubuntu-24.04
    steps: [{run: "true"}]
""",
    )
    assert run.ended() == "failure"
    assert run.steps("work") == {
        **{"forgiven": "success", "bad": "success", "piped": "failure", "skipped": "skipped"},
        **{"told": "success", "always": "success"},
    }
    assert run.jobs() == {"work": "failure", "after": "skipped", "rescue": "success"}


def test_secrets_reach_steps_and_never_the_log(machine: House) -> None:
    keep_secret(machine, "API_KEY", "tr0ub4dor&3")
    run = dispatch(
        machine,
        HEAD
        + """
jobs:
  work:
    runs-on: ubuntu-24.04
    steps:
      - env: {KEY: "${{ secrets.API_KEY }}"}
        run: 'echo "the key is $KEY, ${#KEY} long"; echo "::add-mask::other"; echo the other'
""",
    )
    assert run.ended() == "success"
    assert "the key is ***, 11 long" in run.log("work")
    assert "the ***" in run.log("work")


def test_a_job_may_do_what_it_declares_and_nothing_else(machine: House) -> None:
    ask = "curl -s -o /dev/null -w '%{http_code}' -H \"Authorization: Bearer $TOKEN\""
    run = dispatch(
        machine,
        HEAD
        + f"""
permissions: {{}}
jobs:
  work:
    runs-on: ubuntu-24.04
    permissions: {{actions: read}}
    env: {{TOKEN: "${{{{ github.token }}}}", API: "${{{{ github.api_url }}}}{PATH}"}}
    steps:
      - run: |
          test "$({ask} "$API/actions/runs/$GITHUB_RUN_ID")" = 200
          test "$({ask} "$API/contents/README.md")" = 403
          test "$({ask} -X POST "$API/actions/runs/$GITHUB_RUN_ID/cancel")" = 403
          test "$({ask} "${{API%/*}}/other/actions/runs")" = 403
""",
    )
    assert run.ended() == "success", run.log("work")


def test_without_the_permission_a_job_has_no_identity_token(machine: House) -> None:
    run = dispatch(
        machine,
        HEAD
        + """
permissions: {contents: read}
jobs:
  work:
    runs-on: ubuntu-24.04
    steps:
      - uses: aws-actions/configure-aws-credentials@v6
        with: {role-to-assume: "arn:aws:iam::1:role/x", aws-region: eu-west-1}
""",
    )
    assert run.ended() == "failure"
    assert "permissions: id-token: write" in run.log("work")


def test_an_action_without_a_stand_in_fails_its_job(machine: House) -> None:
    steps = "[{uses: somebody/does-things@v1}]"
    run = dispatch(machine, HEAD + f"jobs: {{work: {{runs-on: x, steps: {steps}}}}}\n")
    assert run.ended() == "failure"
    assert "no stand-in for the action 'somebody/does-things'" in run.log("work")


def test_a_job_that_needs_a_matrix_is_refused_before_it_starts(machine: House) -> None:
    job = "{runs-on: x, strategy: {matrix: {a: [1, 2]}}, steps: [{run: 'true'}]}"
    with pytest.raises(GitHubError, match="runs no job with 'strategy'"):
        dispatch(machine, HEAD + f"jobs: {{work: {job}}}\n")


def test_a_cancelled_run_ends_what_its_steps_started(machine: House) -> None:
    run = dispatch(
        machine,
        HEAD
        + """
jobs:
  work:
    runs-on: ubuntu-24.04
    steps: [{run: "echo begun $$; sleep 600 & sleep 600"}]
""",
    )
    eventually(lambda: run.jobs() == {"work": "in_progress"} and "begun" in run.log("work"), 60)
    machine.connect().request("POST", f"{run.path}/cancel")
    assert run.ended() == "cancelled"
    eventually(lambda: "##[endgroup]" in run.log("work"), 60)


def test_a_step_is_ended_at_its_time_limit(machine: House) -> None:
    machine.store.settings["minute_seconds"] = 0.2
    run = dispatch(
        machine,
        HEAD
        + """
jobs:
  work:
    runs-on: ubuntu-24.04
    steps: [{name: long, timeout-minutes: 1, run: sleep 600}, {name: then, if: always(), run: "true"}]
""",
    )
    assert run.ended() == "failure"
    assert run.steps("work") == {"long": "failure", "then": "success"}


def test_a_called_workflow_is_part_of_the_run(machine: House) -> None:
    machine.add_workflow(
        """
on:
  workflow_call:
    inputs: {who: {type: string}}
    outputs: {greeting: {value: "${{ jobs.greet.outputs.text }}"}}
jobs:
  greet:
    name: Greet
    runs-on: ubuntu-24.04
    outputs: {text: "${{ steps.it.outputs.text }}"}
    steps: [{id: it, run: 'echo "text=hello ${{ inputs.who }}" >> "$GITHUB_OUTPUT"'}]
""",
        "called.yml",
    )
    run = dispatch(
        machine,
        HEAD
        + """
jobs:
  call: {name: Call, uses: ./.github/workflows/called.yml, with: {who: "${{ inputs.word }}"}}
  use:
    needs: call
    runs-on: ubuntu-24.04
    steps: [{run: 'test "${{ needs.call.outputs.greeting }}" = "hello plain"'}]
""",
    )
    assert run.ended() == "success", run.log("use")
    assert run.jobs() == {"Call / Greet": "success", "use": "success"}


def test_a_job_waits_at_its_gate_and_works_in_its_environment(machine: House) -> None:
    run = dispatch(
        machine,
        HEAD
        + """
run-name: Promote ${{ inputs.word }}
jobs:
  owner:
    runs-on: ubuntu-24.04
    environment: {name: "prod-${{ inputs.word == 'plain' && 'business-owner' }}", deployment: false}
    steps: [{run: "touch x"}]
""",
    )
    run.waits()
    assert run.facts()["display_title"] == "Promote plain"
    assert run.steps("owner") == {}
    pending = machine.connect("cyn").listing(f"{run.path}/pending_deployments")
    body = {"environment_ids": [pending[0]["environment"]["id"]], "state": "approved"}
    machine.connect("cyn").request(
        "POST", f"{run.path}/pending_deployments", body={**body, "comment": "seen"}
    )
    assert run.ended() == "success"
    assert machine.connect().listing(f"{PATH}/deployments") == []


def test_checkout_brings_the_history_that_is_asked_for_and_no_token_unless_kept(
    machine: House,
) -> None:
    run = dispatch(
        machine,
        HEAD
        + """
jobs:
  work:
    runs-on: ubuntu-24.04
    steps:
      - {uses: actions/checkout@v7, with: {persist-credentials: false, fetch-depth: 0, path: all}}
      - run: |
          test "$(git -C all rev-parse HEAD)" = "$GITHUB_SHA"
          test "$(git -C all branch --show-current)" = main
          test "$(git -C all rev-list --count HEAD)" -gt 1
          ! grep -q extraheader all/.git/config
      - {uses: actions/checkout@v7, with: {path: one}}
      - run: |
          test "$(git -C one rev-list --count HEAD)" = 1
          git -C one fetch --quiet origin main
""",
    )
    assert run.ended() == "success", run.log("work")
