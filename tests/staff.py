"""Members of staff with the rights they are given, and nothing else."""

from django.contrib.auth.models import Permission
from django.test import Client

from krak.core.ids import uuid7
from krak.customers.models import User


def staff(*rights: str, superuser: bool = False) -> User:
    """Return a new member of staff; rights are such as `assets.propose_multiplier`."""
    name = f"{uuid7()}@staff.krak.example"
    if superuser:
        return User.objects.create_superuser(name)
    user = User.objects.create_user(name, is_staff=True)
    for right in rights:
        app, codename = right.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user


def browser(user: User) -> Client:
    """Return the browser of somebody who is signed in."""
    client = Client()
    client.force_login(user)
    return client
