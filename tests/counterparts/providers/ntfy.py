"""ntfy: publishing as JSON, as github.com/binwiederhier/ntfy answers."""

import re
import time

from .call import Answer

FIELDS = {
    "topic", "message", "title", "tags", "priority", "actions", "click", "attach", "markdown", "icon", "filename",
    "delay", "email", "call",
}  # fmt: skip
MESSAGE_MAX = 4_096


def failed(code, error, anchor=""):
    status = code // 100
    return Answer(status, {"code": code, "http": status, "error": error, "link": f"https://ntfy.sh/docs/{anchor}"})


ERRORS = {
    "limited": lambda: failed(42901, "limit reached: too many requests", "publish/#limitations"),
    "daily": lambda: failed(42908, "limit reached: daily message quota reached", "publish/#limitations"),
    "unauthorized": lambda: failed(40101, "unauthorized", "publish/#authentication"),
    "forbidden": lambda: failed(40301, "forbidden", "publish/#authentication"),
}


def answer(call):
    body = call.body if isinstance(call.body, dict) else {}
    call.about("ntfy", "publish", body.get("topic"), call.bearer())
    # Clients send JSON without saying so.
    if call.body is None:
        call.wrong("the body is no JSON")
    call.fields("message", body, FIELDS)
    for name in ("title", "message"):
        call.text(name, body.get(name, ""))
    if planned := call.planned(ERRORS):
        return planned
    if call.path or call.method not in ("POST", "PUT"):
        return Answer(404, {"code": 40401, "http": 404, "error": "page not found"})
    if not body:
        return failed(40017, "invalid request: request body must be message JSON", "publish/#publish-as-json")
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", body.get("topic", "")):
        call.wrong("no topic")
        return failed(40009, "invalid request: topic invalid")
    priority = body.get("priority", 0)
    if not isinstance(priority, int) or not 0 <= priority <= 5:
        call.wrong("no priority")
        return failed(40007, "invalid request: priority invalid", "publish/#message-priority")
    message = body.get("message") or "triggered"
    if not body.get("message"):
        call.wrong("an empty message reads `triggered`")
    if len(message.encode()) > MESSAGE_MAX:
        call.wrong("the message becomes an attachment")
    if any("," in it for it in body.get("tags", [])):
        call.wrong("a tag with a comma becomes several")
    now = int(time.time())
    sent = {"id": f"m{call.room.next():011d}", "time": now, "expires": now + 43_200, "event": "message"}
    return Answer(200, {**sent, **body, "message": message})
