"""What a stated time is for the reader: the same moment on the reader's clock, and how long is left until it."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.errors import SettingsError

MOST = 3  # times that a note speaks of
_ZONES = {
    "ET": "America/New_York",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "New York": "America/New_York",
    "CT": "America/Chicago",
    "PT": "America/Los_Angeles",
    "London": "Europe/London",
    "GMT": "Europe/London",
    "BST": "Europe/London",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "Frankfurt": "Europe/Berlin",
    "HKT": "Asia/Hong_Kong",
    "SGT": "Asia/Singapore",
    "JST": "Asia/Tokyo",
    "UTC": "UTC",
}
_STATED = re.compile(rf"\b([01]?\d|2[0-3]):([0-5]\d) (?:local )?({'|'.join(sorted(_ZONES, key=len, reverse=True))})\b")
_LABEL = re.compile(r"(?:^|; )([^;:]{2,60}): [^;]*$")


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name, None for "" (the machine's own); SettingsError when there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"APP_TIMEZONE: no time zone {name!r}", hint="for example Europe/London") from None


def time_notes(texts: Sequence[str], now: datetime) -> tuple[str, ...]:
    """One sentence for each of the first times that the texts state with their zone; `now` is on the reader's clock."""
    stated = dict.fromkeys(found for text in texts for found in _stated(text))
    return tuple(_note(*found, now) for found in list(stated)[:MOST])


def _stated(text: str) -> Iterator[tuple[str, time, str]]:
    """What each time in the text is called (its column, if it stands in a table row), the time, and its zone."""
    for found in _STATED.finditer(text):
        hour, minute, zone = found.groups()
        label = _LABEL.search(text[: found.start()])
        yield (label.group(1) if label else "", time(int(hour), int(minute)), zone)


def _note(label: str, at: time, zone: str, now: datetime) -> str:
    there = now.astimezone(ZoneInfo(_ZONES[zone]))
    moment = datetime.combine(there.date(), at, there.tzinfo)
    here = moment.astimezone(now.tzinfo)
    day = {-1: " the day before", 1: " the day after"}.get((here.date() - moment.date()).days, "")
    same = here.utcoffset() == moment.utcoffset()
    clock = "" if same else f" is {here:%H:%M}{day} on your clock ({_name(now)})"
    left = moment - now
    when = f"{_span(left)} left today" if left >= timedelta(0) else f"passed {_span(-left)} ago today"
    return f"{label + ': ' if label else ''}{at:%H:%M} {zone}{clock}; {when}, if today is a business day there."


def _name(now: datetime) -> str:
    return getattr(now.tzinfo, "key", "") or now.tzname() or "local"


def _span(length: timedelta) -> str:
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
