"""What happens to sign-ins: devices come and go, people prove themselves."""

from krak.identity.services.purge import purge

__all__ = ["purge"]
