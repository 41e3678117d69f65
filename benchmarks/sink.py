"""A mail server that keeps nothing but a count: `python -m benchmarks.sink DELAY`.

It prints its port, waits DELAY seconds before each final reply, answers all connections from one
process, and prints the number of mails it took when its input ends.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

_REPLIES = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Session(asyncio.Protocol):
    taken = 0
    delay = 0.0

    def __init__(self) -> None:
        self.waiting = bytearray()
        self.in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while self._take_body() if self.in_body else self._take_command():
            pass

    def _take_command(self) -> bool:
        end = self.waiting.find(b"\r\n")
        if end < 0:
            return False
        verb = bytes(self.waiting[:4]).upper()
        del self.waiting[: end + 2]
        self.in_body = verb == b"DATA"
        self.transport.write(_REPLIES.get(verb, b"250 ok\r\n"))
        return True

    def _take_body(self) -> bool:
        end = self.waiting.find(b"\r\n.\r\n")
        if end < 0:
            return False
        del self.waiting[: end + 5]
        self.in_body = False
        Session.taken += 1
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._accept)
        else:
            self._accept()
        return True

    def _accept(self) -> None:
        self.transport.write(b"250 taken\r\n")


async def serve(delay: float) -> None:
    Session.delay = delay
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Session, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(Session.taken, flush=True)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
