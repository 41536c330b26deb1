"""The SMTP server of the tests: aiosmtpd, which keeps each letter it took as a numbered JSON file in a folder.

It can refuse the first letters for the moment (REFUSE), take them and lose its answer (LOSE), demand a user, and speak STARTTLS."""

import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keeping:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.refuse = int(os.environ.get("REFUSE", "0"))
        self.lose = int(os.environ.get("LOSE", "0"))

    async def handle_DATA(self, server, session, envelope):
        if self.refuse > 0:
            self.refuse -= 1
            return "451 try again later"
        self.count += 1
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("utf-8", "replace"),
            "safe": session.ssl is not None,
            "user": getattr(session, "auth_data", None),
        }
        path = os.path.join(self.folder, f"{self.count:04}.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(letter, file)
        os.rename(path + ".new", path)
        if self.lose > 0:
            self.lose -= 1
            server.transport.abort()
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    user, password = data.login.decode(), data.password.decode()
    good = f"{user}:{password}" == os.environ["USER_AND_PASSWORD"]
    return AuthResult(success=good, handled=True, auth_data=user)


async def main():
    context = None
    if os.environ.get("CERTIFICATE"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(os.environ["CERTIFICATE"], os.environ["KEY"])
    with_user = bool(os.environ.get("USER_AND_PASSWORD"))
    handler = Keeping(sys.argv[2])

    def make():
        return SMTP(
            handler,
            hostname="sink.example.test",
            tls_context=context,
            require_starttls=context is not None,
            authenticator=authenticate if with_user else None,
            auth_required=with_user,
        )

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", int(sys.argv[1]))
    print("the mail sink is ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
