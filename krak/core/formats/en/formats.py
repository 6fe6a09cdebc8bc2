"""Times to the second: the order of what happens within a minute matters here."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i:s"
