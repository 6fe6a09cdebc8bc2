"""Run the issuer: `python -m krak.sandbox.issuer --port 8100 --state FILE --webhooks URL`.

Key and secrets come from the environment, by the names that Krak's settings use.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from krak.sandbox.issuer.issuer import Configuration
from krak.sandbox.issuer.server import Server

TOPUPS_ARRIVE_AFTER_SECONDS = 30


def main() -> int:
    """Serve until a signal stops it."""
    parser = argparse.ArgumentParser(prog="python -m krak.sandbox.issuer", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, help="a file to keep everything in")
    parser.add_argument("--webhooks", default="", help="where Krak is, http://127.0.0.1:8000")
    arguments = parser.parse_args()
    default = Configuration()
    configuration = Configuration(
        key=os.environ.get("STRIPE_API_KEY") or default.key,
        authorization_secret=_first("STRIPE_AUTHORIZATION_SECRET", default.authorization_secret),
        events_secret=_first("STRIPE_EVENTS_SECRET", default.events_secret),
        webhooks=arguments.webhooks,
        state=arguments.state,
    )
    try:
        server = Server(configuration, port=arguments.port)
    except OSError as problem:
        sys.stderr.write(f"issuer: port {arguments.port}: {problem.strerror}.\n")
        return 1
    rules = server.issuer.store.setting("rules", {})
    with server.issuer.store.change():
        server.issuer.store.set(
            "rules", {"topups_arrive_after_seconds": TOPUPS_ARRIVE_AFTER_SECONDS, **rules}
        )

    def stop(_number: int, _frame: object) -> None:
        # `shutdown` waits for the loop that this handler has interrupted.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    server.issuer.start()
    server.serve_forever()
    server.server_close()
    server.issuer.stop()
    return 0


def _first(name: str, default: str) -> str:
    """Return the secret to sign with; the second one, while rotating, is the old one."""
    return (os.environ.get(name) or default).split(",")[0]


if __name__ == "__main__":
    sys.exit(main())
