"""Django's SMTP backend on an smtplib that knows whether the body has begun.

smtplib raises the same SMTPServerDisconnected before the body, when nothing was sent, and after it,
when the server may well have taken the message. This one asks the handover in between, and waits
for the final reply as long as RFC 5321 lets a server think.
"""

from __future__ import annotations

import select
import smtplib
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

from surveys.sending.blueprint import PreparedMail
from surveys.sending.intent import Handover, attached

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 60.0
FINAL_REPLY_SECONDS = 300.0
SOON_SECONDS = 0.25

if TYPE_CHECKING:
    _Base = smtplib.SMTP
else:
    _Base = object


class _Phases(_Base):
    handover: Handover | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made: socket.socket = super()._get_socket(host, port, CONNECT_SECONDS)  # type: ignore[misc]
        made.settimeout(COMMAND_SECONDS)
        return made

    def data(self, msg: Any) -> tuple[int, bytes]:
        """As in smtplib, with the handover's question between 354 and the first byte."""
        if self.handover is None:
            return super().data(msg)
        self.putcmd("data")
        return self._send_body(msg)

    def _send_body(self, body: bytes) -> tuple[int, bytes]:
        """From the answer to DATA on."""
        code, reply = self.getreply()
        if code != 354:
            raise smtplib.SMTPDataError(code, reply)
        if self.handover is not None:
            self.handover.begin_body()
        self._wait_up_to(FINAL_REPLY_SECONDS)
        self.send(_dot_stuffed(body))
        code, reply = self.getreply()
        if self.handover is not None:
            self.handover.reply = (code, reply.decode(errors="replace"))
        self._wait_up_to(COMMAND_SECONDS)
        return code, reply

    def transfer(self, sender: str, recipient: str, body: bytes) -> None:
        """As `sendmail` to one person; MAIL, RCPT and DATA in one go where the server can.

        (RFC 2920.) The first refusal is raised and the rest left unread: whoever catches it drops
        the connection, and no byte of the body has left. Addresses are plain.
        """
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("pipelining"):
            self._let_others_go_on()
            self.sendmail(sender, [recipient], body)
            return
        size = f" SIZE={len(body)}" if self.has_extn("size") else ""
        self._refuse_line_ends(sender, recipient)
        self.send(f"MAIL FROM:<{sender}>{size}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n")
        if not self._is_answered_soon():
            self._let_others_go_on()
        code, reply = self.getreply()
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, reply, sender)
        code, reply = self.getreply()
        if code not in {250, 251}:
            raise smtplib.SMTPRecipientsRefused({recipient: (code, reply)})
        code, reply = self._send_body(body)
        if code != 250:
            raise smtplib.SMTPDataError(code, reply)

    @staticmethod
    def _refuse_line_ends(*addresses: str) -> None:
        if any(sign in address for address in addresses for sign in "\r\n<>"):
            raise ValueError("An address with a line end or a bracket is none.")

    def _let_others_go_on(self) -> None:
        """This may take long: what waits for the handover's question shall wait no longer."""
        if self.handover is not None:
            self.handover.wait()

    def _is_answered_soon(self) -> bool:
        """When in doubt, no: encrypted bytes may hold no answer, or be read already."""
        if self.sock is None:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(SOON_SECONDS * 1000))

    def _wait_up_to(self, seconds: float) -> None:
        if self.sock is not None:
            self.sock.settimeout(seconds)


class PhasedSMTP(_Phases, smtplib.SMTP):
    pass


class PhasedSMTPOverTLS(_Phases, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Chosen by EMAIL_URL=smtp://… or smtps://…"""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return PhasedSMTPOverTLS if self.use_ssl else PhasedSMTP

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        return super().send_messages(list(email_messages))

    def _send(self, email_message: EmailMessage) -> bool:
        if isinstance(self.connection, _Phases):
            self.connection.handover = attached(email_message)
        if isinstance(email_message, PreparedMail) and isinstance(self.connection, _Phases):
            self.connection.transfer(*email_message.envelope, email_message.prepared())
            return True
        return bool(super()._send(email_message))  # type: ignore[misc]

    def drop(self) -> None:
        """Forget the connection without a QUIT: it is broken, or stands before an unsent body."""
        for name in ("connection", "_partial_connection"):
            connection = getattr(self, name)
            setattr(self, name, None)
            if connection is not None:
                with suppress(OSError):
                    connection.close()


def _dot_stuffed(body: bytes) -> bytes:
    # Nearly no mail has a line that begins with a dot, and looking for one is quick.
    has_dots = body.startswith(b".") or b"\n." in body
    quoted: bytes = smtplib._quote_periods(body) if has_dots else body  # type: ignore[attr-defined]
    return quoted + (b".\r\n" if quoted.endswith(b"\r\n") else b"\r\n.\r\n")
