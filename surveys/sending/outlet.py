"""The way out of the house: hands a message to what EMAIL_URL names, and says what became of it.

Every kind asks the handover at its last certain moment: SMTP between 354 and the body, an API
right before the request, the local outbox before the file gets its name, any other backend before
the call.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailUnsupportedFeature
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from surveys.models import Sender, get_organisation
from surveys.sending import outcome, smtp
from surveys.sending.anymail_outcome import judge_anymail, judge_status
from surveys.sending.idempotency import name_request, post_named
from surveys.sending.intent import (
    Handover,
    IntentRefusedError,
    IntentUnwrittenError,
    NotHandedOverError,
    attach,
)
from surveys.sending.outcome import WITHDRAWN, Outcome


class Outlet:
    """One connection, used for many messages and renewed after any trouble."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(Exception):
            self.backend.close()

    def hand_over(self, message: EmailMessage, handover: Handover, *, now: dt.datetime) -> Outcome:
        attach(message, handover)
        try:
            return self._hand_over(message, handover, now)
        except IntentRefusedError:
            self._drop()
            return WITHDRAWN
        except IntentUnwrittenError as error:
            self._drop()
            return outcome.retry(outcome.describe(error))

    def _hand_over(self, message: EmailMessage, handover: Handover, now: dt.datetime) -> Outcome:
        """Any Django backend: nothing is known of how it fails, so all trouble is doubt.

        One that asks the handover by itself says so with `asks_handover`.
        """
        if not getattr(self.backend, "asks_handover", False):
            handover.begin_body()
        try:
            self.backend.send_messages([message])
        except NotHandedOverError:
            raise
        except Exception as error:
            self._drop()
            text = outcome.describe(error)
            if handover.body_began:
                return outcome.unknown(text)
            if isinstance(error, OSError):
                return outcome.held(text, outcome.AT_ONCE)
            return outcome.cannot_compose(error)
        return outcome.sent()

    def _drop(self) -> None:
        with suppress(Exception):
            self.backend.close()


class SmtpOutlet(Outlet):
    backend: smtp.EmailBackend

    def _hand_over(self, message: EmailMessage, handover: Handover, now: dt.datetime) -> Outcome:
        if self.backend.connection is None:
            handover.wait()
        try:
            is_new = bool(self.backend.open())
        except Exception as error:
            self._drop()
            return outcome.judge_opening(error)
        try:
            self.backend.send_messages([message])
        except NotHandedOverError:
            raise
        except smtplib.SMTPServerDisconnected as error:
            self._drop()
            if is_new or handover.body_began:
                return outcome.judge_smtp(error, handover)
            # The server closed an idle connection, or has had enough of this one: a fresh try.
            return self._hand_over(message, handover, now)
        except Exception as error:
            self._drop()
            return outcome.judge_smtp(error, handover)
        return outcome.judge_smtp(None, handover)

    def _drop(self) -> None:
        self.backend.drop()


class AnymailOutlet(Outlet):
    backend: AnymailBaseBackend
    # Wishes that not every provider can fulfil; a mail leaves without that one all the same.
    WISHES = ("metadata", "track_opens", "track_clicks")

    def __init__(self, backend: AnymailBaseBackend) -> None:
        super().__init__(backend)
        self.handover: Handover | None = None
        self.now = dt.datetime.min.replace(tzinfo=dt.UTC)
        post = backend.post_to_esp

        def ask_and_post(payload: Any, message: EmailMessage) -> Any:
            name_request(payload, message)
            if self.handover is not None:
                self.handover.begin_body()
            return post_named(post, payload, message, handover=self.handover, now=self.now)

        backend.post_to_esp = ask_and_post

    def _hand_over(self, message: EmailMessage, handover: Handover, now: dt.datetime) -> Outcome:
        self.handover, self.now = handover, now
        try:
            self.backend.open()
        except Exception as error:  # credentials or a region that are not there
            self._drop()
            return outcome.held(outcome.describe(error), outcome.FOR_A_PERSON)
        try:
            self._send(message, handover)
        except NotHandedOverError:
            raise
        except Exception as error:
            self._drop()
            return judge_anymail(error, handover, now)
        return judge_status(message.anymail_status)  # type: ignore[attr-defined]

    def _send(self, message: EmailMessage, handover: Handover) -> None:
        try:
            self.backend.send_messages([message])
        except AnymailUnsupportedFeature as error:
            wishes = [wish for wish in self.WISHES if hasattr(message, wish)]
            named = [wish for wish in wishes if wish in str(error)]
            if handover.body_began or not named:
                raise
            delattr(message, named[0])
            self._send(message, handover)


def open_outlet(lane: str = Sender.Lane.BULK) -> Outlet:
    """Nothing is connected yet: that happens with the first message."""
    backend = open_backend(lane)
    if isinstance(backend, smtp.EmailBackend):
        return SmtpOutlet(backend)
    if isinstance(backend, AnymailBaseBackend):
        return AnymailOutlet(backend)
    return Outlet(backend)


def open_backend(lane: str) -> Any:
    """The way out of a lane, as the environment names it."""
    # Sample data must mail nobody, whatever EMAIL_URL names by now.
    if get_organisation().is_sample:
        return get_connection("npsapp.outbox.EmailBackend")
    if lane == Sender.Lane.TRANSACTIONAL and settings.TRANSACTIONAL_MAIL:
        return get_connection(**settings.TRANSACTIONAL_MAIL)
    return get_connection()
