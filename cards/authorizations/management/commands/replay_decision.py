"""`manage.py replay_decision ID`: judge a stored decision again from its stored inputs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cards.authorizations.models import Decision
from cards.authorizations.rules.replay import differences, replay
from krak.core.ids import MalformedId, read
from krak.core.money import plain


class Command(BaseCommand):
    """Agrees, or says where the rules of today part from the answer of then."""

    help = "Recompute a stored decision from its stored inputs and compare."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the decision's shown id."""
        parser.add_argument("decision", help="such as dec_01h455vb4pex5vsknk084sn02q")

    def handle(self, *, decision: str, **_options: Any) -> None:
        """Print the comparison; a difference is exit code 1."""
        try:
            found = Decision.objects.get(id=read(Decision.PREFIX, decision))
        except (MalformedId, Decision.DoesNotExist):
            raise CommandError(f"There is no decision {decision}.") from None
        verdict = replay(request=found.request, inputs=found.inputs)
        parted = differences(verdict, _figures(found))
        for difference in parted:
            self.stderr.write(
                f"{difference.name}: stored {difference.stored!r}, now {difference.replayed!r}"
            )
        if parted:
            raise CommandError("The rules of today decide otherwise.")
        self.stdout.write(f"{decision}: {found.outcome} {found.reason} agrees.")


def _figures(decision: Decision) -> dict[str, str]:
    return {
        "reason": decision.reason,
        "approved_amount": plain(decision.approved_amount),
        "held": plain(decision.held),
        "cash_amount": plain(decision.cash_amount),
        "sales": ", ".join(
            f"{sale['units']} {sale['currency']} for {sale['proceeds']}" for sale in decision.sales
        ),
    }
