"""What staff noted of people."""

from datetime import datetime

from krak.cases.models import Case
from krak.core.audit import services as audit
from krak.core.personal import Person, holds, sweeps

holds("cases.Case", hides=("notes",), erases={"notes": ""}, keeps="what staff had to decide")


@sweeps
def _history(person: Person, _now: datetime) -> None:
    cases = Case.objects.filter(customer_id=person.customer_id).values_list("id", flat=True)
    audit.erase_values(table="cases_case", rows=cases, columns=["notes"])
