"""Refusals in Stripe's shape.

Source: https://docs.stripe.com/api/errors
"""

from typing import Any


class StripeProblem(Exception):
    """An error object of Stripe's and its HTTP status."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"message": message, "type": kind}}
        if code is not None:
            self.body["error"]["code"] = code
            self.body["error"]["doc_url"] = (
                f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
            )
        if param is not None:
            self.body["error"]["param"] = param


def missing_resource(
    noun: str, stripe_id: str, *, param: str | None = None, status: int = 404
) -> StripeProblem:
    """Return the refusal of an id that names nothing."""
    return StripeProblem(
        f"No such {noun}: '{stripe_id}'", status=status, code="resource_missing", param=param
    )


def missing_param(param: str) -> StripeProblem:
    """Return the refusal of a request that lacks a parameter."""
    return StripeProblem(f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid_param(param: str, message: str) -> StripeProblem:
    """Return the refusal of a parameter that cannot be so."""
    return StripeProblem(message, code="parameter_invalid", param=param)


def unexpected_state(message: str) -> StripeProblem:
    """Return the refusal of what an object cannot do where it stands."""
    return StripeProblem(message)
