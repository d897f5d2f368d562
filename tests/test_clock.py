"""A stated time on the reader's clock, and how long is left."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.clock import time_notes, zone_of
from ingest.errors import SettingsError

LONDON = ZoneInfo("Europe/London")
ROW = "System: Fedwire Funds; Client cut-off: 17:30 ET; Rail closes: 18:45 ET"


def notes(text: str, now: datetime) -> list[str]:
    return list(time_notes([text], now))


def test_each_time_of_a_row_is_named_by_its_column() -> None:
    assert notes(ROW, datetime(2026, 11, 23, 20, 0, tzinfo=LONDON)) == [
        "Client cut-off: 17:30 ET is 22:30 on your clock (Europe/London); 2 h 30 min left today, "
        "if today is a business day there.",
        "Rail closes: 18:45 ET is 23:45 on your clock (Europe/London); 3 h 45 min left today, "
        "if today is a business day there.",
    ]


def test_the_weeks_when_only_one_side_has_changed_its_clocks() -> None:
    (note,) = notes("Release until 17:30 ET.", datetime(2026, 10, 28, 20, 0, tzinfo=LONDON))
    assert "is 21:30 on your clock" in note
    assert "1 h 30 min left today" in note


def test_the_readers_own_zone_needs_no_other_clock() -> None:
    (note,) = notes("Customer payments until 16:45 London.", datetime(2026, 11, 23, 16, 40, tzinfo=LONDON))
    assert note == "16:45 London; 5 min left today, if today is a business day there."


def test_what_has_passed_is_said_to_have_passed() -> None:
    (note,) = notes("Customer payments until 16:45 London.", datetime(2026, 11, 23, 17, 0, tzinfo=LONDON))
    assert "passed 15 min ago today" in note


def test_today_is_the_day_where_the_time_is_stated() -> None:
    (note,) = notes("Window opens 09:00 JST", datetime(2026, 11, 23, 23, 30, tzinfo=LONDON))
    assert note.startswith("09:00 JST is 00:00 on your clock") or "the day" in note
    assert "30 min left today" in note


def test_times_without_a_zone_are_left_alone() -> None:
    assert notes("Balance at 10:00 and 13:00.", datetime(2026, 11, 23, 9, 0, tzinfo=LONDON)) == []


def test_an_unknown_zone_is_a_clear_error() -> None:
    assert zone_of("") is None
    with pytest.raises(SettingsError, match="APP_TIMEZONE: no time zone 'Mars/Base'"):
        zone_of("Mars/Base")
