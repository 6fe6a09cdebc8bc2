"""Who checks identities. One interface; which one is asked is the setting `KRAK_KYC_PROVIDER`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol


class Outcome(Enum):
    """What a provider says."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Application:
    """What is to be checked. `id` is the same when asked again: providers take it as their key."""

    id: str
    level: int
    person: Mapping[str, Any]
    documents: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found; a rejection has a reason that the customer may read."""

    outcome: Outcome
    reference: str
    reason: str = ""


class Provider(Protocol):
    """Checks one application; may take seconds, and raises when it cannot be reached."""

    def check(self, application: Application) -> Answer: ...


class Manual:
    """Our own staff check everything."""

    def check(self, application: Application) -> Answer:
        """Put it into the queue."""
        return Answer(Outcome.REVIEW, application.id, "Every application is checked by hand.")


class Sandbox:
    """Decides by the last name: Rejected is rejected, Review goes to staff, all others pass."""

    def check(self, application: Application) -> Answer:
        """Decide at once."""
        last_name = str(application.person["last_name"]).casefold()
        if last_name == "rejected":
            return Answer(Outcome.REJECTED, application.id, "The document could not be read.")
        if last_name == "review":
            return Answer(Outcome.REVIEW, application.id, "The picture is unclear.")
        return Answer(Outcome.APPROVED, application.id)


_PROVIDERS: Final[dict[str, Provider]] = {"manual": Manual(), "sandbox": Sandbox()}
NAMES: Final = frozenset(_PROVIDERS)


def provider(name: str) -> Provider:
    """Return the provider of this name."""
    return _PROVIDERS[name]
