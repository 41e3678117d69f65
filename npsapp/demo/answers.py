"""What the sample customers answer: by who they are, how they got their parcel, and when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random

from npsapp.demo.words import COMMENTS, STRIKE
from responses.models import Response
from responses.scoring import categorise
from surveys.models import Contact, Survey

# Chance of each score for each customer group: new customers are the least sure of the shop.
SCORES = {
    "Nieuw": {2: 2, 3: 3, 4: 3, 5: 6, 6: 9, 7: 17, 8: 24, 9: 20, 10: 16},
    "Vast": {1: 1, 3: 2, 5: 3, 6: 5, 7: 11, 8: 21, 9: 29, 10: 28},
    "Zakelijk": {0: 2, 3: 3, 4: 4, 5: 8, 6: 11, 7: 20, 8: 26, 9: 16, 10: 10},
}
DRAWS = {group: (list(weights), list(weights.values())) for group, weights in SCORES.items()}
ANSWERING = {"Nieuw": 0.24, "Vast": 0.38, "Zakelijk": 0.3}
COMMENTING = {"detractor": 0.75, "passive": 0.45, "promoter": 0.55}
# Once the parcel is there, it matters who brought it: the chance that a score moves by some points.
DELIVERY = {"Fietskoerier": 0.4, "Afhaalpunt": 0.05, "Pakketdienst": -0.14}
SEASON = {6: 0.08, 7: 0.12, 8: 0.1, 11: -0.12, 12: -0.3}
COUNTRY = {"België": -0.08}
WORST = -0.6  # below it an answer turns out not only more often, but much worse


@dataclass(frozen=True, slots=True)
class Moods:
    """What happened in the shop's year: the month in which the parcel drivers were on strike."""

    strike: dt.date

    def is_strike(self, survey: Survey, at: dt.datetime) -> bool:
        month = (self.strike.year, self.strike.month)
        return survey.touchpoint == survey.Touchpoint.POST_DELIVERY and month == (at.year, at.month)

    def lift(self, survey: Survey, contact: Contact, at: dt.datetime) -> float:
        """Return how much better (or worse, below 0) than usual this answer turns out."""
        known = contact.properties
        lift = COUNTRY.get(known["land"], 0.0)
        if survey.touchpoint == survey.Touchpoint.POST_DELIVERY:
            lift += DELIVERY[known["bezorging"]] + SEASON.get(at.month, 0.0)
            if self.is_strike(survey, at):
                lift -= 1.0 if known["bezorging"] == "Pakketdienst" else 0.3
        elif survey.touchpoint == survey.Touchpoint.PRE_DELIVERY:
            lift += 0.12
        return lift


def draw_answer(
    random: Random, survey: Survey, contact: Contact, moods: Moods, at: dt.datetime
) -> Response:
    """Return an answer, not saved yet."""
    scores, weights = DRAWS[contact.properties["klantgroep"]]
    score = random.choices(scores, weights)[0]
    lift = moods.lift(survey, contact, at)
    if random.random() < abs(lift):
        fall = random.randint(3, 7) if lift < WORST else random.randint(2, 5)
        score = min(10, score + 2) if lift > 0 else max(0, score - fall)
    category = categorise(score)
    comment = ""
    if random.random() < COMMENTING[category]:
        said = COMMENTS[category][contact.language]
        if category == "detractor" and moods.is_strike(survey, at):
            said = STRIKE[contact.language]
        comment = random.choice(said)
    return Response(
        survey=survey,
        contact=contact,
        scale_min=survey.scale_min,
        score=score,
        comment=comment,
        language=contact.language,
        channel=Response.Channel.MAIL,
        properties=contact.properties,
        answered_at=at,
    )
