"""Whether an answer looks as if no person sent it. Pure: judged from one POST, never from visits.

Mail scanners open every link of a mail, run scripts and even press buttons. Nothing is blocked and
nobody is told: what looks automatic is kept as provisional, stays out of the score, and a manager
or a later answer of the same person settles it. The thresholds spare fast people: somebody who
clicked a 9 in the mail may press Send a second later.
"""

from __future__ import annotations

import datetime as dt
import enum

# From drawing the page to receiving the answer, the way over the network twice included. The
# quickest people need some 700 ms to see the button and press it.
SHORTEST_ON_PAGE = dt.timedelta(milliseconds=500)
# From handing the mail to the server to the answer: it must be delivered, noticed and opened.
SHORTEST_SINCE_SENT = dt.timedelta(seconds=3)
# Scanners look while the mail is delivered. A person who answers that soon, in no time and without
# a word is possible but rare; either sign alone proves nothing.
AT_DELIVERY = dt.timedelta(seconds=20)
QUICK_ON_PAGE = dt.timedelta(seconds=2)
# Changing one's mind takes: reading the thank-you page, a click, another number, Send.
CONTRADICTION = dt.timedelta(seconds=3)


class Sign(enum.StrEnum):
    """What gave an answer away."""

    NONE = ""
    HIDDEN_FIELD = "hidden_field"
    NOT_OUR_PAGE = "not_our_page"
    TOO_FAST = "too_fast"
    AT_DELIVERY = "at_delivery"
    CONTRADICTION = "contradiction"


def judge(
    *,
    on_page: dt.timedelta | None,
    since_sent: dt.timedelta | None,
    hidden_field: str,
    has_comment: bool,
) -> Sign:
    """Return the first sign that fits, or Sign.NONE.

    `on_page` is None without a readable mark of when our page was drawn, `since_sent` is None when
    it is not known when the mail left.
    """
    if hidden_field:
        return Sign.HIDDEN_FIELD
    if on_page is None:
        return Sign.NOT_OUR_PAGE
    if on_page < SHORTEST_ON_PAGE:
        return Sign.TOO_FAST
    if since_sent is None:
        return Sign.NONE
    at_delivery = since_sent < AT_DELIVERY and on_page < QUICK_ON_PAGE and not has_comment
    if since_sent < SHORTEST_SINCE_SENT or at_delivery:
        return Sign.AT_DELIVERY
    return Sign.NONE


def judge_change(*, earlier_score: int, score: int, since_earlier: dt.timedelta) -> Sign:
    """Return CONTRADICTION for another score within seconds of the last one."""
    # Parallel requests may be handled in the other order than their clocks say.
    if score != earlier_score and abs(since_earlier) < CONTRADICTION:
        return Sign.CONTRADICTION
    return Sign.NONE
