"""A mail server of its own process that writes down whom it took mail for, at the very 250.

Usage: counting_sink.py LOG KILL_EVERY. Prints its port. With KILL_EVERY (0: never) it kills
the process whose id the client sends as EHLO name, every so many messages, right after the 250 was
written into the log and before the client can read it.
"""

from __future__ import annotations

import os
import signal
import socketserver
import sys
from pathlib import Path


class Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            self.talk()
        except ConnectionError:
            return

    def talk(self) -> None:
        recipient = client = b""
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                client = line.split()[1]
            if verb == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0]
            if verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if verb != b"DATA":
                self.wfile.write(b"250 ok\r\n")
                continue
            self.wfile.write(b"354 go\r\n")
            while (line := self.rfile.readline()) and line != b".\r\n":
                pass
            if line:
                self.take(recipient, client)

    def take(self, recipient: bytes, client: bytes) -> None:
        os.write(LOG, recipient + b"\n")
        Session.taken += 1
        if KILL_EVERY and Session.taken % KILL_EVERY == 0:
            os.kill(int(client.removeprefix(b"pid-")), signal.SIGKILL)
        self.wfile.write(b"250 taken\r\n")

    taken = 0


class Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    LOG = os.open(Path(sys.argv[1]), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    KILL_EVERY = int(sys.argv[2])
    with Sink(("127.0.0.1", 0), Session) as sink:
        os.write(1, b"%d\n" % sink.server_address[1])
        sink.serve_forever()
