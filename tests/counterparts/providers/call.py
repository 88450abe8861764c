"""A request to a provider, what is remembered of it, and how it is answered."""

import copy
import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qs

SECRET_HEADERS = {"authorization", "apikey", "x-api-key"}
# A zero-width joiner joins two; before the end or an ellipsis an emoji was cut in half.
TORN = re.compile("\u200d(?:\u2026|$)")


def utf16(text):
    """How long a text is in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass
class Answer:
    status: int
    body: object = None
    headers: dict = field(default_factory=dict)

    def bytes(self):
        """The body and its type: text is text, all else is JSON."""
        if self.body is None:
            return b"", None
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


class Room:
    """The world of one test."""

    def __init__(self):
        self.lock = threading.RLock()
        self.seen = []
        self.plans = []
        self.messages = {}
        self.count = 0

    def next(self):
        self.count += 1
        return self.count

    def script(self, wish):
        key = (wish["channel"], str(wish["key"]), wish.get("step"))
        plan = next((it for it in self.plans if it["for"] == key), None)
        if plan is None:
            plan = {"for": key, "answers": deque(), "always": None}
            self.plans.append(plan)
        plan["answers"].extend(wish.get("answers", []))
        if "always" in wish:
            plan["always"] = wish["always"]

    def planned(self, channel, keys, step):
        for plan in self.plans:
            to, key, only = plan["for"]
            if to == channel and key in keys and only in (None, step):
                if plan["answers"]:
                    return plan["answers"].popleft()
                if plan["always"] is not None:
                    return plan["always"]
        return None

    def forget(self, channel):
        self.messages = {key: it for key, it in self.messages.items() if key[0] != channel}

    def note(self, call, given):
        self.seen.append(
            {
                "channel": call.channel,
                "step": call.step,
                "to": call.keys[0] if call.keys else None,
                "method": call.method,
                "query": call.query,
                "headers": {key: shown(key, value) for key, value in call.headers.items()},
                "body": call.body,
                "status": given.status,
                # A copy: messages change when they are edited.
                "answer": copy.deepcopy(given.body),
                "violations": call.violations,
                "at": time.time(),
            }
        )


def shown(key, value):
    return f"…{value[-4:]}" if key in SECRET_HEADERS else value


class Call:
    """One request; `wrong` collects what the provider would not say, or say as an error."""

    def __init__(self, room, method, path, query, headers, raw):
        self.room, self.method, self.path, self.query = room, method, path, query
        self.headers, self.raw = headers, raw
        self.kind = headers.get("content-type", "").split(";")[0].strip()
        self.channel = self.step = None
        self.keys, self.violations = [], []
        self.body = self.read()

    def read(self):
        """The body as JSON or as the fields of a form; nothing when it is neither."""
        try:
            if self.kind == "application/x-www-form-urlencoded":
                fields = parse_qs(self.raw.decode(), keep_blank_values=True, strict_parsing=True)
                return {key: values[0] for key, values in fields.items()}
            return json.loads(self.raw) if self.raw else None
        except ValueError:
            return None

    def about(self, channel, step, *keys):
        """Says where it goes: the first key is the destination."""
        self.channel, self.step = channel, step
        self.keys = [str(it) for it in keys if it]

    def wrong(self, what):
        self.violations.append(what)

    def bearer(self):
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else None

    def planned(self, errors):
        """What a script wants answered."""
        plan = self.room.planned(self.channel, self.keys, self.step)
        if plan is None:
            return None
        if "error" not in plan:
            return Answer(plan.get("status", 200), plan.get("body"), plan.get("headers", {}))
        details = {key: value for key, value in plan.items() if key != "error"}
        return errors[plan["error"]](**details)

    def fields(self, where, given, allowed):
        """Finds names that the provider does not know and would pass over in silence."""
        for name in sorted(set(given) - set(allowed)):
            self.wrong(f"{where}: unknown field {name}")

    def text(self, where, text, most=None, measure=len):
        """Finds what no text should hold, wherever it goes."""
        if not isinstance(text, str):
            self.wrong(f"{where}: not a text but {text!r}")
            return
        if most is not None and measure(text) > most:
            self.wrong(f"{where}: {measure(text)} is longer than {most}")
        if "\ufffd" in text or any("\ud800" <= it <= "\udfff" for it in text):
            self.wrong(f"{where}: a character was cut in half")
        if TORN.search(text):
            self.wrong(f"{where}: an emoji was cut in half")
        if any(ord(it) < 32 and it not in "\n\t" for it in text):
            self.wrong(f"{where}: a control character")

    def whole(self, most):
        """Whether the body is a JSON object of at most so many bytes."""
        if self.kind != "application/json":
            self.wrong(f"the content type is {self.kind or 'missing'}")
        if not isinstance(self.body, dict):
            self.wrong("the body is no JSON object")
            return False
        return len(self.raw) <= most


def texts(value, path=""):
    """All texts in a JSON value with their places."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, it in value.items():
            yield from texts(it, f"{path}/{key}")
    elif isinstance(value, list):
        for index, it in enumerate(value):
            yield from texts(it, f"{path}/{index}")
