"""The connections of a pass, and what each does with a claim."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from django.db import DatabaseError, InterfaceError, connection

from surveys.models import Campaign, Invitation, get_organisation
from surveys.sending.blueprint import Press
from surveys.sending.claim import Claim, release_claim
from surveys.sending.deliver import deliver
from surveys.sending.ledger import INVITATIONS
from surveys.sending.outlet import Outlet, open_outlet
from surveys.sending.pace import classify, note_results
from surveys.sending.postponed import Postponed

if TYPE_CHECKING:
    from surveys.sending.release import Shift, Stream

logger = logging.getLogger(__name__)

BATCH = 100  # the most that one connection claims at once
FIRST_CLAIM = 10


@dataclass
class Crew:
    """The connections of a pass: one, and another one each time that a claim came back full.

    The first is served by the thread that called. A thread more costs a connection to the mail
    server and one to the database.
    """

    shift: Shift
    most: int
    threads: list[threading.Thread] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def work(self) -> None:
        try:
            self._serve()
        finally:
            for thread in self.threads:  # grows until the last of them has ended
                thread.join()
        if self.errors:
            raise self.errors[0]

    def _hire(self) -> None:
        if len(self.threads) + 1 < self.most:
            thread = threading.Thread(target=self._serve_apart, name="mail", daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve_apart(self) -> None:
        try:
            self._serve()
        except Exception as error:
            logger.exception("A connection of this pass gave up.")
            self.errors.append(error)
        finally:
            connection.close()

    def _serve(self) -> None:
        size = FIRST_CLAIM
        with open_outlet(self.shift.ledger.lane) as outlet:
            while found := self.shift.next_claim(size):
                claim, stream = found
                if claim.taken >= size:
                    self._hire()
                began = time.monotonic()
                send_claim(self.shift, claim, stream, outlet)
                # About a second's worth: a slow server must not keep rows from other connections.
                pace = len(claim.rows) / max(time.monotonic() - began, 0.001)
                size = max(FIRST_CLAIM, min(BATCH, int(pace)))


def send_claim(shift: Shift, claim: Claim, stream: Stream, outlet: Outlet) -> None:
    if skipped := claim.taken - len(claim.rows):
        shift.note("skipped", skipped)
    left = len(claim.rows)
    results: Counter[str] = Counter()
    postponed = Postponed()
    try:
        composer = _set_up_press(claim)
        for row in claim.rows:
            if shift.must_stop() or stream.is_held(shift.moment()):
                break
            outcome = deliver(
                row,
                claim.token,
                ledger=shift.ledger,
                sender=stream.sender,
                outlet=outlet,
                now=shift.moment(),
                postponed=postponed,
                composer=composer,
            )
            left -= 1
            results.update(classify(outcome))
            shift.note(outcome.verdict.name.lower())
            if shift.lease is not None:
                shift.lease.renew()
            if outcome.hold is not None or stream.is_held(shift.moment()):
                logger.warning("%s is held: %s", stream.sender, stream.sender.held_reason)
                break
    finally:
        postponed.write()
        if left:
            _give_back(claim)
            stream.limit = 0
        _keep_books(shift, stream, results, left)


def _keep_books(shift: Shift, stream: Stream, results: Counter[str], left: int) -> None:
    try:
        shift.give_back(stream, left)
        if results:
            note_results(stream.sender.pk, results, now=shift.moment())
    except (DatabaseError, InterfaceError) as error:
        logger.warning("What %s sent is not counted: %s", stream.sender, error)


def _set_up_press(claim: Claim) -> Press | None:
    """What all invitations of a claim share is read once, anew for each claim."""
    if claim.ledger is not INVITATIONS or not claim.rows:
        return None
    relations = Campaign.objects.select_related("survey", "sender")
    rows = cast("list[Invitation]", claim.rows)
    campaign = relations.get(pk=rows[0].campaign_id)
    for row in rows:
        row.campaign = campaign
    return Press.set_up(campaign, get_organisation())


def _give_back(claim: Claim) -> None:
    try:
        release_claim(claim)
    except DatabaseError:
        logger.warning("Claim %s was not given back; its lease will end.", claim.token)
