"""A test database spread over a Citus cluster: `make test-citus`.

`DATABASE_URL` is the coordinator's. `KRAK_TEST_CITUS` lists the workers, `host:port,host:port`; all
nodes know its user, and the coordinator may sign in to the workers as that.
"""

import io
import os
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql


def workers() -> list[dict[str, Any]]:
    """Return where the workers are; none without a cluster."""
    listed = os.environ.get("KRAK_TEST_CITUS", "")
    places = (place.rpartition(":") for place in listed.split(",") if place)
    return [{"host": host, "port": int(port)} for host, _, port in places]


def spread() -> None:
    """Distribute the database of this connection over the workers."""
    ours = connection.settings_dict
    for worker in workers():
        _drop(worker)
        _run(worker, "postgres", sql.SQL("CREATE DATABASE {}"))
        _run(worker, ours["NAME"], sql.SQL("CREATE EXTENSION citus"))
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION citus")
        cursor.execute(
            "SELECT citus_set_coordinator_host(%s, %s)", [ours["HOST"], int(ours["PORT"])]
        )
        for worker in workers():
            cursor.execute("SELECT citus_add_node(%s, %s)", [worker["host"], worker["port"]])
    call_command("distribute", stdout=io.StringIO())


def gather() -> None:
    """Remove the workers' parts, and whoever would keep the coordinator's from being dropped."""
    ours = connection.settings_dict
    connection.close()
    for place in ({"host": ours["HOST"], "port": ours["PORT"]}, *workers()):
        _drop(place)
    _run({"host": ours["HOST"], "port": ours["PORT"]}, "postgres", sql.SQL("CREATE DATABASE {}"))


def _drop(place: dict[str, Any]) -> None:
    _run(place, "postgres", sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"))


def _run(place: dict[str, Any], database: str, statement: sql.SQL) -> None:
    """Run a statement on a node; `{}` is the name of the test database."""
    ours = connection.settings_dict
    who = {"user": ours["USER"], "password": ours["PASSWORD"], "dbname": database}
    with psycopg.connect(**place, **who, autocommit=True) as node:
        node.execute(statement.format(sql.Identifier(ours["NAME"])))
