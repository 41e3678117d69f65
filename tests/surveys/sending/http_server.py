"""An HTTP server that stands for the API of a mail service and answers as told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Script:
    """`mode` is a status, or `cut`, `hang`, `nonsense`; `answer` is the body.

    `first` are the modes of the first requests, used one by one.
    """

    mode: int | str = 200
    first: list[int | str] = field(default_factory=list)
    answer: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    # Whether a request whose name came before is answered as the first was, and does nothing.
    knows_names: str = ""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.script = Script()
        self.asked: list[Asked] = []
        self.names: set[str] = set()
        self.accepted = 0
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Request(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(Server, self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.asked.append(Asked(self.path, dict(self.headers), body))
        script = server.script
        self.accept(server)
        match script.first.pop(0) if script.first else script.mode:
            case "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
            case "hang":
                server.released.wait(10)
            case "nonsense":
                self.answer(200, b"<html>")
            case int(status):
                self.answer(status, json.dumps(script.answer).encode())

    def accept(self, server: Server) -> None:
        name = self.headers.get(server.script.knows_names) if server.script.knows_names else None
        if name in server.names:
            return
        if name:
            server.names.add(name)
        server.accepted += 1

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in cast(Server, self.server).script.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def http_server() -> Iterator[Server]:
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
