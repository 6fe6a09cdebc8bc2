"""All addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csp import csp_override
from django.views.generic import RedirectView
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularSwaggerSplitView,
)

from cards.authorizations import webhooks as authorization_webhooks
from cards.authorizations.api import authorizations, previews
from cards.cashback import api as cashback
from cards.disputes import api as disputes
from cards.issuing import webhooks as event_webhooks
from cards.issuing.api import cardholders, preferences, secrets
from cards.issuing.api import cards as issuing
from cards.receipts import api as receipts
from fx.alerts import api as alerts
from fx.candles import api as candles
from fx.eligibility import api as eligibility
from fx.prices.api import assets, prices
from fx.quotes import api as quotes
from holdings.activity import api as activity
from holdings.funding import webhooks as money_webhooks
from holdings.funding.api import deposits, destinations, places, top_ups, withdrawals
from holdings.ledger import api as ledger
from holdings.portfolio.api import lots, portfolio
from holdings.primary.api import market as primary_market
from holdings.primary.api import requests as primary
from holdings.reserves import api as reserves
from holdings.statements import api as statements
from holdings.trading.api import auto_convert, orders, recurring, trades
from holdings.transfers.api import links, requests, splits, transfers
from holdings.transfers.api import quotes as transfer_quotes
from krak.core import csp
from krak.customers.api import me, tags, terms, verification
from krak.exports import api as exports
from krak.identity import staff
from krak.identity.api import devices, step_up
from krak.live import api as live
from krak.notifications.api import inbox, push
from krak.notifications.api import preferences as notification_preferences
from krak.privacy import api as privacy
from krak.runtime import health, metrics

_docs = csp_override(csp.DOCS)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="docs")),
    path("webhooks/stripe/authorizations", authorization_webhooks.authorizations),
    path("webhooks/stripe/events", event_webhooks.events),
    path("webhooks/bank/events", money_webhooks.bank),
    path("webhooks/chain/events", money_webhooks.chain),
    path("healthz/live", health.live),
    path("healthz/ready", health.ready),
    path("metrics", metrics.metrics),
    path("v1/", include("krak.identity.urls")),
    path("v1/me", me.Me.as_view()),
    path("v1/me/erasure", privacy.MyErasure.as_view()),
    path("v1/me/tag", tags.MyTag.as_view()),
    path("v1/tags/<str:tag>", tags.OneTag.as_view()),
    path("v1/terms", terms.AllTerms.as_view()),
    path("v1/terms/accept", terms.AcceptTerms.as_view()),
    path("v1/verification-levels", verification.Levels.as_view()),
    path("v1/verifications", verification.Verifications.as_view()),
    path("v1/verifications/<str:shown_id>", verification.OneVerification.as_view()),
    path("v1/verifications/<str:shown_id>/submit", verification.SubmitVerification.as_view()),
    path("v1/preferences", preferences.Preferences.as_view()),
    path("v1/devices", devices.Devices.as_view()),
    path("v1/devices/<str:shown_id>", devices.OneDevice.as_view()),
    path("v1/step-up", step_up.StepUp.as_view()),
    path("v1/step-up/passkey", step_up.PasskeyChallenge.as_view()),
    path("v1/devices/<str:shown_id>/push-token", push.DevicePushToken.as_view()),
    path("v1/notifications", inbox.Notifications.as_view()),
    path("v1/notifications/read", inbox.ReadNotifications.as_view()),
    path(
        "v1/notification-preferences",
        notification_preferences.NotificationPreferences.as_view(),
    ),
    path("v1/live", live.LiveDoor.as_view()),
    path("v1/activity", activity.Activity.as_view()),
    path("v1/balances", ledger.Balances.as_view()),
    path("v1/assets", assets.Assets.as_view()),
    path("v1/assets/<str:code>", assets.OneAsset.as_view()),
    path("v1/assets/<str:code>/candles", candles.Candles.as_view()),
    path("v1/prices", prices.Prices.as_view()),
    path("v1/price-alerts", alerts.PriceAlerts.as_view()),
    path("v1/price-alerts/<str:shown_id>", alerts.OnePriceAlert.as_view()),
    path("v1/portfolio", portfolio.PortfolioView.as_view()),
    path("v1/portfolio/history", portfolio.History.as_view()),
    path("v1/portfolio/lots", lots.Lots.as_view()),
    path("v1/portfolio/disposals", lots.Disposals.as_view()),
    path("v1/reserves", reserves.Reserves.as_view()),
    path("v1/reserves/proof", reserves.ProofOfOne.as_view()),
    path("v1/cardholder", cardholders.CardholderDoor.as_view()),
    path("v1/cards", issuing.Cards.as_view()),
    path("v1/cards/<str:shown_id>", issuing.OneCard.as_view()),
    path("v1/cards/<str:shown_id>/freeze", issuing.Freeze.as_view()),
    path("v1/cards/<str:shown_id>/unfreeze", issuing.Unfreeze.as_view()),
    path("v1/cards/<str:shown_id>/cancel", issuing.Cancel.as_view()),
    path("v1/cards/<str:shown_id>/replace", issuing.Replace.as_view()),
    path("v1/cards/<str:shown_id>/controls", issuing.CardControls.as_view()),
    path("v1/cards/<str:shown_id>/wallets", issuing.Wallets.as_view()),
    path("v1/cards/<str:shown_id>/details-key", secrets.DetailsKey.as_view()),
    path("v1/cards/<str:shown_id>/wallet-key", secrets.WalletKey.as_view()),
    path("v1/cards/<str:shown_id>/pin", secrets.Pin.as_view()),
    path("v1/merchant-categories", issuing.Categories.as_view()),
    path("v1/authorizations", authorizations.Authorizations.as_view()),
    path("v1/authorizations/<str:shown_id>", authorizations.OneAuthorization.as_view()),
    path("v1/authorizations/<str:shown_id>/receipt", receipts.OneReceipt.as_view()),
    path("v1/authorizations/<str:shown_id>/receipt/pdf", receipts.PdfOfReceipt.as_view()),
    path("v1/disputes", disputes.Disputes.as_view()),
    path("v1/disputes/<str:shown_id>", disputes.OneDispute.as_view()),
    path("v1/disputes/<str:shown_id>/submit", disputes.SubmitDispute.as_view()),
    path("v1/disputes/<str:shown_id>/withdraw", disputes.WithdrawDispute.as_view()),
    path("v1/purchases/preview", previews.PurchasePreview.as_view()),
    path("v1/cashback", cashback.Cashback.as_view()),
    path("v1/suitability", eligibility.Suitability.as_view()),
    path("v1/fees", quotes.Fees.as_view()),
    path("v1/quotes", quotes.Quotes.as_view()),
    path("v1/quotes/<str:shown_id>", quotes.OneQuote.as_view()),
    path("v1/quotes/<str:shown_id>/accept", trades.AcceptQuote.as_view()),
    path("v1/trades", trades.Trades.as_view()),
    path("v1/trades/<str:shown_id>", trades.OneTrade.as_view()),
    path("v1/orders", orders.Orders.as_view()),
    path("v1/orders/<str:shown_id>", orders.OneOrder.as_view()),
    path("v1/orders/<str:shown_id>/cancel", orders.CancelOrder.as_view()),
    path("v1/recurring-buys", recurring.RecurringBuys.as_view()),
    path("v1/recurring-buys/<str:shown_id>", recurring.OneRecurringBuy.as_view()),
    path("v1/recurring-buys/<str:shown_id>/runs", recurring.RecurringRuns.as_view()),
    path("v1/recurring-buys/<str:shown_id>/pause", recurring.PauseRecurringBuy.as_view()),
    path("v1/recurring-buys/<str:shown_id>/resume", recurring.ResumeRecurringBuy.as_view()),
    path("v1/recurring-buys/<str:shown_id>/cancel", recurring.CancelRecurringBuy.as_view()),
    path("v1/auto-convert", auto_convert.AutoConvert.as_view()),
    path("v1/auto-convert/runs", auto_convert.AutoConvertRuns.as_view()),
    path("v1/auto-convert/<str:currency>", auto_convert.OneAutoConvert.as_view()),
    path("v1/statements", statements.Statements.as_view()),
    path("v1/statements/<str:shown_id>", statements.OneStatement.as_view()),
    path("v1/statements/<str:shown_id>/pdf", statements.PdfOfStatement.as_view()),
    path("v1/statements/<str:shown_id>/csv", statements.CsvOfStatement.as_view()),
    path("v1/exports", exports.Exports.as_view()),
    path("v1/exports/<str:shown_id>", exports.OneExport.as_view()),
    path("v1/exports/<str:shown_id>/file", exports.FileOfExport.as_view()),
    path("v1/transfers", transfers.Transfers.as_view()),
    path("v1/transfers/quote", transfer_quotes.PreviewTransfer.as_view()),
    path("v1/transfers/<str:shown_id>", transfers.OneTransfer.as_view()),
    path("v1/transfers/<str:shown_id>/cancel", transfers.CancelTransfer.as_view()),
    path("v1/transfers/<str:shown_id>/accept", transfers.AcceptTransfer.as_view()),
    path("v1/payment-requests", requests.Requests.as_view()),
    path("v1/payment-requests/<str:shown_id>", requests.OneRequest.as_view()),
    path("v1/payment-requests/<str:shown_id>/quote", requests.PreviewRequest.as_view()),
    path("v1/payment-requests/<str:shown_id>/pay", requests.PayRequest.as_view()),
    path("v1/payment-requests/<str:shown_id>/decline", requests.DeclineRequest.as_view()),
    path("v1/payment-requests/<str:shown_id>/cancel", requests.CancelRequest.as_view()),
    path("v1/payment-links", links.Links.as_view()),
    path("v1/payment-links/look", links.LookAtLink.as_view()),
    path("v1/payment-links/claim", links.ClaimLink.as_view()),
    path("v1/payment-links/<str:shown_id>", links.OneLink.as_view()),
    path("v1/payment-links/<str:shown_id>/cancel", links.CancelLink.as_view()),
    path("v1/split-bills", splits.Splits.as_view()),
    path("v1/split-bills/<str:shown_id>", splits.OneSplit.as_view()),
    path("v1/top-ups", top_ups.TopUps.as_view()),
    path("v1/top-ups/<str:shown_id>", top_ups.OneTopUp.as_view()),
    path("v1/deposits", deposits.Deposits.as_view()),
    path("v1/deposits/<str:shown_id>", deposits.OneDeposit.as_view()),
    path("v1/deposit-accounts", places.DepositAccounts.as_view()),
    path("v1/deposit-addresses", places.DepositAddresses.as_view()),
    path("v1/destinations", destinations.Destinations.as_view()),
    path("v1/destinations/<str:shown_id>", destinations.OneDestination.as_view()),
    path("v1/withdrawals", withdrawals.Withdrawals.as_view()),
    path("v1/withdrawals/preview", withdrawals.PreviewWithdrawal.as_view()),
    path("v1/withdrawals/<str:shown_id>", withdrawals.OneWithdrawal.as_view()),
    path("v1/withdrawals/<str:shown_id>/cancel", withdrawals.CancelWithdrawal.as_view()),
    path("v1/primary", primary_market.PrimaryMarket.as_view()),
    path("v1/primary/subscriptions", primary.Subscriptions.as_view()),
    path("v1/primary/redemptions", primary.Redemptions.as_view()),
    path("v1/primary/requests", primary.Requests.as_view()),
    path("v1/primary/requests/<str:shown_id>", primary.OneRequest.as_view()),
    path("v1/primary/requests/<str:shown_id>/cancel", primary.CancelRequest.as_view()),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    # Its script comes from an address of its own: the page needs no inline script.
    path("v1/docs", _docs(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    path("admin/login/", staff.login),
    path("admin/", admin.site.urls),
    path("staff/", include("krak.identity.staff_urls")),
]
if settings.SANDBOX:
    urlpatterns.append(path("v1/sandbox/", include("krak.sandbox.urls")))

handler400 = "krak.api.problems.bad_request"
handler404 = "krak.api.problems.not_found"
handler500 = "krak.api.problems.server_error"
