"""A mail server (aiosmtpd) that does as recipients are named and tells what it got, one JSON object a line.

Takes one JSON object as its argument:

  login      "user:password" that clients must log in with
  tls        "none", "starttls" or "implicit", with localhost.pem
  utf8       whether it takes addresses beyond ASCII
  per_line   mails that it takes over one connection; the next is answered with 421
  drops      whether it hangs up without a word after each mail

Local parts with a meaning:

  r451-…            refused at RCPT TO with this code, 4yz only the first time
  r550_5_7_1-…      the same with an enhanced status code
  d552-…            refused after the mail was handed over
  s550-…            as a sender: refused at MAIL FROM
  hang-…            never answered
  drop-…            the connection breaks instead of an answer to the mail

Ends when its standard input does.
"""

import asyncio
import json
import logging
import os
import re
import ssl
import sys
import warnings
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

SCRIPT = re.compile(r"([rds])(\d{3})(?:_(\d)_(\d{1,3})_(\d{1,3}))?-")
HERE = Path(__file__).resolve().parent


def tell(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


class Counterpart:
    def __init__(self, options):
        self.options = options
        self.refused = set()

    def refusal(self, stage, address):
        """What this address is to be answered at this stage, if not yes."""
        script = SCRIPT.match(address)
        if script is None or script[1] != stage:
            return None
        if script[2].startswith("4"):
            if address in self.refused:
                return None
            self.refused.add(address)
        enhanced = ".".join(script.groups()[2:]) + " " if script[3] else ""
        tell("refused", address=address)
        return f"{script[2]} {enhanced}as asked"

    async def handle_MAIL(self, server, session, envelope, address, options):
        session.mails = getattr(session, "mails", 0) + 1
        if self.options.get("per_line") and session.mails > self.options["per_line"]:
            asyncio.get_running_loop().call_soon(server.transport.close)
            return "421 4.7.0 Enough for one connection"
        if refusal := self.refusal("s", address):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("hang-"):
            tell("hanging", address=address)
            await asyncio.get_running_loop().create_future()
        if refusal := self.refusal("r", address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if refusal := self.refusal("d", to):
            return refusal
        tell(
            "mail",
            sender=envelope.mail_from,
            to=to,
            options=envelope.mail_options,
            is_encrypted=session.ssl is not None or self.options.get("tls") == "implicit",
            user=getattr(session.auth_data, "login", b"").decode(),
            raw=envelope.content.decode("latin-1"),
        )
        if to.startswith("drop-"):
            server.transport.abort()
        if self.options.get("drops"):
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 2.0.0 OK: queued as 4711"

    async def handle_QUIT(self, server, session, envelope):
        tell("quit")
        return "221 2.0.0 Bye"


class Line(SMTP):
    def connection_made(self, transport):
        # STARTTLS makes the same connection a second time.
        if self.session is None:
            tell("connection")
        super().connection_made(transport)


def authenticator(login):
    user, password = (part.encode() for part in login.split(":"))

    def check(server, session, envelope, mechanism, data):
        if (data.login, data.password) == (user, password):
            return AuthResult(success=True, auth_data=data)
        return AuthResult(success=False, handled=False)

    return check


async def main(options):
    counterpart = Counterpart(options)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(HERE / "localhost.pem", HERE / "localhost.key")
    wanted = options.get("tls", "none")
    settings = {"hostname": "mail.example.org", "enable_SMTPUTF8": options.get("utf8", True)}
    if login := options.get("login"):
        settings |= {"authenticator": authenticator(login), "auth_required": True, "auth_require_tls": False}
    if wanted == "starttls":
        settings["tls_context"] = tls
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Line(counterpart, loop=loop, **settings), "127.0.0.1", 0, ssl=tls if wanted == "implicit" else None
    )
    tell("listening", port=server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    # It warns of what is asked for here, such as a login without TLS.
    warnings.simplefilter("ignore")
    logging.disable()
    asyncio.new_event_loop().run_until_complete(main(json.loads(sys.argv[1])))
    # Whoever still hangs is left behind.
    os._exit(0)
