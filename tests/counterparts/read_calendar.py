#!/usr/bin/env python3
"""What another implementation reads in an iCalendar object: bytes on stdin, JSON on stdout.

Ends with an error when the object is not sound: a line too long or ended otherwise than by CRLF, a property that cannot
be read, or an event without what RFC 5545 §3.6.1 asks for.
"""

import json
import sys

from icalendar import Calendar


def moment(event, name):
    return event.decoded(name).strftime("%Y-%m-%dT%H:%M:%SZ") if name in event else None


def categories(event):
    found = event.get("CATEGORIES", [])
    return [str(name) for part in (found if isinstance(found, list) else [found]) for name in part.cats]


def text(component, name):
    return str(component[name]) if name in component else None


def read(event):
    assert not event.errors, event.errors
    for name in ("UID", "DTSTAMP", "DTSTART"):
        assert name in event, f"an event without {name}"
    for name in ("DTSTAMP", "DTSTART", "DTEND", "CREATED", "LAST-MODIFIED"):
        assert name not in event or event.decoded(name).utcoffset().total_seconds() == 0, f"{name} is not in UTC"
    return {
        "uid": text(event, "UID"),
        "sequence": event.get("SEQUENCE"),
        "status": text(event, "STATUS"),
        "starts_at": moment(event, "DTSTART"),
        "ends_at": moment(event, "DTEND"),
        "created_at": moment(event, "CREATED"),
        "last_modified": moment(event, "LAST-MODIFIED"),
        "dtstamp": moment(event, "DTSTAMP"),
        "summary": text(event, "SUMMARY"),
        "description": text(event, "DESCRIPTION"),
        "url": text(event, "URL"),
        "categories": categories(event),
        "transp": text(event, "TRANSP"),
    }


def main():
    document = sys.stdin.buffer.read()
    for line in document.split(b"\r\n"):
        assert len(line) <= 75, f"{len(line)} octets: {line!r}"
        assert b"\n" not in line and b"\r" not in line, f"a line ends without CRLF: {line!r}"
    calendar = Calendar.from_ical(document)
    assert not calendar.errors, calendar.errors
    uids = [str(event["UID"]) for event in calendar.walk("VEVENT")]
    assert len(uids) == len(set(uids)), "two events have one UID"
    found = {
        "prodid": text(calendar, "PRODID"),
        "method": text(calendar, "METHOD"),
        "name": text(calendar, "NAME"),
        "refresh": text(calendar, "X-PUBLISHED-TTL"),
        "events": [read(event) for event in calendar.walk("VEVENT")],
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
