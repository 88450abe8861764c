"""Telegram's Bot API: sendMessage and editMessageText, as github.com/tdlib/telegram-bot-api answers."""

import inspect
import json
import re
import time

import telegram
from telegram.constants import MessageLimit

from .call import Answer, utf16
from .markup import Unreadable, parse

METHODS = {"sendmessage": telegram.Bot.send_message, "editmessagetext": telegram.Bot.edit_message_text}
# Of python-telegram-bot's own, not of the API.
NOT_SENT = {
    "self", "read_timeout", "write_timeout", "connect_timeout", "pool_timeout", "api_kwargs",
    # Replaced: the first by reply_parameters, the other by link_preview_options.
    "reply_to_message_id", "allow_sending_without_reply", "disable_web_page_preview",
}  # fmt: skip
NESTED = {
    "reply_parameters": telegram.ReplyParameters,
    "link_preview_options": telegram.LinkPreviewOptions,
    "reply_markup": telegram.InlineKeyboardMarkup,
}
TOKEN = re.compile(r"bot(\d+:[\w-]+)")
GENERAL_TOPIC = 1


def failed(code, description, **parameters):
    body = {"ok": False, "error_code": code, "description": description}
    return Answer(code, {**body, "parameters": parameters} if parameters else body)


ERRORS = {
    "limited": lambda after=14: failed(429, f"Too Many Requests: retry after {after}", retry_after=after),
    "migrated": lambda to: failed(
        400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=to
    ),
    "blocked": lambda: failed(403, "Forbidden: bot was blocked by the user"),
    "kicked": lambda: failed(403, "Forbidden: bot was kicked from the supergroup chat"),
    "deactivated": lambda: failed(403, "Forbidden: user is deactivated"),
    "chat_not_found": lambda: failed(400, "Bad Request: chat not found"),
    "thread_not_found": lambda: failed(400, "Bad Request: message thread not found"),
    "unauthorized": lambda: failed(401, "Unauthorized"),
    "bad_gateway": lambda: failed(502, "Bad Gateway"),
}


def answer(call):
    head, _, method = call.path.partition("/")
    token = TOKEN.fullmatch(head)
    body = {key: loaded(call, value) for key, value in (call.body or {}).items()}
    call.about("telegram", method, body.get("chat_id"), token and token[1])
    if token is None:
        return failed(404, "Not Found")
    if method.lower() == "getme":
        bot = {"id": int(token[1].split(":")[0]), "is_bot": True, "first_name": "Farol", "username": "farol_bot"}
        return Answer(200, {"ok": True, "result": bot})
    if method.lower() not in METHODS:
        return failed(404, "Not Found")
    if call.body is None:
        call.wrong("the body is neither JSON nor a form")
    parameters(call, METHODS[method.lower()], body)
    text, entities, fault = content(call, body)
    if planned := call.planned(ERRORS):
        return planned
    if fault:
        return failed(400, f"Bad Request: {fault}")
    chat = body.get("chat_id")
    if chat in (None, "", 0):
        return failed(400, "Bad Request: chat_id is empty")
    chat = int(chat) if re.fullmatch(r"-?\d+", str(chat)) else chat
    act = edit if method.lower() == "editmessagetext" else send
    return act(call, (chat, token[1]), body, text, entities)


def loaded(call, value):
    """Forms hold numbers and JSON in their fields."""
    if call.kind == "application/json" or not re.match(r"[\[{]|-?\d+$", value):
        return value
    return json.loads(value)


def parameters(call, method, body):
    """Telegram passes over what it does not know; python-telegram-bot knows the names."""
    call.fields(method.__name__, body, set(inspect.signature(method).parameters) - NOT_SENT)
    for name, kind in NESTED.items():
        if isinstance(body.get(name), dict):
            for unknown in kind.de_json(body[name], None).api_kwargs:
                call.wrong(f"{name}: unknown field {unknown}")


def content(call, body):
    """The text as it will be read, or what Telegram would say about it."""
    source = body.get("text")
    if not source:
        call.wrong("no text")
        return "", [], "message text is empty"
    call.text("text", source)
    mode, entities = body.get("parse_mode"), []
    if mode == "HTML":
        try:
            source, entities = parse(source)
        except Unreadable as error:
            call.wrong(f"text: {error}")
            return "", [], f"can't parse entities: {error}"
    elif mode is not None:
        call.wrong(f"parse_mode {mode} is not for texts of others")
        return "", [], f"unsupported parse_mode {mode}"
    if len(entities) > MessageLimit.MESSAGE_ENTITIES:
        call.wrong(f"{len(entities)} entities: the last ones are lost")
    if not source.strip():
        call.wrong("nothing but spaces")
        return "", [], "message text is empty"
    if utf16(source) > MessageLimit.MAX_TEXT_LENGTH:
        call.wrong(f"text: {utf16(source)} is longer than {MessageLimit.MAX_TEXT_LENGTH}")
        return "", [], "message is too long"
    return source, entities[: MessageLimit.MESSAGE_ENTITIES], None


def send(call, to, body, text, entities):
    chat, token = to
    topic = body.get("message_thread_id")
    # The general topic has no thread of its own: clients leave it out.
    if topic == GENERAL_TOPIC:
        call.wrong("the general topic cannot be named")
        return failed(400, "Bad Request: message thread not found")
    reply = body.get("reply_parameters") or {}
    original = call.room.messages.get(("telegram", chat, reply.get("message_id")))
    if reply and original is None and not reply.get("allow_sending_without_reply"):
        return failed(400, "Bad Request: message to be replied not found")
    message = made(call.room.next() + 100, chat, token, text, entities)
    if topic:
        message |= {"message_thread_id": topic, "is_topic_message": True}
    if original:
        message["reply_to_message"] = original
    call.room.messages["telegram", chat, message["message_id"]] = message
    return result(call, message)


def edit(call, to, body, text, entities):
    chat, _ = to
    message = call.room.messages.get(("telegram", chat, body.get("message_id")))
    if message is None:
        return failed(400, "Bad Request: message to edit not found")
    if (message["text"], message["entities"]) == (text, entities):
        same = "specified new message content and reply markup are exactly the same as a current content"
        return failed(400, f"Bad Request: message is not modified: {same} and reply markup of the message")
    message |= {"text": text, "entities": entities, "edit_date": int(time.time())}
    return result(call, message)


def made(number, chat, token, text, entities):
    bot = {"id": int(token.split(":")[0]), "is_bot": True, "first_name": "Farol", "username": "farol_bot"}
    if isinstance(chat, str):
        where = {"id": -1001000000001, "type": "channel", "title": "Status", "username": chat.lstrip("@")}
    elif chat > 0:
        where = {"id": chat, "type": "private", "first_name": "Ada"}
    else:
        where = {"id": chat, "type": "supergroup" if str(chat).startswith("-100") else "group", "title": "Ops"}
    message = {"message_id": number, "from": bot, "chat": where, "date": int(time.time())}
    return {**message, "text": text, "entities": entities}


def result(call, message):
    """What goes back is what python-telegram-bot takes for a message."""
    if unknown := telegram.Message.de_json(message, None).api_kwargs:
        call.wrong(f"the counterpart made {dict(unknown)} up")
    return Answer(200, {"ok": True, "result": message})
