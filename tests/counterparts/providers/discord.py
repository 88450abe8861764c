"""Discord: webhooks with their limits, as github.com/discord/discord-api-docs has them."""

import datetime
import re

from .call import Answer, utf16

PATH = re.compile(r"api/(?:v\d+/)?webhooks/(\d+)/([\w-]+)(?:/messages/(\d+))?")
FIELDS = {
    "content", "username", "avatar_url", "tts", "embeds", "allowed_mentions", "components", "flags", "thread_name",
    "applied_tags", "poll",
}  # fmt: skip
# Of an edit.
EDITED = {"content", "embeds", "allowed_mentions", "components", "flags", "attachments"}
EMBED = {"title", "type", "description", "url", "timestamp", "color", "footer", "image", "author", "fields"}
LENGTHS = {"title": 256, "description": 4_096}
CONTENT_MAX, USERNAME_MAX, EMBEDS_MAX, FIELDS_MAX, SUM_MAX = 2_000, 80, 10, 25, 6_000
BUCKET = {"X-RateLimit-Limit": 5, "X-RateLimit-Remaining": 4, "X-RateLimit-Reset-After": 2}


def failed(status, code, message, **more):
    return Answer(status, {"message": message, "code": code, **more})


def limited(after=0.65, everywhere=False):
    body = {"message": "You are being rate limited.", "retry_after": after, "global": everywhere}
    headers = {"Retry-After": int(after) + 1, "X-RateLimit-Scope": "shared", "X-RateLimit-Remaining": 0}
    return Answer(429, body, headers)


ERRORS = {
    "unknown_message": lambda: failed(404, 10008, "Unknown Message"),
    "unknown_webhook": lambda: failed(404, 10015, "Unknown Webhook"),
    "invalid_token": lambda: failed(401, 50027, "Invalid Webhook Token"),
    "limited": limited,
}


def answer(call):
    path = PATH.fullmatch(call.path)
    step = "edit" if call.method == "PATCH" else "post"
    call.about("discord", step, path and path[1])
    if path is None:
        return failed(404, 0, "404: Not Found")
    faults = content(call, step)
    if planned := call.planned(ERRORS):
        return planned
    if call.body is None:
        return failed(400, 50109, "The request body contains invalid JSON.")
    if not call.body.get("content") and not call.body.get("embeds"):
        call.wrong("an empty message")
        return failed(400, 50006, "Cannot send an empty message")
    if faults:
        return failed(400, 50035, "Invalid Form Body", errors=faults)
    if step == "edit":
        message = call.room.messages.get(("discord", path[1], path[3]))
        if message is None:
            return ERRORS["unknown_message"]()
        message |= {**call.body, "edited_timestamp": now()}
        return Answer(200, message, BUCKET)
    message = {
        "id": str(1_440_000_000_000_000_000 + call.room.next()),
        "type": 0,
        "channel_id": "199737254929760256",
        "webhook_id": path[1],
        "author": {"bot": True, "id": path[1], "username": call.body.get("username", "Farol")},
        "timestamp": now(),
        "edited_timestamp": None,
        "content": call.body.get("content", ""),
        "embeds": call.body.get("embeds", []),
    }
    call.room.messages["discord", path[1], message["id"]] = message
    return Answer(200, message, BUCKET) if call.query.get("wait") == "true" else Answer(204, None, BUCKET)


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()


def content(call, step):
    """The `errors` of an invalid form, nothing when it is valid."""
    if not call.whole(8 << 20):
        return {}
    body, faults = call.body, {}
    call.fields("message", body, EDITED if step == "edit" else FIELDS)
    if (body.get("allowed_mentions") or {}).get("parse") != []:
        call.wrong("people can be called")
    length(call, faults, "content", body.get("content") or "", CONTENT_MAX)
    name = body.get("username")
    if name is not None:
        length(call, faults, "username", name, USERNAME_MAX, 1)
        if re.search("discord|clyde", name, re.I):
            invalid(call, faults, "username", "USERNAME_INVALID_CONTAINS", f"Username cannot contain {name!r}")
    embeds = body.get("embeds") or []
    if len(embeds) > EMBEDS_MAX:
        invalid(call, faults, "embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    sizes = [embed(call, faults, f"embeds.{index}", it) for index, it in enumerate(embeds)]
    if sum(sizes) > SUM_MAX:
        invalid(call, faults, "embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    return faults


def embed(call, faults, where, given):
    """Checks an embed; returns how much it counts."""
    call.fields(where, given, EMBED)
    size = 0
    for name, most in LENGTHS.items():
        size += length(call, faults, f"{where}.{name}", given.get(name, ""), most)
    footer, author = given.get("footer") or {}, given.get("author") or {}
    size += length(call, faults, f"{where}.footer.text", footer.get("text", ""), 2_048)
    size += length(call, faults, f"{where}.author.name", author.get("name", ""), 256)
    fields = given.get("fields") or []
    if len(fields) > FIELDS_MAX:
        invalid(call, faults, f"{where}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for index, it in enumerate(fields):
        call.fields(f"{where}.fields.{index}", it, {"name", "value", "inline"})
        size += length(call, faults, f"{where}.fields.{index}.name", it.get("name", ""), 256, 1)
        size += length(call, faults, f"{where}.fields.{index}.value", it.get("value", ""), 1_024, 1)
    colour = given.get("color", 0)
    if not isinstance(colour, int) or not 0 <= colour <= 0xFFFFFF:
        invalid(call, faults, f"{where}.color", "NUMBER_TYPE_MAX", "int value should be less than 16777216.")
    if "url" in given and not re.match(r"https?://[^\s/]+", given["url"]):
        invalid(call, faults, f"{where}.url", "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    if "timestamp" in given:
        try:
            datetime.datetime.fromisoformat(given["timestamp"].replace("Z", "+00:00"))
        except ValueError:
            invalid(call, faults, f"{where}.timestamp", "DATE_TIME_TYPE_PARSE", "Could not parse.")
    return size


def length(call, faults, where, text, most, least=0):
    """Checks a text; returns how much it counts. Discord strips spaces around texts first."""
    call.text(where, text)
    size = utf16(text.strip())
    if size > most:
        invalid(call, faults, where, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
    if size < least:
        invalid(call, faults, where, "BASE_TYPE_REQUIRED", "This field is required")
    return size


def invalid(call, faults, where, code, message):
    call.wrong(f"{where}: {message}")
    inner = faults
    for part in where.split("."):
        inner = inner.setdefault(part, {})
    inner.setdefault("_errors", []).append({"code": code, "message": message})
