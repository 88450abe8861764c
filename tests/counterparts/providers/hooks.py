"""Incoming webhooks of Mattermost, Rocket.Chat and Google Chat."""

import datetime
import hashlib
import re

from .call import Answer, texts

NAMED = re.compile(r"(?<![\w.])@\w")
# Nobody is called from within code.
CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.S)
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
ATTACHMENT = {
    "fallback", "color", "pretext", "text", "author_name", "author_icon", "author_link", "title", "title_link",
    "fields", "image_url", "thumb_url", "footer", "footer_icon",
}  # fmt: skip


def attachments(call, body):
    """Attachments as Slack once had them. Everything in them is markup."""
    for index, it in enumerate(body.get("attachments") or []):
        call.fields(f"attachments/{index}", it, ATTACHMENT)
        if "color" in it and not COLOUR.fullmatch(it["color"]):
            call.wrong(f"{it['color']} is no colour")
        for field in it.get("fields") or []:
            call.fields("field", field, {"title", "value", "short"})
    for where, text in texts(body):
        call.text(where, text)
        if NAMED.search(re.sub(r"https?://\S+", "", CODE.sub("", text))):
            call.wrong(f"{where}: somebody is called in {text[:80]!r}")


def mattermost_failed(status, word, message):
    body = {"id": f"web.incoming_webhook.{word}.app_error", "message": message, "detailed_error": ""}
    return Answer(status, {**body, "request_id": "r1", "status_code": status})


MATTERMOST_ERRORS = {
    "invalid": lambda: mattermost_failed(400, "invalid", "Invalid webhook."),
    "disabled": lambda: mattermost_failed(501, "disabled", "Incoming webhooks have been disabled."),
    "limited": lambda after=2: Answer(429, "limit exceeded\n", {"Retry-After": after, "X-Ratelimit-Reset": after}),
}


def mattermost(call):
    path = re.fullmatch(r"hooks/([a-z0-9]{26})", call.path)
    call.about("mattermost", "hook", path and path[1])
    is_read = call.whole(1 << 20)
    if is_read:
        known = {"text", "username", "icon_url", "icon_emoji", "channel", "attachments", "props", "type", "priority"}
        call.fields("message", call.body, known)
        attachments(call, call.body)
    if planned := call.planned(MATTERMOST_ERRORS):
        return planned
    if path is None:
        return MATTERMOST_ERRORS["invalid"]()
    if not is_read:
        return mattermost_failed(400, "decode", "Could not decode the multipart payload of incoming webhook.")
    if not call.body.get("text") and not call.body.get("attachments"):
        call.wrong("nothing to say")
        return mattermost_failed(400, "text", "No text specified.")
    # Longer texts are split into several posts, longer attachments refused.
    if len(call.body.get("text", "")) > 16_383:
        call.wrong("the text becomes several posts")
    if len(call.raw) > 65_535:
        call.wrong("the attachments are too long")
        return mattermost_failed(400, "split_props_length", "Unable to split webhook props")
    return Answer(200, "ok")


ROCKETCHAT_ERRORS = {
    "invalid": lambda: Answer(404, {"success": False, "error": "Invalid integration id or token provided."}),
    "limited": lambda after=60: Answer(
        429, {"success": False, "error": f"Error, too many requests. You must wait {after} seconds. [error-too-many-requests]"}
    ),
}


def rocketchat(call):
    path = re.fullmatch(r"hooks/(\w+)/(\w+)", call.path)
    call.about("rocketchat", "hook", path and path[1])
    is_read = call.whole(1 << 20)
    if is_read:
        known = {"text", "alias", "emoji", "avatar", "channel", "roomId", "attachments", "parseUrls", "tmid"}
        call.fields("message", call.body, known)
        attachments(call, call.body)
        # Its server looks for names in code too, but in the text alone.
        if NAMED.search(call.body.get("text", "")):
            call.wrong("somebody is called in the text")
    if planned := call.planned(ROCKETCHAT_ERRORS):
        return planned
    if path is None:
        return ROCKETCHAT_ERRORS["invalid"]()
    if not is_read:
        return Answer(400, {"success": False, "error": "Invalid JSON"})
    if len(call.body.get("text", "")) > 5_000:
        call.wrong("the text is too long")
        error = "Message size exceeds Message_MaxAllowedSize [error-message-size-exceeded]"
        return Answer(400, {"success": False, "error": error})
    return Answer(200, {"success": True})


def google_failed(code, status, message):
    return Answer(code, {"error": {"code": code, "message": message, "status": status}})


GOOGLE_ERRORS = {
    "gone": lambda: google_failed(404, "NOT_FOUND", "Space not found"),
    "forbidden": lambda: google_failed(403, "PERMISSION_DENIED", "The caller does not have permission"),
    "limited": lambda: google_failed(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
}
REPLIES = {
    None, "MESSAGE_REPLY_OPTION_UNSPECIFIED", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "REPLY_MESSAGE_OR_FAIL",
}  # fmt: skip
GOOGLE_MAX = 4_096


def googlechat(call):
    path = re.fullmatch(r"v1/spaces/([\w-]+)/messages", call.path)
    call.about("googlechat", "create", path and path[1], call.query.get("token"))
    is_read = call.whole(32_000)
    if isinstance(call.body, dict):
        call.fields("message", call.body, {"text", "cardsV2", "thread", "fallbackText"})
        for where, text in texts(call.body):
            call.text(where, text)
        marks(call, call.body.get("text") or "")
    if planned := call.planned(GOOGLE_ERRORS):
        return planned
    if path is None or not call.query.get("key") or not call.query.get("token"):
        return GOOGLE_ERRORS["gone"]()
    text = (call.body or {}).get("text")
    option = call.query.get("messageReplyOption")
    if not is_read or not text or len(text) > GOOGLE_MAX or option not in REPLIES:
        call.wrong("an invalid message")
        return google_failed(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
    return Answer(200, google_message(call, path[1], text, option))


def google_message(call, space, text, option):
    """Without the option, the key of a thread is passed over."""
    key = ((call.body.get("thread") or {}).get("threadKey")) if option else None
    if call.body.get("thread") and not option:
        call.wrong("a thread without messageReplyOption")
    thread = hashlib.sha256((key or f"{call.room.next()}").encode()).hexdigest()[:11]
    return {
        "name": f"spaces/{space}/messages/{call.room.next()}",
        "sender": {"name": "users/114022495153014004089", "type": "BOT"},
        "text": text,
        "thread": {"name": f"spaces/{space}/threads/{thread}", **({"threadKey": key} if key else {})},
        "createTime": datetime.datetime.now(datetime.timezone.utc).isoformat(),
    }


def marks(call, text):
    for inner in re.findall(r"<(users/[^<>\s]+)>", text):
        call.wrong(f"text: <{inner}> calls people")
