"""What a statement keeps of payments to people."""

import pytest

from holdings.statements import services as statements
from holdings.statements.rules import Month
from krak.core import clock
from tests.people import Known
from tests.transfers.conftest import pay, tag

pytestmark = pytest.mark.usefixtures("committed")


def test_a_statement_keeps_nobodys_tag_and_its_files_name_them(ada: Known, bob: Known) -> None:
    body = pay(ada, bob, "25.00", note="Dinner").json()
    month = Month.of(clock.now())
    statement = statements.issue(
        month, customer_id=ada.customer.id, now=month.ends_at + statements.SETTLED
    )

    (sent,) = [row for row in statement.facts["movements"] if row["kind"] == "transfer_sent"]
    assert (sent["title"], sent["party"], sent["note"]) == ("Payment sent", "", "")
    people = statements.people_of(statement)
    assert {(each.party, each.note) for each in people.values()} == {(f"${tag(bob)}", "Dinner")}
    assert people[sent["id"]].links == {"transfer": body["id"]}
    content = ada.get(f"/v1/statements/{statement.shown_id}/csv").content.decode()
    assert f"Payment sent,${tag(bob)},Dinner," in content
