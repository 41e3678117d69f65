"""A mail server of its own process that writes down whom it took mail for, at the very 250.

Usage: counting_sink.py DIARY OPTIONS. Prints its port. OPTIONS is JSON, all of it optional:
`port`; `seconds_per_mail`; `troubles`, the connections that go wrong, every second one until the
list is empty; `kill_every`, kill the client every so many mails when the 250 is written down and
not yet said; `freeze_at`, stop the client before the `[354, 250]` of so manieth mail. Clients give
their process id as EHLO name. What goes wrong for one recipient stands in the address: `n-FAULT@…`.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.engine.diary import Diary

# Said the first time that somebody is named; the second try goes well.
PASSING = {
    "rcpt450": "450 4.2.1 greylisted",
    "rcpt421": "421 4.3.2 too busy",
    "data451": "451 4.3.0 later",
    "datacut": "",
    "datahang": "",
    "body452": "452 4.3.1 full",
    "body421": "421 4.7.0 slow down",
}
# Said each time.
LASTING = {
    "rcpt550": "550 5.1.1 no such user",
    "rcpt554": "554 5.7.1 not you",
    "data554": "554 5.5.1 no",
    "body554": "554 5.7.1 looks like spam",
}
# The line drops when the body is there; in the first two cases the mail was taken all the same.
DOUBTFUL = ("bodycut", "bodyhang", "bodylost", "bodygarbage")
TAKEN_IN_DOUBT = ("bodycut", "bodyhang")
# About a connection: nobody in particular is to blame.
TROUBLES = {
    "connect421": "421 4.3.2 closed for today",
    "connect554": "554 5.7.1 blocked",
    "connectcut": "",
    "ehlo501": "501 5.5.4 no",
    "auth535": "535 5.7.8 bad password",
    "mail421": "421 4.7.0 too many",
    "mail550": "550 5.7.1 sender not allowed",
    "mailcut": "",
}
HANG_SECONDS = 20.0


class Parted(Exception):
    """We hang up."""


class Session(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        self.client = self.recipient = self.fault = ""
        try:
            self.talk()
        except (ConnectionError, Parted):
            pass
        finally:
            DIARY.write("parted", self.client)

    def say(self, words: str) -> None:
        if not words:
            raise Parted
        self.wfile.write(words.encode() + b"\r\n")

    def talk(self) -> None:
        trouble = self.server.next_trouble()
        if trouble.startswith("connect"):
            self.say(self.server.report(trouble))
            raise Parted
        self.say("220 sink")
        while line := self.rfile.readline():
            verb = line[:4].decode().upper()
            where = {"EHLO": "ehlo", "HELO": "ehlo", "AUTH": "auth", "MAIL": "mail"}.get(verb)
            if where and trouble.startswith(where):
                self.say(self.server.report(trouble))
            elif verb == "EHLO":
                self.client = line.split()[1].decode()
                self.say("250-sink\r\n250-PIPELINING\r\n250 AUTH PLAIN")
            elif verb == "RCPT":
                self.begin(line)
            elif verb == "DATA":
                self.take_mail()
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("235 welcome" if verb == "AUTH" else "250 ok")

    def begin(self, line: bytes) -> None:
        self.recipient = line.partition(b"<")[2].partition(b">")[0].decode()
        self.fault = self.server.fault_of(self.recipient)
        if self.fault.startswith("rcpt"):
            self.recipient = ""
            self.say((PASSING | LASTING)[self.fault])
        else:
            self.say("250 ok")

    def take_mail(self) -> None:
        recipient, self.recipient = self.recipient, ""
        if not recipient:
            self.say("503 5.5.1 nobody to send it to")
            return
        if self.fault.startswith("data"):
            if self.fault == "datahang":
                time.sleep(HANG_SECONDS)
            self.say((PASSING | LASTING)[self.fault])
            return
        self.server.freeze(self.client, 354)
        self.say("354 go")
        while (line := self.rfile.readline()) and line != b".\r\n":
            pass
        if line:
            self.judge(recipient)

    def judge(self, recipient: str) -> None:
        time.sleep(OPTIONS.get("seconds_per_mail", 0))
        if self.fault in DOUBTFUL:
            if self.fault in TAKEN_IN_DOUBT:
                DIARY.take(recipient)
            if self.fault == "bodyhang":
                time.sleep(HANG_SECONDS)
            self.say("garbage" if self.fault == "bodygarbage" else "")
        elif self.fault:
            self.say((PASSING | LASTING)[self.fault])
        else:
            taken = DIARY.take(recipient)
            self.server.kill(self.client, taken)
            self.server.freeze(self.client, 250)
            self.say("250 2.0.0 taken")


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", OPTIONS.get("port", 0)), Session)
        self.lock = threading.Lock()
        self.connections = 0
        self.troubles: list[str] = OPTIONS.get("troubles", [])
        self.named: Counter[str] = Counter()
        self.moments: Counter[int] = Counter()

    def next_trouble(self) -> str:
        with self.lock:
            self.connections += 1
            return self.troubles.pop(0) if self.troubles and self.connections % 2 else ""

    def report(self, trouble: str) -> str:
        DIARY.write("trouble", trouble)
        return TROUBLES[trouble]

    def fault_of(self, recipient: str) -> str:
        fault = recipient.partition("@")[0].partition("-")[2]
        with self.lock:
            self.named[recipient] += 1
            return "" if fault in PASSING and self.named[recipient] > 1 else fault

    def kill(self, client: str, taken: int) -> None:
        every = OPTIONS.get("kill_every", 0)
        if every and taken % every == 0:
            DIARY.write("kill", client)
            os.kill(int(client.removeprefix("pid-")), signal.SIGKILL)

    def freeze(self, client: str, moment: int) -> None:
        with self.lock:
            self.moments[moment] += 1
            is_now = [moment, self.moments[moment]] in OPTIONS.get("freeze_at", [])
        if is_now:
            pid = int(client.removeprefix("pid-"))
            os.kill(pid, signal.SIGSTOP)
            # On a busy machine it takes a moment until the last of its threads stands still.
            while not all(is_stopped(task) for task in Path(f"/proc/{pid}/task").iterdir()):
                time.sleep(0.01)
            DIARY.write("freeze", client)


def is_stopped(task: Path) -> bool:
    return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"


if __name__ == "__main__":
    DIARY = Diary(Path(sys.argv[1]))
    OPTIONS: dict[str, Any] = json.loads(sys.argv[2])
    with Sink() as sink:
        os.write(1, b"%d\n" % sink.server_address[1])
        sink.serve_forever()
