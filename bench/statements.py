"""`python -m bench.statements`: issue this month's statements until killed, as their job does."""

import os

import django


def main() -> None:
    """Print a line per statement."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    os.environ["KRAK_SANDBOX"] = "1"
    django.setup()
    from holdings.ledger.models import Book  # noqa: PLC0415 - Django is ready only now
    from holdings.statements import services  # noqa: PLC0415
    from holdings.statements.models import Statement  # noqa: PLC0415
    from krak.core import clock  # noqa: PLC0415

    without = Book.objects.filter(entries__gt=1).exclude(
        customer_id__in=Statement.objects.values("customer_id")
    )
    for customer_id in list(without.values_list("customer_id", flat=True)):
        services.close_early(customer_id=customer_id, now=clock.now())
        print(customer_id, flush=True)


if __name__ == "__main__":
    main()
