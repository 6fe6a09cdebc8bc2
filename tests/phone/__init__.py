import pytest

# The chapters say what differs, as the story does.
for _chapter in ("app", "disputing", "entering", "friends", "leaving", "records", "spending"):
    pytest.register_assert_rewrite(f"{__name__}.{_chapter}")
