"""Addresses of the sandbox, below /v1/sandbox/."""

from django.urls import path

from krak.sandbox import money_views, views

urlpatterns = [
    path("customers", views.Customers.as_view()),
    path("customers/<str:shown_id>/deposits", views.Deposits.as_view()),
    path("customers/<str:shown_id>/freeze", views.Freeze.as_view()),
    path("customers/<str:shown_id>/unfreeze", views.Unfreeze.as_view()),
    path("customers/<str:shown_id>/excluded", views.Excluded.as_view()),
    path("customers/<str:shown_id>/card", views.CardDoor.as_view()),
    path("customers/<str:shown_id>/position", views.Position.as_view()),
    path("bank/transfers", money_views.Transfers.as_view()),
    path("chains/transfers", money_views.OnChain.as_view()),
    path("chains/<str:network>/blocks", money_views.Blocks.as_view()),
    path("chains/<str:network>/forks", money_views.Forks.as_view()),
    path("top-ups/<str:shown_id>", money_views.PayTopUp.as_view()),
    path("withdrawals/<str:shown_id>", money_views.EndWithdrawal.as_view()),
    path("mails", views.Mails.as_view()),
    path("pushes", views.Pushes.as_view()),
    path("prices", views.Prices.as_view()),
    path("settle", views.Settle.as_view()),
    path("proof", views.Proof.as_view()),
    path("purchases", views.Purchases.as_view()),
]
