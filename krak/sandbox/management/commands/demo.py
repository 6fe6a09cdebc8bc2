"""`manage.py demo`: a customer and a member of staff to try things with."""

from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from cards.issuing import queries as issuing
from krak.core import clock
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Customer, User
from krak.sandbox import services

DEMO_EMAIL: Final = "demo@krak.example"
STAFF_EMAIL: Final = "staff@krak.example"
STAFF_PASSWORD: Final = "sandbox-staff"  # noqa: S105 - of the sandbox, printed on purpose
HOLDINGS: Final = (
    ("BTC", "0.05", "2400"),
    ("ETH", "1.2", "2100"),
    ("USDC", "150", "150"),
    ("AAPLx", "3", "720"),
    ("SPYx", "1", "610"),
)


class Command(BaseCommand):
    """Makes both once; later runs find them and give the customer a new token."""

    help = "Make the demo customer and the demo member of staff, and print how to use them."

    def handle(self, **_options: Any) -> None:
        """Print addresses, customer and staff."""
        now = clock.now()
        with transaction():
            if not User.objects.filter(email=STAFF_EMAIL).exists():
                User.objects.create_superuser(STAFF_EMAIL, STAFF_PASSWORD)
            found = Customer.objects.filter(user__email=DEMO_EMAIL).first()
            if found is None:
                found, token, _card = services.create_customer(
                    services.NewCustomer(
                        country="US",
                        card_currency="USD",
                        cash=Decimal(40),
                        holdings=[
                            services.Holding(code, Decimal(units), Decimal(cost))
                            for code, units, cost in HOLDINGS
                        ],
                        spend_order=None,
                        excluded=[],
                        cashback_asset="BTC",
                        policy={},
                    ),
                    now=now,
                    name="Demo Customer",
                    email=DEMO_EMAIL,
                )
            else:
                token = customers.issue_token(customer=found, device="demo", now=now)
        card = issuing.newest_card(customer_id=found.id)
        url = settings.PUBLIC_URL
        self.stdout.write(
            f"Demo customer  {found.shown_id}  card {card}\n"
            f"Access token   {token}\n"
            f"Admin          {url}/admin/  {STAFF_EMAIL} / {STAFF_PASSWORD}\n"
            f"API docs       {url}/v1/docs\n"
            f"Try a tap      curl -s {url}/v1/sandbox/purchases -H 'Content-Type: application/json'"
            f' -d \'{{"customer": "{found.shown_id}", "amount": "120.00"}}\'\n'
            f"See the result curl -s {url}/v1/sandbox/customers/{found.shown_id}/position"
        )
