"""What can be taken out of a running Krak: gone while a file of its name is in the control folder.

`hooks/weaknesses.py` says what Krak does without each.
"""

from enum import StrEnum


class Protection(StrEnum):
    """A protection by the name of its file."""

    RECONNECTING = "without-reconnecting"
    LIVENESS_BY_ITSELF = "without-liveness-by-itself"
    COUNTING_IN_POSTGRES = "without-counting-in-postgres"
    TIME_OF_THE_DATABASE = "without-time-of-the-database"
    SLOTS_ONCE = "without-slots-once"
    GIVING_BACK = "without-giving-back"
    FORGETTING = "without-forgetting"
