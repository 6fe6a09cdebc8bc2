"""What vendors told of somebody goes with them."""

from datetime import datetime

from krak.core.ids import made_at
from krak.core.inbox import services
from krak.core.personal import Person, sweeps_later


@sweeps_later
def _by_address(person: Person, _now: datetime) -> None:
    services.empty(
        [word for word in person.words if "@" in word], since=made_at(person.customer_id)
    )
