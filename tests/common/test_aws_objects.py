"""Objects that break off on their way."""

from __future__ import annotations

import io

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from common.aws_call import AwsError
from common.aws_objects import Bucket


class Broken:
    """A body that breaks off."""

    def read(self) -> bytes:
        raise ReadTimeoutError(endpoint_url="http://127.0.0.1")


class Bodies:
    """S3 that answers with one body after the other."""

    def __init__(self, *bodies) -> None:
        self._bodies = list(bodies)

    def __call__(self, operation: str, **parameters):
        return {"Body": self._bodies.pop(0)}


def bucket(*bodies) -> Bucket:
    session = boto3.session.Session("key", "secret", region_name="eu-west-1")
    made = Bucket(session, "bucket", sleep=lambda _: None)
    made._call = Bodies(*bodies)
    return made


def test_an_object_that_broke_off_is_asked_for_again():
    assert bucket(Broken(), io.BytesIO(b"whole")).get("key") == b"whole"


def test_one_that_always_breaks_off_is_an_error_and_no_content():
    with pytest.raises(AwsError, match="get_object 'key'"):
        bucket(Broken(), Broken(), Broken()).get("key")
