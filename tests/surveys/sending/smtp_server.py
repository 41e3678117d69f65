"""A real SMTP server on a socket that answers as it is told, and keeps what it took."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

# What a script may say instead of an answer.
CUT = "cut"  # close the connection
HANG = "hang"  # say nothing until the client leaves

CERTIFICATE = Path(__file__).with_name("certificate.pem")  # for 127.0.0.1, until 2126
WHERE = ("connect", "helo", "auth", "mail", "rcpt", "data", "body")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.script: dict[str, list[str]] = {}
        self.messages: list[tuple[str, bytes]] = []
        self.connections = 0
        self.commands: list[str] = []
        self.released = threading.Event()
        self.seconds_per_mail = 0.0
        self.pipelining = False
        self.context: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.context is not None:
            connection.settimeout(5)
            connection = self.context.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error of the tests."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def say(self, **script: str | list[str]) -> None:
        """Answers per place, used one by one; when they are used up the server is friendly again.

        A single word stands for ever.
        """
        assert set(script) <= set(WHERE)
        self.script = {
            where: words if isinstance(words, list) else [words] * 1000
            for where, words in script.items()
        }

    def answer(self, where: str, usual: str) -> str:
        waiting = self.script.get(where)
        return waiting.pop(0) if waiting else usual


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            self.talk()
        except (ConnectionError, EOFError):
            return

    def reply(self, where: str, usual: str) -> str:
        words = cast(Server, self.server).answer(where, usual)
        if words == CUT:
            raise EOFError
        if words == HANG:
            cast(Server, self.server).released.wait(20)
            raise EOFError
        self.wfile.write(words.encode() + b"\r\n")
        return words

    def talk(self) -> None:
        server = cast(Server, self.server)
        server.connections += 1
        recipient = ""
        if not self.reply("connect", "220 test ready").startswith("220"):
            return
        while line := self.rfile.readline():
            command = line.decode().strip()
            verb = command.split(":")[0].split(" ")[0].upper()
            server.commands.append(verb)
            if verb == "EHLO":
                more = b"250-PIPELINING\r\n" if server.pipelining else b""
                self.wfile.write(b"250-test\r\n" + more + b"250 AUTH PLAIN\r\n")
            elif verb == "AUTH":
                self.reply("auth", "235 welcome")
            elif verb == "MAIL":
                self.reply("mail", "250 2.1.0 sender ok")
            elif verb == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                self.reply("rcpt", "250 2.1.5 recipient ok")
            elif verb == "DATA":
                if self.reply("data", "354 go ahead").startswith("354"):
                    self.take_body(server, recipient)
            elif verb == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")

    def take_body(self, server: Server, recipient: str) -> None:
        body = b""
        while line := self.rfile.readline():
            if line == b".\r\n":
                break
            body += line.removeprefix(b".") if line.startswith(b"..") else line
        else:
            raise EOFError
        time.sleep(server.seconds_per_mail)
        words = server.answer("body", "250 2.0.0 queued as 42")
        if words.startswith("250") or words == CUT:
            # The nasty case: the server has the message and the line drops before it says so.
            server.messages.append((recipient, body))
        server.script.setdefault("body", []).insert(0, words)
        self.reply("body", words)


@contextmanager
def smtp_server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def serve_tls(server: Server) -> None:
    """From now on talk TLS from the first byte, with a certificate that nobody has signed."""
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(CERTIFICATE)


def smtp_settings(port: int, **more: Any) -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "surveys.sending.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
        **more,
    }
