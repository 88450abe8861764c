"""Teams: a Power Automate workflow that posts what it is handed as an Adaptive Card."""

import re

from .call import Answer, texts

PATH = re.compile(r"workflows/(\w+)/triggers/manual/paths/invoke")
CARD = "application/vnd.microsoft.card.adaptive"
SIZE_MAX = 28_000
VERSIONS = {"1.2", "1.3", "1.4"}
# Property names of https://adaptivecards.io/explorer, as far as they come here.
ELEMENTS = {
    "AdaptiveCard": {"type", "$schema", "version", "fallbackText", "body", "actions", "msteams", "lang", "speak"},
    "TextBlock": {
        "type", "text", "color", "size", "weight", "wrap", "isSubtle", "maxLines", "spacing", "separator",
        "fontType", "horizontalAlignment", "style", "id",
    },
    "FactSet": {"type", "facts", "spacing", "separator", "id"},
    "Container": {"type", "items", "style", "bleed", "spacing", "separator", "id"},
    "Action.OpenUrl": {"type", "title", "url", "style", "iconUrl", "id"},
}  # fmt: skip
WORDS = {
    "color": {"Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"},
    "size": {"Default", "Small", "Medium", "Large", "ExtraLarge"},
    "weight": {"Default", "Lighter", "Bolder"},
    "spacing": {"None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"},
}
FUNCTION = re.compile(r"\{\{\s*(DATE|TIME)\s*\(")

ERRORS = {
    "limited": lambda after=5: Answer(
        429, {"error": {"code": "TooManyRequests", "message": "Rate limit is exceeded."}}, {"Retry-After": after}
    ),
    "gone": lambda: Answer(404, {"error": {"code": "WorkflowNotFound", "message": "The workflow was not found."}}),
    "signature": lambda: Answer(
        401, {"error": {"code": "DirectApiAuthorizationRequired", "message": "The request must be authenticated."}}
    ),
}


def answer(call):
    path = PATH.fullmatch(call.path)
    call.about("teams", "invoke", path and path[1], call.query.get("sig"))
    fits = call.whole(SIZE_MAX)
    if isinstance(call.body, dict):
        message(call, call.body)
    if planned := call.planned(ERRORS):
        return planned
    if path is None:
        return ERRORS["gone"]()
    if not call.query.get("sig"):
        return ERRORS["signature"]()
    if not isinstance(call.body, dict):
        return Answer(400, {"error": {"code": "InvalidRequestContent", "message": "The request content is not JSON."}})
    if not fits:
        call.wrong(f"{len(call.raw)} bytes are too many")
        return Answer(413, {"error": {"code": "RequestEntityTooLarge", "message": "The message is too large."}})
    return Answer(202)


def message(call, body):
    """The workflow takes anything; what does not fit shows as an empty or missing card."""
    if body.get("type") != "message" or not body.get("attachments"):
        call.wrong("no message with an attachment")
    call.fields("message", body, {"type", "summary", "attachments"})
    for where, text in texts(body):
        call.text(where, text)
        if "/content/body/" in where and FUNCTION.search(text):
            call.wrong(f"{where}: a function of Adaptive Cards")
    for it in body.get("attachments") or []:
        call.fields("attachment", it, {"contentType", "contentUrl", "content"})
        if it.get("contentType") != CARD:
            call.wrong(f"the attachment is {it.get('contentType')}")
        card(call, it.get("content") or {})


def card(call, content):
    if content.get("version") not in VERSIONS:
        call.wrong(f"version {content.get('version')} is not shown everywhere")
    if (content.get("msteams") or {}).get("entities"):
        call.wrong("people can be called")
    if not content.get("body"):
        call.wrong("an empty card")
    for it in [content, *content.get("body", []), *content.get("actions", [])]:
        element(call, it)


def element(call, given):
    kind = given.get("type")
    if kind not in ELEMENTS:
        call.wrong(f"no element {kind}")
        return
    call.fields(kind, given, ELEMENTS[kind])
    for name, words in WORDS.items():
        if name in given and given[name] not in words:
            call.wrong(f"{kind}: {name} is {given[name]}")
    if kind == "TextBlock" and not given.get("text"):
        call.wrong("an empty TextBlock")
    if kind == "Action.OpenUrl" and not re.match(r"https?://", given.get("url", "")):
        call.wrong(f"an action to {given.get('url')}")
    for fact in given.get("facts", []):
        if set(fact) != {"title", "value"} or not all(fact.values()):
            call.wrong(f"the fact {fact}")
    for it in given.get("items", []):
        element(call, it)
