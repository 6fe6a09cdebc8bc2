"""The card policy told again from its text: what a customer has after each thing that happens.

Whole cents, one customer, plain loops. It knows nothing of the code that it is held against.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

HAIRCUT = {"EUR": Decimal("0.01"), "USDC": Decimal("0.005"), "BTC": Decimal("0.05")}
ORDER = ("EUR", "USDC", "BTC")
BLOCKED = {"7995"}
CASH = {"6011"}
REWARDLESS = {"6011", "7995"}
NETWORK = {"webhook_timeout", "webhook_error", "network_fallback"}
PENDING = "pending"


def cents(amount: Decimal) -> int:
    """Return whole cents of dollars, rounded down."""
    return int((amount * 100).to_integral_value(rounding=ROUND_FLOOR))


@dataclass
class Policy:
    """What may differ between customers; amounts in cents."""

    daily: int = 50_000
    cash_daily: int = 8_000
    minimum_conversion: int = 0
    buffer_bps: int = 0
    sell_at_capture: bool = True
    provisional: bool = True


@dataclass
class Promise:
    """One authorization: what was answered, what the network said, what is set aside."""

    answers: dict[int, int] = field(default_factory=dict)
    approved: bool = False
    status: str = PENDING
    steps: int = 0
    amount: int = 0
    captured: int = 0
    hold: int = 0
    last_at: int | None = None
    told_at: int | None = None
    unseen: bool = False


@dataclass
class Moved:
    """One capture (positive) or refund (negative) of a purchase."""

    group: str
    amount: int
    at: int
    network: str
    mcc: str = "5812"
    rewardless: int = 0
    disputed: dict[str, "Dispute"] = field(default_factory=dict)


@dataclass
class Dispute:
    """What was said of one dispute, and what has moved for it."""

    said: set[str] = field(default_factory=set)
    amount: int = 0
    reinstated: int = 0
    credited: int = 0


@dataclass
class Customer:
    """Cash, holds, units, purchases."""

    policy: Policy
    posted: int
    units: dict[str, Decimal]
    places: dict[str, int]
    bids: dict[str, Decimal]
    promises: defaultdict[str, Promise] = field(default_factory=lambda: defaultdict(Promise))
    moved: dict[str, Moved] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    frozen: bool = False
    approved_today: int = 0
    cash_today: int = 0
    flags: set[str] = field(default_factory=set)
    suspended: dict[str, int] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return sum(promise.hold for promise in self.promises.values())

    @property
    def available(self) -> int:
        return self.posted - self.held

    def _sellable(self) -> list[str]:
        return [
            code for code in ORDER
            if self.units[code] > 0 and code not in self.excluded | self.stale
        ]  # fmt: skip

    @property
    def coverage(self) -> int:
        return self.available + sum(
            cents(self.units[code] * self.bids[code] * (1 - HAIRCUT[code]))
            for code in self._sellable()
        )

    def sell(self, short: int) -> None:
        """Walk the spend order until the shortfall is raised or nothing is left."""
        for code in self._sellable():
            if short <= 0:
                return
            need = Decimal(max(short, self.policy.minimum_conversion)) / 100
            wanted = (need / self.bids[code]).quantize(
                Decimal(1).scaleb(-self.places[code]), rounding=ROUND_CEILING
            )
            units = min(wanted, self.units[code])
            proceeds = cents(units * self.bids[code])
            if proceeds > 0:
                self.units[code] -= units
                self.posted += proceeds
                short -= proceeds

    # Section 2

    def request(
        self, name: str, step: int, amount: int, *, mcc: str, active: bool, controllable: bool,
        cash_back: int, foreign: bool,
    ) -> dict[str, object]:  # fmt: skip
        promise = self.promises[name]
        cash = amount if mcc in CASH else cash_back
        coverage = self.coverage
        if reason := self._reason(amount, mcc=mcc, active=active, cash=cash):
            promise.answers[step] = 0
            return {"approved": False, "reason": reason}
        partial = controllable and coverage >= max(100, cash_back)
        if amount and coverage < amount and not partial:
            promise.answers[step] = 0
            return {"approved": False, "reason": "insufficient_funds"}
        approved = hold = min(amount, coverage) if amount else 0
        if foreign and approved == amount:
            buffered = -(-amount * (10_000 + self.policy.buffer_bps) // 10_000)
            hold = buffered if buffered <= coverage else hold
        if promise.steps > step or promise.status != PENDING:
            hold = 0
        hold = max(0, hold - max(0, promise.captured - promise.amount))
        if hold:
            self.sell(hold - self.available)
        promise.hold += hold
        promise.approved = True
        promise.answers[step] = approved
        if promise.steps <= step:
            promise.amount += approved
        self.approved_today += approved
        self.cash_today += min(cash, approved)
        return {"approved": True} | ({"amount": approved} if approved < amount else {})

    def _reason(self, amount: int, *, mcc: str, active: bool, cash: int) -> str:
        reasons = {
            "card_inactive": not active,
            "account_frozen": self.frozen,
            "negative_balance": self.posted < 0 and self.available < 0,
            "merchant_blocked": mcc in BLOCKED,
            "cash_limit_exceeded": cash and self.cash_today + cash > self.policy.cash_daily,
            "velocity_limit": amount and self.approved_today + amount > self.policy.daily,
        }
        return next((reason for reason, applies in reasons.items() if applies), "")

    # Section 3

    def snapshot(
        self, name: str, at: int, *, status: str, amount: int, approved: bool, reason: str,
        steps: int,
    ) -> None:  # fmt: skip
        promise = self.promises[name]
        declined_now = not approved and promise.unseen and promise.told_at is None
        newest = promise.last_at if status == PENDING else promise.told_at
        if newest is not None and not declined_now:
            reopens = promise.status != PENDING and status == PENDING
            same_second_but_older = at == newest and (reopens or steps < promise.steps)
            if at < newest or same_second_but_older:
                return
        promise.last_at = max(at, promise.last_at or at)
        promise.told_at, promise.status = at, status
        promise.steps = max(promise.steps, steps)
        ours = sum(yes for step, yes in promise.answers.items() if step < steps)
        unseen = sum(yes for step, yes in promise.answers.items() if step >= steps)
        promise.amount = amount + unseen
        if not approved:
            if promise.approved:
                self.flags.add(reason)
            if declined_now:
                self.flags.add("capture_on_declined")
            promise.approved, promise.hold = False, 0
            return
        target = max(0, amount + unseen - promise.captured) if status == PENDING else 0
        more = target - promise.hold
        adopted = not promise.approved or (more > 0 and amount > ours)
        promise.approved = True
        if more > 0:
            self.sell(more - self.available)
        promise.hold = target
        if adopted:
            self.flags.add(reason if reason in NETWORK else "adopted")
            if self.available < 0:
                self.flags.add("overdrawn")

    # Sections 4 and 5

    def capture(
        self, transaction: str, name: str | None, amount: int, *, at: int, mcc: str, network: str,
        rewardless: int,
    ) -> None:  # fmt: skip
        if transaction in self.moved:
            return
        flag = self._release(name, amount, at)
        if flag:
            self.flags.add(flag)
        if self.policy.sell_at_capture:
            self.sell(amount - self.available)
        self.posted -= amount
        if self.available < 0:
            self.flags.add("overdrawn")
        self.moved[transaction] = Moved(
            name or transaction, amount, at, network, mcc, min(amount, rewardless)
        )

    def _release(self, name: str | None, amount: int, at: int) -> str:
        if name is None:
            return "force_capture"
        unknown = name not in self.promises
        promise = self.promises[name]
        flag = ""
        if unknown:
            flag, promise.approved, promise.unseen = "capture_unknown_auth", True, True
        elif promise.status in {"expired", "reversed"}:
            flag = f"capture_on_{promise.status}"
        elif not promise.approved:
            flag = "capture_on_declined"
        promise.hold -= min(promise.hold, amount)
        promise.captured += amount
        promise.last_at = max(at, promise.last_at or at)
        return flag

    def refund(
        self, transaction: str, name: str | None, amount: int, *, at: int, network: str
    ) -> None:
        if transaction in self.moved:
            return
        group = name or self._group_at(network, amount)
        if not group:
            self.flags.add("unmatched_refund")
        self.posted += amount
        self.moved[transaction] = Moved(group, -amount, at, network)

    def take_back(self, refund: str, transaction: str) -> None:
        if transaction in self.moved:
            return
        undone = self.moved[refund]
        self.posted += undone.amount
        if self.available < 0:
            self.flags.add("overdrawn")
        self.moved[transaction] = Moved(undone.group, -undone.amount, undone.at, "")

    def _group_at(self, network: str, amount: int) -> str:
        newest_first = sorted(
            ((m.at, number, m.group) for number, m in enumerate(self.moved.values())
             if m.amount > 0 and m.network == network),
            reverse=True,
        )  # fmt: skip
        for _at, _number, group in newest_first:
            if self.net(group) >= amount:
                return group
        return ""

    # Sections 6 and 7

    def net(self, group: str) -> int:
        total = 0
        for moved in self.moved.values():
            if moved.group == group and moved.mcc not in REWARDLESS:
                won = sum(
                    d.amount for d in moved.disputed.values()
                    if "funds_reinstated" in d.said and "funds_rescinded" not in d.said
                )  # fmt: skip
                total += moved.amount - moved.rewardless - won
        return total

    @property
    def cashback(self) -> int:
        groups = {moved.group for moved in self.moved.values()} - {""}
        return sum(max(0, self.net(group)) // 100 for group in groups)

    def dispute(self, name: str, event: str, transaction: str, amount: int) -> None:
        dispute = self.moved[transaction].disputed.setdefault(name, Dispute())
        dispute.said.add(event)
        if event == "submitted":
            dispute.amount = amount
        elif event == "funds_reinstated":
            dispute.reinstated = amount
        if "submitted" not in dispute.said and (event != "funds_reinstated" or not dispute.amount):
            dispute.amount = amount
        ahead = "submitted" in dispute.said and self.policy.provisional
        if "funds_rescinded" in dispute.said:
            credit = suspense = 0
        elif "funds_reinstated" in dispute.said:
            credit, suspense = (dispute.amount if ahead else dispute.reinstated), 0
        else:
            credit = suspense = dispute.amount if ahead and "lost" not in dispute.said else 0
        before = dispute.credited
        if credit < before and self.policy.sell_at_capture:
            self.sell(before - credit - self.available)
        self.posted += credit - before
        dispute.credited = credit
        self.suspended[name] = suspense
