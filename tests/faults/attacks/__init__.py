"""The table of attacks: wrong money, forged webhooks, strangers and staff."""

from tests.faults.attacks.access import ACCESS
from tests.faults.attacks.money import MONEY
from tests.faults.attacks.webhooks import WEBHOOKS

ATTACKS = (*MONEY, *WEBHOOKS, *ACCESS)
