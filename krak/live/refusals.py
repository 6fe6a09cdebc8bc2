"""Why there are no live events, in words of `docs/errors.md`."""

from krak.core.errors import DomainError, Kind


class LiveElsewhere(DomainError):
    """The proxy in front should have sent this to the process of live events."""

    code = "live.elsewhere"
    title = "Live events are not served here."
    kind = Kind.UNAVAILABLE


class SignedOut(DomainError):
    """There is no token, or it is unknown, ended or expired."""

    code = "live.signed_out"
    title = "Sign in first."
    kind = Kind.UNAUTHENTICATED


class Away(DomainError):
    """The database does not answer, or too many listen here already."""

    code = "live.away"
    title = "Live events are not to be had right now; try again."
    kind = Kind.UNAVAILABLE


class MalformedEventId(DomainError):
    """It is no number of an event."""

    code = "live.malformed_event_id"
    title = "A Last-Event-ID is taken from an event and never made."
    kind = Kind.INVALID


class NothingHere(DomainError):
    """This process has but one address, and two for its health."""

    code = "live.not_found"
    title = "There is no such thing."
    kind = Kind.NOT_FOUND
