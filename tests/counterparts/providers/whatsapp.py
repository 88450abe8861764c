"""WhatsApp's Cloud API, as developers.facebook.com/docs/whatsapp/cloud-api has it.

The business has three approved templates, with title, status, body and link in this order:
`incident_update` (named), `incident_update_positional`, and `incident_update_button` (named; the link is the button's).
"""

import re

from .call import Answer

PATH = re.compile(r"v\d{1,2}\.\d/(\d+)/messages")
LANGUAGES = {"en", "en_US", "de", "pt_BR", "es", "fr"}
BODY = ("title", "status", "body", "link")
# Named or not, what the body takes, whether the first button takes the end of a URL.
TEMPLATES = {
    "incident_update": (True, BODY, False),
    "incident_update_positional": (False, BODY, False),
    "incident_update_button": (True, BODY[:3], True),
}
FIELDS = {
    "messaging_product", "recipient_type", "to", "recipient", "type", "text", "template", "context",
    "biz_opaque_callback_data",
}  # fmt: skip
BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?\d+")
TEXT_MAX = 4_096
BODY_MAX = 1_024
TRACKER_MAX = 512


def failed(status, code, title, details=None, **more):
    error = {"message": f"(#{code}) {title}", "type": "OAuthException", "code": code, **more}
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return Answer(status, {"error": {**error, "fbtrace_id": "AGxj7sT0Lk1mZ8pQeR2vW4y"}})


def expired():
    error = {"message": "Error validating access token: Session has expired", "type": "OAuthException", "code": 190}
    return Answer(401, {"error": {**error, "error_subcode": 463, "fbtrace_id": "AGxj7sT0Lk1mZ8pQeR2vW4y"}})


ERRORS = {
    "expired": expired,
    "window_closed": lambda: failed(400, 131047, "Re-engagement message", "More than 24 hours have passed"),
    "pair_rate": lambda: failed(400, 131056, "(Business Account, Consumer Account) pair rate limit hit", "Too many"),
    "throughput": lambda: failed(429, 130429, "Rate limit hit", "Cloud API message throughput has been reached"),
    "undeliverable": lambda: failed(400, 131026, "Message undeliverable", "The recipient cannot be reached"),
    "unknown": lambda: failed(500, 131000, "Something went wrong", "Unknown error"),
    "template_paused": lambda: failed(400, 132015, "Template is paused", "Low quality"),
}


def answer(call):
    path = PATH.fullmatch(call.path)
    body = call.body if isinstance(call.body, dict) else {}
    template = (body.get("template") or {}).get("name")
    step = f"template {template}" if template else body.get("type")
    call.about("whatsapp", step, body.get("to") or body.get("recipient"), call.bearer())
    if path is None:
        return failed(400, 2500, "Unknown path components")
    fault = content(call, body)
    if planned := call.planned(ERRORS):
        return planned
    if not call.bearer():
        return failed(401, 190, "Invalid OAuth access token - Cannot parse access token")
    if fault:
        return fault
    to = body.get("to") or body.get("recipient")
    wamid = f"wamid.HBgL{path[1]}{call.room.next():06d}"
    call.room.messages["whatsapp", to, wamid] = body
    known_as = "wa_id" if body.get("to") else "user_id"
    contact = {"input": to, known_as: re.sub(r"\D", "", to) if body.get("to") else to}
    message = {"id": wamid, "message_status": "accepted"}
    return Answer(200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})


def content(call, body):
    """What is wrong with a message, as Meta would say it."""
    if not call.whole(1 << 20):
        return failed(400, 100, "Invalid parameter", "The body is not JSON")
    call.fields("message", body, FIELDS)
    if body.get("messaging_product") != "whatsapp":
        call.wrong("messaging_product is missing")
        return failed(400, 100, "The parameter messaging_product is required.")
    if body.get("to"):
        is_good = re.fullmatch(r"\+?\d{5,15}", str(body["to"]))
    else:
        is_good = BSUID.fullmatch(str(body.get("recipient")))
    if not is_good or body.get("recipient_type", "individual") != "individual":
        call.wrong("nobody to send to")
        return failed(400, 131009, "Parameter value is not valid", "The recipient is not valid")
    if len(body.get("biz_opaque_callback_data", "")) > TRACKER_MAX:
        call.wrong("biz_opaque_callback_data is too long")
    original = (body.get("context") or {}).get("message_id")
    to = body.get("to") or body.get("recipient")
    if original is not None and ("whatsapp", to, original) not in call.room.messages:
        return failed(400, 131009, "Parameter value is not valid", "The message to reply to is not known")
    checks = {"text": text, "template": template}
    check = checks.get(body.get("type"))
    if check is None or not isinstance(body.get(body["type"]), dict):
        call.wrong(f"the type {body.get('type')} is not sent, or has no content")
        return failed(400, 131051, "Unsupported message type")
    return check(call, body[body["type"]])


def text(call, given):
    call.fields("text", given, {"body", "preview_url"})
    call.text("text/body", given.get("body", ""), TEXT_MAX)
    if not 0 < len(given.get("body", "")) <= TEXT_MAX:
        return failed(400, 100, "Invalid parameter", f"Param text['body'] must be at most {TEXT_MAX} characters long.")
    return None


def template(call, given):
    call.fields("template", given, {"name", "language", "components"})
    name, language = given.get("name"), (given.get("language") or {}).get("code")
    if name not in TEMPLATES or language not in LANGUAGES:
        call.wrong(f"no template {name} in {language}")
        return failed(404, 132001, "Template name does not exist in the translation", f"{name} in {language}")
    is_named, expected, has_button = TEMPLATES[name]
    components = {str(it.get("type")).lower(): it for it in given.get("components") or []}
    values = (components.pop("body", None) or {}).get("parameters") or []
    buttons = [components.pop("button")] if "button" in components else []
    if components or len(buttons) != int(has_button) or len(values) != len(expected):
        call.wrong(f"{name}: the components do not fit")
        return failed(400, 132000, "Number of parameters does not match the expected number of params")
    names = [it.get("parameter_name") for it in values]
    if names != (list(expected) if is_named else [None] * len(expected)):
        call.wrong(f"{name}: the parameters are named {names}")
        return failed(400, 132012, "Parameter format does not match format in the created template")
    for button in buttons:
        shape = (str(button.get("sub_type")).lower(), str(button.get("index")), len(button.get("parameters") or []))
        if shape != ("url", "0", 1):
            call.wrong(f"{name}: the button is {shape}")
            return failed(400, 132012, "Parameter format does not match format in the created template")
    faults = [parameter(call, it) for it in values + [it for button in buttons for it in button["parameters"]]]
    return next((it for it in faults if it), None) or whole(call, values)


def parameter(call, given):
    call.fields("parameter", given, {"type", "text", "parameter_name"})
    said = given.get("text")
    if given.get("type") != "text" or not isinstance(said, str) or not said:
        call.wrong(f"a parameter without text: {given}")
        return failed(400, 131008, "Required parameter is missing", "Parameter of type text is missing text value")
    call.text("parameter", said)
    if re.search(r"[\n\t]| {5}", said):
        call.wrong(f"a parameter with new lines, tabs or many spaces: {said[:60]!r}")
        details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        return failed(400, 132018, "There was an issue with the parameters in the template", details)
    return None


def whole(call, values):
    """The body has words of its own besides what it is given."""
    if sum(len(it["text"]) for it in values) + 100 > BODY_MAX:
        call.wrong("the body is too long with its parameters")
        return failed(400, 132005, "Template hydrated text too long", f"more than {BODY_MAX} characters")
    return None
