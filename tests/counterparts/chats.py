"""The APIs of chat providers, as their documentation has them: limits, shapes, answers and errors.

Prints one line, {"event": "listening", "port": …}, and ends when its standard input does. Many tests share it: the
first part of each path is a room of one test, with its own messages, scripts and records. The next part names the
provider; what follows is the provider's own path.

  GET  /{room}/_seen?channel=slack      what came, oldest first, with what was wrong about it
  POST /{room}/_script                  {"channel", "key", "answers": […]}   the next answers, then as usual
                                        {"channel", "key", "always": …}       the answer until null is sent
                                        {…, "step": "chat.update"}           only to that method
  POST /{room}/_forget                  {"channel"}                          somebody deletes all messages there

A key is a destination (a chat, a topic, a webhook's path) or a credential (a token, an API key). An answer is
{"status", "body", "headers"}, or {"error": name, …} with a name that the provider's module knows.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from providers import PROVIDERS
from providers.call import Answer, Call, Room

rooms = {}
opening = threading.Lock()


def room_of(name):
    with opening:
        return rooms.setdefault(name, Room())


def control(room, verb, query, body):
    with room.lock:
        if verb == "_seen":
            channel = query.get("channel")
            return Answer(200, {"seen": [it for it in room.seen if channel in (None, it["channel"])]})
        if verb == "_script":
            room.script(body)
        elif verb == "_forget":
            room.forget(body["channel"])
        else:
            return Answer(404, {"error": f"{verb} is unknown"})
        return Answer(200, {})


def answer(room, provider, call):
    with room.lock:
        try:
            given = PROVIDERS[provider](call)
        except Exception as error:
            call.wrong(f"the counterpart failed: {error!r}")
            given = Answer(599, {"error": repr(error)})
        room.note(call, given)
    return given


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet, at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def serve(self):
        url = urlsplit(self.path)
        name, _, rest = url.path.lstrip("/").partition("/")
        provider, _, path = rest.partition("/")
        query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        room = room_of(name)
        if provider.startswith("_"):
            given = control(room, provider, query, json.loads(raw or b"{}"))
        elif provider in PROVIDERS:
            headers = {key.lower(): value for key, value in self.headers.items()}
            given = answer(room, provider, Call(room, self.command, path, query, headers, raw))
        else:
            given = Answer(404, {"error": f"{provider} is unknown"})
        self.send(given)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def send(self, given):
        body, kind = given.bytes()
        self.send_response(given.status)
        self.send_header("Content-Length", str(len(body)))
        if kind:
            self.send_header("Content-Type", kind)
        for key, value in given.headers.items():
            self.send_header(key, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def serve():
    """A server on a free port, already listening."""
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    port = serve().server_address[1]
    print(json.dumps({"event": "listening", "port": port}), flush=True)
    sys.stdin.read()
