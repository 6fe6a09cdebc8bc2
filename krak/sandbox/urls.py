"""Addresses of the sandbox, below /v1/sandbox/."""

from django.urls import path

from krak.sandbox.views import cards, customers, kept, money, primary, whole

urlpatterns = [
    path("customers", customers.Customers.as_view()),
    path("customers/<str:shown_id>/deposits", customers.Deposits.as_view()),
    path("customers/<str:shown_id>/freeze", customers.Freeze.as_view()),
    path("customers/<str:shown_id>/unfreeze", customers.Unfreeze.as_view()),
    path("customers/<str:shown_id>/excluded", customers.Excluded.as_view()),
    path("customers/<str:shown_id>/card", customers.CardDoor.as_view()),
    path("customers/<str:shown_id>/position", customers.Position.as_view()),
    path("customers/<str:shown_id>/statements", customers.Statements.as_view()),
    path("customers/<str:shown_id>/party", primary.LetIn.as_view()),
    path("primary-requests/<str:shown_id>", primary.DecideRequest.as_view()),
    path("bank/transfers", money.Transfers.as_view()),
    path("chains/transfers", money.OnChain.as_view()),
    path("chains/<str:network>/blocks", money.Blocks.as_view()),
    path("chains/<str:network>/forks", money.Forks.as_view()),
    path("top-ups/<str:shown_id>", money.PayTopUp.as_view()),
    path("withdrawals/<str:shown_id>", money.EndWithdrawal.as_view()),
    path("disputes/<str:shown_id>", cards.DecideDispute.as_view()),
    path("mails", kept.Mails.as_view()),
    path("pushes", kept.Pushes.as_view()),
    path("prices", whole.Prices.as_view()),
    path("settle", whole.Settle.as_view()),
    path("proof", whole.Proof.as_view()),
    path("purchases", cards.Purchases.as_view()),
]
