"""Terraform as lines in blocks, and the names that `for_each` goes through."""

from __future__ import annotations

from codegen.drift.terraform_names import Names
from codegen.drift.terraform_text import terraform_lines

QUEUES = """\
locals {
  queues = {
    "sent" = {
      name = "sent-${var.environment}" # {
    }
  }
  dead = { # a map of texts
    sent_dlq = "sent-dlq-${var.environment}"
  }
  kept = {
    sent_dlq = aws_sqs_queue.dead["sent_dlq"].name
  }
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues
  name     = each.value.name
  policy   = jsonencode({ a = "}" })
}

resource "aws_sqs_queue" "dead" {
  for_each = local.dead
  name     = each.value
}
"""


def lines(text):
    return list(terraform_lines({"terraform/main.tf": text}))


def test_a_line_knows_its_blocks():
    found = next(one for one in lines(QUEUES) if one.text.startswith('name = "sent'))
    assert found.blocks == ("locals", "queues =", '"sent" =')
    assert found.number == 4


def test_braces_in_texts_and_comments_are_none():
    assert lines(QUEUES)[-1].blocks == ()
    assert [one.opened.label for one in lines(QUEUES) if one.opened] == ["this", "dead"]


def test_only_terraform_files_are_read():
    assert list(terraform_lines({"terraform/README.md": QUEUES, "src/main.tf": QUEUES})) == []


def test_a_map_a_resource_and_a_reference_are_followed():
    names = Names(lines(QUEUES))
    assert names.expand('"${each.value.name}-age"', "aws_sqs_queue.this") == ["sent-{env}-age"]
    assert names.expand('"${each.value}-depth"', "local.kept") == ["sent-dlq-{env}-depth"]


def test_what_cannot_be_known_is_shown_as_a_star():
    assert Names([]).expand('"${local.a}-b"', "a_resource.unknown") == ["*-b"]
    assert Names([]).expand('"${each.value}-b"', "local.unknown") == []
    assert Names([]).one('"a-${var.environment}-${var.b}"') == "a-{env}-*"


def test_the_forms_of_generated_files_are_followed():
    text = (
        QUEUES
        + """
locals {
  alarms = {
    sent_dlq = { queue = aws_sqs_queue.dead["sent_dlq"].name, alarm = "a-${var.environment}" }
    "kept" = {
      alarm = "kept"
    }
  }
}

resource "aws_dynamodb_table" "notes" {
  name = "notes-${var.environment}"
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = {
    notes = aws_dynamodb_table.notes.name
  }
}
"""
    )
    names = Names(lines(text))
    place = "aws_cloudwatch_metric_alarm.throttles"
    assert names.expand('"${each.value}-throttles"', place) == ["notes-{env}-throttles"]
    assert names.expand('"${local.queues[each.key].name}-x"', "local.queues") == ["sent-{env}-x"]
    assert names.expand("each.value.alarm", "local.alarms") == ["a-{env}", "kept"]
    assert names.expand('"${each.value.queue}-x"', "local.alarms")[0] == "sent-dlq-{env}-x"
    assert names.of("queues") == {"sent": "sent-{env}"}


def test_a_circle_of_references_ends():
    text = 'resource "aws_b" "c" {\n  for_each = aws_b.c\n}\n'
    assert Names(lines(text)).expand('"${each.key}"', "aws_b.c") == ["*"]
