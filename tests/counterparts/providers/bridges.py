"""Bridges to WhatsApp: WAHA, Evolution API 2, wwebjs-api, Twilio, and a gateway of somebody's own."""

import base64
import json
import re
from urllib.parse import unquote

from .call import Answer

CHAT = re.compile(r"\d[\d-]{4,40}@(c\.us|g\.us|s\.whatsapp\.net|lid)")
TEXT_MAX = 4_096
TWILIO_MAX = 1_600


def letter(call, where, text):
    """A message of WhatsApp's own."""
    call.text(where, text, TEXT_MAX)
    if not text:
        call.wrong(f"{where}: empty")


def waha_stopped(status="SCAN_QR_CODE"):
    error = "Session status is not as expected. Try again later or restart the session"
    return Answer(422, {"error": error, "session": "default", "status": status, "expected": ["WORKING"]})


WAHA_ERRORS = {
    "stopped": waha_stopped,
    "unauthorized": lambda: Answer(401, {"message": "Unauthorized", "statusCode": 401}),
}


def waha(call):
    body = call.body if isinstance(call.body, dict) else {}
    key = call.headers.get("x-api-key")
    call.about("waha", call.path, body.get("chatId"), key)
    if call.whole(1 << 20):
        known = {"session", "chatId", "text", "reply_to", "linkPreview", "linkPreviewHighQuality", "mentions"}
        call.fields("sendText", body, known)
        letter(call, "text", body.get("text", ""))
    if planned := call.planned(WAHA_ERRORS):
        return planned
    if call.path != "api/sendText" or call.method != "POST":
        return Answer(404, {"message": f"Cannot {call.method} /{call.path}", "error": "Not Found", "statusCode": 404})
    if not key:
        return WAHA_ERRORS["unauthorized"]()
    if not body.get("session") or not CHAT.fullmatch(body.get("chatId", "")) or not body.get("text"):
        call.wrong("a field is missing")
        return Answer(400, {"message": ["chatId must be a chat id"], "error": "Bad Request", "statusCode": 400})
    number = f"{call.room.next():016X}"
    return Answer(201, {"id": f"true_{body['chatId']}_{number}", "fromMe": True, "to": body["chatId"], "ack": 0})


def evolution_failed(status, error, message):
    return Answer(status, {"status": status, "error": error, "response": {"message": message}})


def nobody(number="4915112345678"):
    found = {"jid": f"{number}@s.whatsapp.net", "exists": False, "number": number}
    return evolution_failed(400, "Bad Request", [found])


EVOLUTION_ERRORS = {
    "nobody": nobody,
    "unauthorized": lambda: evolution_failed(401, "Unauthorized", "Unauthorized"),
    "no_instance": lambda: evolution_failed(404, "Not Found", ['The "status" instance does not exist']),
}


def evolution(call):
    body = call.body if isinstance(call.body, dict) else {}
    key = call.headers.get("apikey")
    call.about("evolution", call.path, body.get("number"), key)
    if call.whole(1 << 20):
        call.fields("sendText", body, {"number", "text", "delay", "linkPreview", "quoted", "mentionsEveryOne"})
        letter(call, "text", body.get("text", ""))
        if body.get("mentionsEveryOne"):
            call.wrong("everyone is called")
    if planned := call.planned(EVOLUTION_ERRORS):
        return planned
    path = re.fullmatch(r"message/sendText/([^/]+)", call.path)
    if path is None or call.method != "POST":
        return evolution_failed(404, "Not Found", [f"Cannot {call.method} /{call.path}"])
    if not key:
        return EVOLUTION_ERRORS["unauthorized"]()
    missing = [name for name in ("number", "text") if not body.get(name)]
    if missing:
        call.wrong(f"{missing} are missing")
        return evolution_failed(400, "Bad Request", [[f'instance requires property "{it}"' for it in missing]])
    sent = {"remoteJid": f"{body['number']}@s.whatsapp.net", "fromMe": True, "id": f"{call.room.next():020X}"}
    message = {"conversation": body["text"]}
    return Answer(201, {"key": sent, "message": message, "status": "PENDING", "messageType": "conversation"})


WWEBJS_ERRORS = {
    "no_session": lambda: Answer(404, {"success": False, "error": "session_not_found"}),
    "forbidden": lambda: Answer(403, {"success": False, "error": "Invalid API key"}),
    "broken": lambda: Answer(500, {"success": False, "error": "Evaluation failed"}),
}


def wwebjs(call):
    body = call.body if isinstance(call.body, dict) else {}
    key = call.headers.get("x-api-key")
    call.about("wwebjs", call.path, body.get("chatId"), key)
    if call.whole(1 << 20):
        call.fields("sendMessage", body, {"chatId", "contentType", "content", "options"})
        letter(call, "content", body.get("content", ""))
    if planned := call.planned(WWEBJS_ERRORS):
        return planned
    path = re.fullmatch(r"client/sendMessage/([^/]+)", call.path)
    if path is None or call.method != "POST":
        return Answer(404, f"Cannot {call.method} /{call.path}")
    if not key:
        return WWEBJS_ERRORS["forbidden"]()
    if not re.fullmatch(r"[\w-]+", unquote(path[1])):
        call.wrong("session ids are letters, digits, _ and -")
        return Answer(422, {"success": False, "error": "Session should be alphanumerical or -"})
    if body.get("contentType") != "string" or not CHAT.fullmatch(body.get("chatId", "")):
        call.wrong("a field is missing")
        return Answer(400, {"success": False, "error": "contentType invalid"})
    sent = {"id": {"fromMe": True, "remote": body["chatId"], "id": f"{call.room.next():020X}"}, "ack": 0}
    return Answer(200, {"success": True, "message": {**sent, "body": body["content"]}})


def twilio_failed(status, code, message):
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": more, "status": status})


TWILIO_ERRORS = {
    "unauthorized": lambda: twilio_failed(401, 20003, "Authenticate"),
    "invalid_to": lambda: twilio_failed(400, 21211, "The 'To' number whatsapp:+1 is not a valid phone number."),
    "limited": lambda: twilio_failed(429, 20429, "Too Many Requests"),
    "outside_window": lambda: twilio_failed(400, 63016, "Failed to send freeform message: outside the allowed window"),
}


def twilio(call):
    body = call.body if isinstance(call.body, dict) else {}
    path = re.fullmatch(r"2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages\.json", call.path)
    scheme, _, basic = call.headers.get("authorization", "").partition(" ")
    login = base64.b64decode(basic).decode() if scheme == "Basic" else ""
    call.about("twilio", "Messages", body.get("To"), login.partition(":")[2])
    if call.kind != "application/x-www-form-urlencoded" or not body:
        call.wrong("the body is no form")
    call.fields("Messages", body, {"To", "From", "Body", "ContentSid", "ContentVariables", "StatusCallback"})
    fault = twilio_content(call, body)
    if planned := call.planned(TWILIO_ERRORS):
        return planned
    if path is None or call.method != "POST":
        return twilio_failed(404, 20404, f"The requested resource /{call.path} was not found")
    if login.partition(":")[0] != path[1]:
        return TWILIO_ERRORS["unauthorized"]()
    if fault:
        return fault
    sid = f"SM{call.room.next():032x}"
    sent = {"sid": sid, "status": "queued", "to": body["To"], "from": body["From"], "body": body.get("Body", "")}
    return Answer(201, {**sent, "error_code": None, "error_message": None, "account_sid": path[1]})


def twilio_content(call, body):
    for name, code in (("To", 21211), ("From", 21212)):
        if not re.fullmatch(r"whatsapp:\+\d{5,15}", body.get(name, "")):
            call.wrong(f"{name} is no number")
            return twilio_failed(400, code, f"The '{name}' number {body.get(name)} is not a valid phone number.")
    if "ContentSid" in body:
        variables = json.loads(body.get("ContentVariables", "{}"))
        for key, value in variables.items():
            call.text(f"variable {key}", value)
            if not value or re.search(r"[\n\t]| {5}", value):
                call.wrong(f"variable {key} is empty or has new lines")
                return twilio_failed(400, 21656, "The Content Variables parameter is invalid")
        return None
    call.text("Body", body.get("Body", ""), TWILIO_MAX)
    if not body.get("Body"):
        return twilio_failed(400, 21619, "A message body, media URL or content SID is required")
    if len(body["Body"]) > TWILIO_MAX:
        return twilio_failed(400, 21617, "The concatenated message body exceeds the 1600 character limit")
    return None


def gateway(call):
    body = call.body if isinstance(call.body, dict) else {}
    call.about("gateway", call.path, body.get("to"), call.headers.get("x-api-key"))
    if call.whole(1 << 20):
        call.fields("send", body, {"to", "text"})
        call.text("text", body.get("text", ""))
    if planned := call.planned({}):
        return planned
    return Answer(200, {"queued": True})
