"""How moto says no."""

from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

MOTO_ERRORS = (ServiceException, HTTPException)
"""Everything moto's services raise to refuse a request."""
