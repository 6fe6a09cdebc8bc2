"""What people were quoted."""

from krak.core.personal import holds

holds("quotes.Quote", keeps="the terms of trades")
