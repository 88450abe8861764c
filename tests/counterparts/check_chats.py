"""Holds the counterparts to the providers' own clients: what those take for an error of the original, and which.

Run by the suite; says nothing when all is well.
"""

import asyncio
import json
import sys
import urllib.error
import urllib.request
import warnings

import httpx
import telegram
from pywa import WhatsApp
from pywa import errors as meta
from pywa.types.templates import BodyText, TemplateLanguage
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient
from telegram import error as tg

from chats import serve
from providers.markup import Unreadable, parse

BASE = f"http://127.0.0.1:{serve().server_address[1]}"
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
CHAT = -1001234567890

# What TDLib's own tests say of texts like these.
UNREADABLE = {
    "🏟 🏟&lt;<abacaba": "Unclosed start tag at byte offset 13",
    "🏟 🏟&lt;<abac aba>": 'Unsupported start tag "abac" at byte offset 13',
    "🏟 🏟&lt;<i   =aba>": 'Empty attribute name in the tag "i" at byte offset 13',
    "🏟 🏟&lt;<i    aba  =  ": 'Unclosed start tag "i" at byte offset 13',
    "🏟 🏟&lt;<i    aba  =  190azAz-.,": "Unexpected end of name token at byte offset 27",
    '🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>': "Unclosed start tag at byte offset 13",
    "🏟 🏟&lt;</": "Unexpected end tag at byte offset 13",
    "🏟 🏟&lt;<b></b></": "Unexpected end tag at byte offset 20",
    "🏟 🏟&lt;<i>a</i   ": "Unclosed end tag at byte offset 17",
    "🏟 🏟&lt;<i>a</em   >": 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"',
    "a < b": 'Unsupported start tag "" at byte offset 2',
    "<b>x": "Can't find end tag corresponding to start tag \"b\"",
    "<span>x</span>": 'Tag "span" must have class "tg-spoiler" at byte offset 0',
}
READABLE = {
    "&lt;&gt;&amp;&quot;&laquo;&#12345678;": ("<>&\"&laquo;&#12345678;", []),
    "➡️ ➡️<i>➡️ ➡️</i>": ("➡️ ➡️➡️ ➡️", [{"type": "italic", "offset": 5, "length": 5}]),
    "<b><i>1</i></b>": (
        "1",
        [{"type": "italic", "offset": 0, "length": 1}, {"type": "bold", "offset": 0, "length": 1}],
    ),
    '<a href="https://a.example/?x=1&amp;y=2">page</a>': (
        "page",
        [{"type": "text_link", "offset": 0, "length": 4, "url": "https://a.example/?x=1&y=2"}],
    ),
}


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def script(channel, key, *answers):
    call("/check/_script", {"channel": channel, "key": key, "answers": list(answers)})


def violations(channel):
    return [it["violations"] for it in call(f"/check/_seen?channel={channel}")["seen"]]


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r} is not {wanted!r}")


def raised(kind, act):
    try:
        act()
    except kind as error:
        return error
    sys.exit(f"no {kind.__name__}")


async def raised_later(kind, act):
    try:
        await act
    except kind as error:
        # The classes inherit from each other.
        expect("class", type(error), kind)
        return error
    sys.exit(f"no {kind.__name__}")


def check_markup():
    for html, words in UNREADABLE.items():
        expect(html, str(raised(Unreadable, lambda: parse(html))), words)
    for html, told in READABLE.items():
        expect(html, parse(html), told)


async def check_telegram():
    async with telegram.Bot(TOKEN, base_url=f"{BASE}/check/telegram/bot") as bot:
        first = await bot.send_message(CHAT, "<b>It &lt; burns</b>", parse_mode="HTML", message_thread_id=5)
        expect("text", (first.text, first.entities[0].type, first.message_thread_id), ("It < burns", "bold", 5))
        reply = telegram.ReplyParameters(first.message_id)
        second = await bot.send_message(CHAT, "Still", reply_parameters=reply)
        expect("reply", second.reply_to_message.message_id, first.message_id)
        changed = await bot.edit_message_text("Out", chat_id=CHAT, message_id=first.message_id)
        expect("edit", (changed.text, changed.message_id), ("Out", first.message_id))
        error = await raised_later(tg.BadRequest, bot.edit_message_text("Out", chat_id=CHAT, message_id=first.id))
        expect("same", error.message.startswith("Message is not modified: "), True)
        error = await raised_later(tg.BadRequest, bot.edit_message_text("x", chat_id=CHAT, message_id=1))
        expect("gone", error.message, "Message to edit not found")
        error = await raised_later(tg.BadRequest, bot.send_message(CHAT, "<x>", parse_mode="HTML"))
        # The library writes all but the first letter small.
        expect("markup", error.message, "Can't parse entities: unsupported start tag \"x\" at byte offset 0")
        error = await raised_later(tg.BadRequest, bot.send_message(CHAT, "x" * 4097))
        expect("long", error.message, "Message is too long")
        await raised_later(tg.BadRequest, bot.send_message(CHAT, "x", message_thread_id=1))
        names = [{"error": "limited", "after": 14}, {"error": "migrated", "to": -1009}, {"error": "blocked"}]
        script("telegram", CHAT, *names, {"error": "unauthorized"}, {"error": "bad_gateway"})
        expect("wait", (await raised_later(tg.RetryAfter, bot.send_message(CHAT, "x")))._retry_after.seconds, 14)
        expect("new", (await raised_later(tg.ChatMigrated, bot.send_message(CHAT, "x"))).new_chat_id, -1009)
        await raised_later(tg.Forbidden, bot.send_message(CHAT, "x"))
        await raised_later(tg.InvalidToken, bot.send_message(CHAT, "x"))
        await raised_later(tg.NetworkError, bot.send_message(CHAT, "x"))


def check_slack():
    client = WebClient("xoxb-1", base_url=f"{BASE}/check/slack/api/")
    expect("token", client.auth_test()["ok"], True)
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*It* &lt;burns&gt; <https://a.example|page>"}}
    root = client.chat_postMessage(channel="C111", text="It burns", blocks=[section])
    reply = client.chat_postMessage(channel="C111", text="Still", thread_ts=root["ts"])
    expect("thread", reply["message"]["thread_ts"], root["ts"])
    expect("edit", client.chat_update(channel="C111", ts=root["ts"], text="Out")["text"], "Out")
    expect("name", client.chat_postMessage(channel="#ops", text="x")["channel"][0], "C")

    def refused(act):
        return raised(SlackApiError, act).response

    expect("edit", refused(lambda: client.chat_update(channel="C111", ts="1.1", text="x"))["error"], "message_not_found")
    expect("name", refused(lambda: client.chat_update(channel="#ops", ts="1.1", text="x"))["error"], "channel_not_found")
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    long = refused(lambda: client.chat_postMessage(channel="C111", text="x", blocks=[header]))
    expect("header", long["error"], "invalid_blocks")
    script("slack", "xoxb-1", {"error": "ratelimited", "after": 7}, {"error": "invalid_auth"})
    limited = refused(lambda: client.chat_postMessage(channel="C111", text="x"))
    expect("limit", (limited.status_code, limited.headers["Retry-After"]), (429, "7"))
    expect("auth", refused(lambda: client.chat_postMessage(channel="C111", text="x"))["error"], "invalid_auth")
    client.chat_postMessage(channel="C111", text="<!channel> a & b < c")
    expect("calling", len(violations("slack")[-1]), 3)

    hook = WebhookClient(f"{BASE}/check/slack/services/T1/B1/abc")
    sent = hook.send(text="It burns", attachments=[{"color": "#e01e5a", "fallback": "x", "blocks": [section]}])
    expect("hook", (sent.status_code, sent.body), (200, "ok"))
    expect("hook", hook.send(blocks=[header]).body, "invalid_blocks")
    script("slack_webhook", "services/T1/B1/abc", {"error": "no_service"})
    expect("hook", hook.send(text="x").status_code, 404)
    expect("hook", [len(it) for it in violations("slack_webhook")], [0, 2, 0])


# What the others must not let pass: where, what, and the status of the answer. They publish no clients.
HOOK = "/discord/api/webhooks/1/t"
CARD = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None}
QUIET = {"allowed_mentions": {"parse": []}}
FAULTS = [
    (HOOK, {"content": "@everyone"}, 204),
    (HOOK, QUIET, 400),
    (HOOK, {**QUIET, "content": "x" * 2_001}, 400),
    (HOOK, {**QUIET, "content": "x", "username": "Discord"}, 400),
    (HOOK, {**QUIET, "embeds": [{"title": "x" * 257}]}, 400),
    (HOOK, {**QUIET, "embeds": [{"title": "x", "fields": [{"name": "x", "value": " "}]}]}, 400),
    (HOOK, {**QUIET, "embeds": [{"description": "x" * 4_000}, {"description": "x" * 2_001}]}, 400),
    (HOOK, {**QUIET, "embeds": [{"title": "x", "url": "x"}]}, 400),
    ("/discord/api/webhooks/1", {**QUIET, "content": "x"}, 404),
    ("/teams/workflows/a/triggers/manual/paths/invoke?sig=1", {"type": "message"}, 202),
    ("/teams/workflows/a/triggers/manual/paths/invoke?sig=1", {"type": "message", "summary": "x" * 30_000}, 413),
    ("/teams/workflows/a/triggers/manual/paths/invoke", {"type": "message", "attachments": [CARD]}, 401),
    (f"/mattermost/hooks/{'a' * 26}", {"text": "@here"}, 200),
    (f"/mattermost/hooks/{'a' * 26}", {"attachments": []}, 400),
    ("/rocketchat/hooks/a/b", {"text": "hello @ada"}, 200),
    ("/rocketchat/hooks/a/b", {"text": "x" * 5_001}, 400),
    ("/googlechat/v1/spaces/A/messages?key=k&token=t", {"text": "<users/all>"}, 200),
    ("/googlechat/v1/spaces/A/messages?key=k&token=t", {"text": "x" * 4_097}, 400),
    ("/ntfy", {"topic": "t", "message": "x" * 4_097}, 200),
    ("/ntfy", {"topic": "a b", "message": "x"}, 400),
    ("/ntfy", {"topic": "t", "message": "\U0001f468\u200d\u2026"}, 200),
    ("/waha/api/sendText", {"session": "s", "chatId": "49@x", "text": "x"}, 400),
    ("/evolution/message/sendText/s", {"number": "49"}, 400),
    ("/wwebjs/client/sendMessage/s", {"chatId": "4915112345678@c.us", "content": "x"}, 400),
    ("/gateway/send", {"to": "49", "text": "a\x00"}, 200),
]


def check_others():
    for where, body, status in FAULTS:
        headers = {"Content-Type": "application/json", "X-Api-Key": "k", "apikey": "k"}
        request = urllib.request.Request(f"{BASE}/others{where}", json.dumps(body).encode(), headers)
        try:
            found = urllib.request.urlopen(request, timeout=10).status
        except urllib.error.HTTPError as error:
            found = error.code
        expect(f"{where} {str(body)[:80]}", found, status)
    seen = call("/others/_seen")["seen"]
    silent = [it["body"] for it in seen if not it["violations"] and it["status"] < 300]
    expect("silence", (len(seen), silent), (len(FAULTS), []))


def check_whatsapp():
    # Their constructor sets the base itself.
    client = WhatsApp(phone_id="106540352242922", token="EAAJB", api_version="23.0", session=httpx.Client())
    client.api._session.base_url = f"{BASE}/check/whatsapp/v23.0"
    values = {"title": "Errors", "status": "Monitoring", "body": "Fixed", "link": "https://a.example/i/7"}

    def send(**more):
        params = [BodyText.params(**{**values, **more})]
        language = TemplateLanguage.ENGLISH_US
        return client.send_template("4915112345678", "incident_update", language, params)

    first = send()
    expect("id", first.id.startswith("wamid."), True)
    reply = client.send_message("4915112345678", "Hello", reply_to_message_id=first.id)
    expect("to", reply.chat.id, "4915112345678")
    for bad in ("a\nb", "a     b"):
        raised(meta.WhatsAppError, lambda: send(body=bad))
    wrong = lambda: client.send_template("4915112345678", "other", TemplateLanguage.ENGLISH_US, [])  # noqa: E731
    raised(meta.TemplateNotExists, wrong)
    classes = {
        "expired": "ExpiredAccessToken", "window_closed": "ReEngagementMessage", "pair_rate": "TooManyMessages",
        "throughput": "RateLimitHit", "undeliverable": "MessageUndeliverable", "template_paused": "TemplatePaused",
    }  # fmt: skip
    script("whatsapp", "EAAJB", *({"error": name} for name in classes))
    for name, kind in classes.items():
        expect(name, type(raised(meta.WhatsAppError, send)).__name__, kind)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    check_markup()
    asyncio.run(check_telegram())
    check_slack()
    check_whatsapp()
    check_others()
