"""The errors a caller can meet, each with its HTTP status.

Handlers, services and repositories raise these; `src.utils.api` alone turns them into answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from src.utils.error_codes import code_for


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of a request."""

    field: str
    message: str


class ServiceError(Exception):
    """An expected failure: a status, a code that clients can rely on, a text for people."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(
        self, message: str, *, subject: str = "", details: tuple[FieldError, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.code = code_for(self.status, subject)


class InvalidRequestError(ServiceError):
    """The request does not fit its model: 400, with what is wrong by field."""

    status = HTTPStatus.BAD_REQUEST


class ForbiddenError(ServiceError):
    """The caller may not do this: 403."""

    status = HTTPStatus.FORBIDDEN


class NotFoundError(ServiceError):
    """There is nothing under that key: 404."""

    status = HTTPStatus.NOT_FOUND


class ConflictError(ServiceError):
    """It exists already, or someone else changed it first: 409."""

    status = HTTPStatus.CONFLICT


class NotImplementedYetError(ServiceError):
    """The design names this operation and does not say how it works: 501."""

    status = HTTPStatus.NOT_IMPLEMENTED


class UnavailableError(ServiceError):
    """Something the service needs is busy or missing; trying again may help: 503."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
