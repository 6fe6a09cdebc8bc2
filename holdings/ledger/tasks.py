"""The clock's door to the ledger."""

from celery import shared_task

from holdings.ledger import services


@shared_task(name="ledger.roll_up_house")
def roll_up_house(**_newer: object) -> None:
    """Bring the house's balances up to date; two beats do no harm."""
    services.roll_up_house()
