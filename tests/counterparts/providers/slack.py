"""Slack: incoming webhooks and the two methods of the Web API that Farol uses.

Blocks and attachments are read by slack_sdk's own models; what those do not check is from
https://docs.slack.dev/reference/block-kit and https://docs.slack.dev/messaging/formatting-message-text.
"""

import hashlib
import inspect
import json
import re
import time

from slack_sdk import WebClient
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.attachments import Attachment
from slack_sdk.models.blocks import Block

from .call import Answer

METHODS = {"chat.postMessage": WebClient.chat_postMessage, "chat.update": WebClient.chat_update}
HOOK = re.compile(r"services/T\w+/B\w+/\w+")
CONVERSATION = re.compile(r"[CGD][A-Z0-9]{2,}")
TOKEN = re.compile(r"<([^<>\n]*)>")
DATE = re.compile(r"!date\^\d{1,12}\^[^|^]+(\^https?://[^|]+)?\|.+")
LINK = re.compile(r"(https?://|mailto:)[^|\s]+(\|.+)?", re.S)
STRAY_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")
COLOUR = re.compile(r"good|warning|danger|#[0-9a-fA-F]{6}")
ATTACHMENT = Attachment.attributes | {"blocks", "mrkdwn_in", "callback_id", "attachment_type"}
MARKED_UP = ("text", "pretext", "title", "footer", "fallback")

BLOCKS_MAX = 50
# slackapi/bolt-js#2509
ALL_BLOCKS_MAX = 13_200
TEXT_MAX = 40_000
UPDATED_TEXT_MAX = 4_000
OBJECT_MAX = 3_000
FIELD_MAX = 2_000
ATTACHMENTS_MAX = 100


def refused(name, **more):
    return Answer(200, {"ok": False, "error": name, **more})


def limited(after=30):
    return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": after})


class Errors(dict):
    """Slack says `ok: false` and a word; only its limits have a status of their own."""

    def __missing__(self, name):
        return lambda: refused(name)


API_ERRORS = Errors(ratelimited=limited)
HOOK_ERRORS = {
    "channel_not_found": lambda: Answer(404, "channel_not_found"),
    "no_service": lambda: Answer(404, "no_service"),
    "channel_is_archived": lambda: Answer(410, "channel_is_archived"),
    "action_prohibited": lambda: Answer(403, "action_prohibited"),
    "invalid_token": lambda: Answer(400, "invalid_token"),
    "rollup_error": lambda: Answer(500, "rollup_error"),
    "ratelimited": lambda after=30: Answer(429, "rate_limited", {"Retry-After": after}),
}


def answer(call):
    method = call.path.removeprefix("api/")
    if method in METHODS:
        return web(call, method)
    if call.path == "api/auth.test":
        return Answer(200, {"ok": True, "bot_id": "B1", "user_id": "U1", "team_id": "T1"})
    return hook(call)


def hook(call):
    call.about("slack_webhook", "hook", call.path)
    fault = content(call, TEXT_MAX)
    if planned := call.planned(HOOK_ERRORS):
        return planned
    if call.method != "POST" or not HOOK.fullmatch(call.path):
        return Answer(404, "no_service")
    if call.kind not in ("application/json", "application/x-www-form-urlencoded") or not isinstance(call.body, dict):
        call.wrong("the payload is not JSON")
        return Answer(400, "invalid_payload")
    if "channel" in call.body:
        call.wrong("a webhook of an app is bound to its channel")
        return Answer(404, "channel_not_found")
    return Answer(400, fault) if fault else Answer(200, "ok")


def web(call, method):
    channel = (call.body or {}).get("channel")
    token = call.bearer()
    call.about("slack", method, channel, token)
    fault = content(call, UPDATED_TEXT_MAX if method == "chat.update" else TEXT_MAX)
    if isinstance(call.body, dict):
        call.fields(method, call.body, inspect.signature(METHODS[method]).parameters)
    if planned := call.planned(API_ERRORS):
        return planned
    if not token:
        return refused("not_authed")
    if not token.startswith("xox"):
        return refused("invalid_auth")
    if not channel:
        return refused("channel_not_found")
    if fault:
        return refused(fault, response_metadata={"messages": [f"[ERROR] {it}" for it in call.violations]})
    return update(call, token, channel) if method == "chat.update" else post(call, token, conversation(channel))


def conversation(channel):
    """The id behind a name."""
    if CONVERSATION.fullmatch(channel):
        return channel
    prefix = "D" if re.fullmatch(r"[UW][A-Z0-9]{2,}", channel) else "C"
    return prefix + hashlib.sha256(channel.lstrip("#").encode()).hexdigest()[:8].upper()


def post(call, token, channel):
    body, room = call.body, call.room
    ts = f"{int(time.time())}.{room.next():06d}"
    message = {"type": "message", "bot_id": "B0FAROL", "text": body.get("text", ""), "ts": ts}
    parent = room.messages.get(("slack", channel, body.get("thread_ts")))
    if parent:
        if parent["message"].get("thread_ts", parent["ts"]) != parent["ts"]:
            call.wrong("a reply is no parent of replies")
        message["thread_ts"] = parent["ts"]
    # slack-go/slack#1571: a reply to what is gone becomes a message of the channel.
    room.messages["slack", channel, ts] = {"ts": ts, "token": token, "message": message}
    return said(call, {"channel": channel, "ts": ts, "message": message})


def update(call, token, channel):
    body = call.body
    if not CONVERSATION.fullmatch(channel):
        return refused("channel_not_found")
    known = call.room.messages.get(("slack", channel, body.get("ts")))
    if known is None:
        return refused("message_not_found")
    if known["token"] != token:
        return refused("cant_update_message")
    known["message"]["text"] = body.get("text", "")
    return said(call, {"channel": channel, "ts": body["ts"], "text": body.get("text", ""), "message": known["message"]})


def said(call, body):
    if call.kind == "application/json" and "charset" not in call.headers.get("content-type", ""):
        return Answer(200, {"ok": True, **body, "warning": "missing_charset"})
    return Answer(200, {"ok": True, **body})


def content(call, text_max):
    """What is wrong with a message, in Slack's word; details go to the violations."""
    if not isinstance(call.body, dict):
        return "invalid_payload"
    body = {key: loaded(call, value) for key, value in call.body.items()}
    text, blocks = body.get("text"), body.get("blocks") or []
    attachments = body.get("attachments") or []
    if text is None and not blocks and not attachments:
        call.wrong("nothing to say")
        return "no_text"
    if not text:
        call.wrong("no text for notifications")
    else:
        mrkdwn(call, "text", text)
        if len(text) > text_max:
            call.wrong(f"text: {len(text)} is longer than {text_max}")
            return "msg_too_long" if text_max == UPDATED_TEXT_MAX else None
    if len(attachments) > ATTACHMENTS_MAX:
        return "too_many_attachments"
    all_blocks = list(blocks)
    for index, it in enumerate(attachments):
        attachment(call, f"attachments/{index}", it)
        all_blocks += it.get("blocks") or []
    faults = [block(call, index, it) for index, it in enumerate(all_blocks)]
    if any(faults) or len(all_blocks) > BLOCKS_MAX:
        return "invalid_blocks"
    if len(json.dumps(all_blocks, ensure_ascii=False)) > ALL_BLOCKS_MAX:
        call.wrong("the blocks are too long together")
        return "msg_blocks_too_long"
    return None


def loaded(call, value):
    """Forms hold JSON in their fields."""
    if call.kind == "application/json" or not isinstance(value, str) or value[:1] not in "[{":
        return value
    return json.loads(value)


def attachment(call, where, given):
    call.fields(where, given, ATTACHMENT)
    if "color" in given and not COLOUR.fullmatch(given["color"]):
        call.wrong(f"{where}: {given['color']} is no colour")
    if len(given.get("footer", "")) > Attachment.footer_max_length:
        call.wrong(f"{where}: the footer is too long")
    for name in MARKED_UP:
        if name in given:
            mrkdwn(call, f"{where}/{name}", given[name])
    for index, it in enumerate(given.get("fields") or []):
        mrkdwn(call, f"{where}/fields/{index}", f"{it.get('title', '')}\n{it.get('value', '')}")


def block(call, index, given):
    """Whether Slack's own library finds a block wrong, or does not know all of it."""
    where = f"blocks/{index}"
    try:
        parsed = Block.parse(given)
        if parsed is None:
            raise SlackObjectFormationError(f"unknown type {given.get('type')}")
        lost = missing(given, parsed.to_dict(), "")
    except (SlackObjectFormationError, TypeError, KeyError) as error:
        call.wrong(f"{where}: {error}")
        return True
    n_violations = len(call.violations)
    for it in lost:
        call.wrong(f"{where}{it}: empty or unknown")
    objects(call, where, given)
    return len(call.violations) > n_violations


def missing(given, kept, path):
    """What the library dropped."""
    if isinstance(given, dict):
        for key, value in given.items():
            if key not in kept:
                yield f"{path}/{key}"
            else:
                yield from missing(value, kept[key], f"{path}/{key}")
    elif isinstance(given, list):
        for index, (mine, theirs) in enumerate(zip(given, kept)):
            yield from missing(mine, theirs, f"{path}/{index}")


def objects(call, where, value):
    """Checks every text object in a block."""
    if isinstance(value, list):
        for index, it in enumerate(value):
            objects(call, f"{where}/{index}", it)
    elif isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            most = FIELD_MAX if "/fields/" in where else OBJECT_MAX
            if value["type"] == "mrkdwn":
                mrkdwn(call, where, value.get("text", ""), most)
            else:
                call.text(where, value.get("text", ""), most)
        for key, it in value.items():
            objects(call, f"{where}/{key}", it)


def mrkdwn(call, where, text, most=None):
    """Marks of Slack's in a text that come from nobody's escaping hand."""
    call.text(where, text, most)
    for inner in TOKEN.findall(text):
        if not DATE.fullmatch(inner) and not LINK.fullmatch(inner):
            call.wrong(f"{where}: <{inner}> calls people or means nothing")
    rest = re.sub(r"(?m)^>", "", TOKEN.sub("", text))
    if "<" in rest or ">" in rest:
        call.wrong(f"{where}: an angle bracket is not escaped in {rest[:80]!r}")
    if STRAY_AMPERSAND.search(text):
        call.wrong(f"{where}: an ampersand is not escaped")
