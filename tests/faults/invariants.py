"""The standing invariants I1 to I7 and the promises made to the driver, read from the database.

The constraints of the database forbid most of what is looked for here. That is why these
statements read whole tables: an index that lies after a crash would hide what it forbids.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg

from tests.faults.commands import Capture, Command, Tap, Win

Database = psycopg.Connection[Any]

BREAKS = {
    "I1 an entry does not sum to zero": """
        SELECT entry_id || ' ' || currency FROM ledger_posting
         GROUP BY customer_id, entry_id, currency
        HAVING sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END) <> 0""",
    "I1 an entry has not the legs it announced": """
        SELECT e.cause FROM ledger_journalentry e
          LEFT JOIN ledger_posting p ON p.customer_id = e.customer_id AND p.entry_id = e.id
         GROUP BY e.id, e.cause, e.legs HAVING count(p.leg) <> e.legs""",
    "I2 the books disagree": "SELECT break || ' ' || subject FROM ledger_breaks()",
    "I2 lots are not what is posted": """
        SELECT customer_id || ' ' || currency
          FROM lots_breaks('00000000-0000-0000-0000-000000000000',
                           'ffffffff-ffff-ffff-ffff-ffffffffffff')""",
    "I2 the house's books disagree": "SELECT ledger_house_breaks::text FROM ledger_house_breaks()",
    "I3 somebody is overdrawn without a forced event": """
        SELECT customer_id || ' ' || currency FROM ledger_ledgeraccount a
         WHERE held < 0 OR posted - held < -overdraft
            OR posted < held AND NOT EXISTS (
                   SELECT FROM ledger_posting p WHERE p.account_id = a.id AND p.forced)
               AND NOT EXISTS (SELECT FROM ledger_hold h WHERE h.account_id = a.id AND h.forced)""",
    "I4 an event is kept twice": """
        SELECT event_id FROM inbox_inboxevent GROUP BY provider, event_id HAVING count(*) > 1""",
    "I4 a key is used twice": """
        SELECT key FROM idempotency_keptanswer GROUP BY owner, key HAVING count(*) > 1""",
    "I4 a cause has two entries": """
        SELECT cause FROM ledger_journalentry GROUP BY customer_id, cause HAVING count(*) > 1""",
    "I4 a slot of a job has two rows": """
        SELECT job || ' ' || slot FROM schedule_run GROUP BY job, slot HAVING count(*) > 1""",
    "I6 a message is not done": """
        SELECT topic || ': ' || last_error FROM outbox_outboxmessage WHERE done_at IS NULL""",
    "I6 an event is not processed": """
        SELECT type || ' ' || event_id FROM inbox_inboxevent
         WHERE processed_at IS NULL AND waits_for = ''""",
    "I7 what customers have is not what the house owes": """
        SELECT currency || ' ' || sum(amount) FROM (
            SELECT currency, posted AS amount FROM ledger_ledgeraccount
             UNION ALL SELECT currency, balance FROM ledger_house_balances(NULL)) AS both_sides
         GROUP BY currency HAVING sum(amount) <> 0""",
    # Sums to zero with a leg on the wrong account of the house, too: what each feature has written
    # down of its own must be on its account.
    "I7 custody is not what came in and was sent": """
        SELECT currency || ' ' || sum(amount) FROM (
            SELECT currency, balance AS amount FROM ledger_house_balances('CUSTODY')
             UNION ALL
            SELECT p.currency, CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END
              FROM ledger_posting p
              JOIN ledger_journalentry e ON e.customer_id = p.customer_id AND e.id = p.entry_id
             WHERE (p.account_id IS NOT NULL OR p.house = 'DUST')
               AND e.kind NOT IN ('WITHDRAWAL', 'WITHDRAWAL_RETURN')
               AND EXISTS (SELECT FROM ledger_posting c
                            WHERE c.customer_id = p.customer_id AND c.entry_id = p.entry_id
                              AND c.house = 'CUSTODY')
             UNION ALL
            SELECT currency, -amount FROM funding_withdrawal
             WHERE entry_id IS NOT NULL AND return_entry_id IS NULL) AS both_sides
         GROUP BY currency HAVING sum(amount) <> 0""",
    "I7 what is on its way is not what waits": """
        SELECT currency || ' ' || sum(amount) FROM (
            SELECT currency, balance AS amount FROM ledger_house_balances('IN_TRANSIT')
             UNION ALL
            SELECT currency, -units FROM transfers_transfer WHERE state = 'PENDING') AS both_sides
         GROUP BY currency HAVING sum(amount) <> 0""",
    "I7 what the card network is owed is not what it told": """
        SELECT currency || ' ' || sum(amount) FROM (
            SELECT currency, balance AS amount FROM ledger_house_balances('CARD_SETTLEMENT')
             UNION ALL
            SELECT currency, CASE kind WHEN 'REFUND' THEN amount ELSE -amount END
              FROM clearing_cardtransaction
             UNION ALL SELECT currency, from_network FROM disputes_dispute) AS both_sides
         GROUP BY currency HAVING sum(amount) <> 0""",
    "I7 what is credited ahead is not what is disputed": """
        SELECT currency || ' ' || sum(amount) FROM (
            SELECT currency, balance AS amount FROM ledger_house_balances('SUSPENSE')
             UNION ALL SELECT currency, from_suspense FROM disputes_dispute) AS both_sides
         GROUP BY currency HAVING sum(amount) <> 0""",
}


@dataclass
class Judgement:
    """What was found; each list says what, one line each."""

    asked: int = 0
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Tell whether nothing was lost, doubled or wrong."""
        return not (self.lost or self.doubled or self.wrong)

    def __str__(self) -> str:
        found = [*self.lost, *self.doubled, *self.wrong]
        return "; ".join(found[:8]) if found else "all holds"


def broken(database: Database, *, of: tuple[str, ...] = ("I",)) -> list[str]:
    """Return every break of I1 to I4, I6 and I7, or of some of them."""
    found = []
    for name, statement in BREAKS.items():
        if not name.startswith(of):
            continue
        for (subject,) in database.execute(statement.encode()).fetchall():
            found.append(f"{name}: {subject}")
    return found


def judge(database: Database, commands: Sequence[Command]) -> Judgement:
    """Compare what was acknowledged with what is there (I4, I5), and prove the rest."""
    judgement = Judgement(asked=len(commands))
    kinds: dict[type[Command], list[Command]] = defaultdict(list)
    for command in commands:
        kinds[type(command)].append(command)
    for kind, asked in kinds.items():
        effects = kind.effects(database, asked)
        for command in asked:
            count, label = effects[command.name], f"{kind.kind} {command.name}"
            if command.accepted and count == 0:
                judgement.lost.append(f"{label} was acknowledged and is not there")
            elif command.accepted:
                judgement.kept += 1
            if count > 1:
                judgement.doubled.append(f"{label} has {count} effects")
            if command.accepted is False and count:
                judgement.wrong.append(f"{label} was refused and has an effect")
    judgement.wrong += broken(database)
    judgement.wrong += _wrong_rewards(database, commands)
    judgement.wrong += _wrong_holds(database, [each for each in commands if isinstance(each, Tap)])
    return judgement


def _wrong_rewards(database: Database, commands: Sequence[Command]) -> list[str]:
    """Return purchases whose reward is not 1 % of what is left of them, rounded down."""
    net: Counter[str] = Counter()
    for command in commands:
        if isinstance(command, Capture | Win) and command.accepted and command.tap:
            net[command.tap.stripe_id] += command.rewarded_cents
    paid = dict(
        database.execute(
            """
            SELECT g.group, coalesce(sum(CASE p.side WHEN 'CREDIT' THEN p.amount
                                                     ELSE -p.amount END), 0)
              FROM unnest(%s::text[]) AS g("group")
              LEFT JOIN ledger_journalentry e ON e.cause LIKE 'cashback:' || g.group || ':%%'
              LEFT JOIN ledger_posting p ON p.customer_id = e.customer_id AND p.entry_id = e.id
               AND p.account_id IS NOT NULL
             GROUP BY g.group
            """,
            [list(net)],
        ).fetchall()
    )
    return [
        f"the reward of {group} is {paid[group]} and should be {cents // 100 / 100}"
        for group, cents in net.items()
        if paid[group] != Decimal(cents // 100) / 100
    ]


def _wrong_holds(database: Database, taps: Sequence[Tap]) -> list[str]:
    """Return taps that were declined for good and left something set aside."""
    declined = [f"authorization:{each.stripe_id}" for each in taps if each.accepted is False]
    rows = database.execute(
        "SELECT reference FROM ledger_hold WHERE reference = ANY(%s) AND amount > 0", [declined]
    ).fetchall()
    return [f"{reference} was declined and holds money" for (reference,) in rows]
