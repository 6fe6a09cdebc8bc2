"""The sandbox's push provider: pushes are kept in the database and read at `/v1/sandbox/pushes`.

Tokens that begin with `dead-` are of phones that dropped the app; `down-` finds nobody at home.
"""

from krak.core.transactions import transaction
from krak.notifications.channels import Gone, Parcel, SendAgain
from krak.sandbox.models import SandboxPush


class KeptPush:
    """Keeps instead of sending."""

    def send(self, parcel: Parcel) -> None:
        """Keep one push; sent again, it replaces the first, as on a phone."""
        if parcel.address.startswith("dead-"):
            raise Gone("the app was removed")
        if parcel.address.startswith("down-"):
            raise SendAgain("the provider is away")
        with transaction():
            SandboxPush.objects.update_or_create(
                customer_id=parcel.customer_id,
                token=parcel.address,
                data__notification=parcel.key,
                defaults={"title": parcel.title, "text": parcel.text, "data": dict(parcel.data)},
            )
