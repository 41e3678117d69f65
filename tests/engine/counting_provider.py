"""A mail provider with Postmark's HTTP API that writes down whom it took mail for.

Usage: counting_provider.py DIARY OPTIONS, as counting_sink.py. `kill_every`: kill the client every
so many mails, by turns when the mail was taken and not yet answered for, and when it was not taken.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.engine.diary import Diary


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        address = mail["To"].rpartition("<")[2].rstrip(">")
        Request.asked += 1
        is_last = Request.asked % OPTIONS.get("kill_every", 1 << 30) == 0
        Request.kills += is_last
        if is_last and Request.kills % 2 == 0:
            self.kill()
            return
        DIARY.take(address)
        if is_last:
            self.kill()
            return
        body = {"ErrorCode": 0, "Message": "OK", "To": mail["To"], "MessageID": f"m{Request.asked}"}
        self.answer(json.dumps(body).encode())

    asked = 0
    kills = 0

    def kill(self) -> None:
        client = next(word for word in self.headers["User-Agent"].split() if "pid-" in word)
        DIARY.write("kill", client)
        os.kill(int(client.removeprefix("pid-")), signal.SIGKILL)
        self.close_connection = True

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


class Provider(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no error."""


if __name__ == "__main__":
    DIARY = Diary(Path(sys.argv[1]))
    OPTIONS: dict[str, Any] = json.loads(sys.argv[2])
    provider = Provider(("127.0.0.1", OPTIONS.get("port", 0)), Request)
    os.write(1, b"%d\n" % provider.server_port)
    provider.serve_forever()
