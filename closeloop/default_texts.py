"""Texts that customers read and that a team may start from, per category, language and address.

Like `surveys.wording` they are apart from the translation catalogue: a customer's language is not
the reader's, and Dutch has two forms of address.
"""

from __future__ import annotations

from typing import NamedTuple


class DefaultText(NamedTuple):
    category: str
    language: str
    address_form: str  # '' where the language knows only one
    name: str
    body: str


FORMAL, INFORMAL = "formal", "informal"

_DUTCH = [
    DefaultText(
        "detractor",
        "nl",
        FORMAL,
        "Excuus en een vraag",
        "{{greeting}}\n\n"
        "Dank u wel voor uw eerlijke antwoord. Een {{score}} is niet wat wij willen, en het spijt "
        "me dat het bij {{company}} niet ging zoals u mocht verwachten.\n\n"
        "[Ga hier in op wat de klant schreef.]\n\n"
        "Ik wil dit graag met u oplossen. Wat zou voor u nu het belangrijkste zijn? U kunt gewoon "
        "op deze mail antwoorden; laat u een telefoonnummer achter, dan bel ik u.",
    ),
    DefaultText(
        "detractor",
        "nl",
        INFORMAL,
        "Excuus en een vraag",
        "{{greeting}}\n\n"
        "Dank je wel voor je eerlijke antwoord. Een {{score}} is niet wat wij willen, en het spijt "
        "me dat het bij {{company}} niet ging zoals je mocht verwachten.\n\n"
        "[Ga hier in op wat de klant schreef.]\n\n"
        "Ik wil dit graag met je oplossen. Wat zou voor jou nu het belangrijkste zijn? Je kunt "
        "gewoon op deze mail antwoorden; laat je een telefoonnummer achter, dan bel ik je.",
    ),
    DefaultText(
        "passive",
        "nl",
        FORMAL,
        "Wat kan er beter?",
        "{{greeting}}\n\n"
        "Dank u wel voor uw antwoord. U gaf {{company}} een {{score}}: goed, maar er kan dus nog "
        "iets beter.\n\n"
        "Wat had er voor u een 9 of een 10 van gemaakt? Eén zin is al genoeg; ik leg het voor aan "
        "de collega die er iets aan kan doen en laat u weten wat ermee gebeurt.",
    ),
    DefaultText(
        "passive",
        "nl",
        INFORMAL,
        "Wat kan er beter?",
        "{{greeting}}\n\n"
        "Dank je wel voor je antwoord. Je gaf {{company}} een {{score}}: goed, maar er kan dus nog "
        "iets beter.\n\n"
        "Wat had er voor jou een 9 of een 10 van gemaakt? Eén zin is al genoeg; ik leg het voor "
        "aan de collega die er iets aan kan doen en laat je weten wat ermee gebeurt.",
    ),
    DefaultText(
        "promoter",
        "nl",
        FORMAL,
        "Bedankt",
        "{{greeting}}\n\n"
        "Wat fijn dat u {{company}} een {{score}} gaf. Ik heb uw antwoord met het team gedeeld; "
        "zoiets horen we graag.\n\n"
        "Is er toch iets wat we nog beter kunnen doen, of waarmee ik u kan helpen? Antwoord dan "
        "gerust op deze mail, ik lees hem zelf.",
    ),
    DefaultText(
        "promoter",
        "nl",
        INFORMAL,
        "Bedankt",
        "{{greeting}}\n\n"
        "Wat fijn dat je {{company}} een {{score}} gaf. Ik heb je antwoord met het team gedeeld; "
        "zoiets horen we graag.\n\n"
        "Is er toch iets wat we nog beter kunnen doen, of waarmee ik je kan helpen? Antwoord dan "
        "gerust op deze mail, ik lees hem zelf.",
    ),
    DefaultText(
        "promoter",
        "nl",
        FORMAL,
        "Bedankt, en een verzoek",
        "{{greeting}}\n\n"
        "Dank u wel voor de {{score}} die u {{company}} gaf. Daar doen we het voor.\n\n"
        "Kent u iemand die ook iets aan ons zou hebben? Een bericht van u zegt meer dan onze "
        "reclame. U mag mijn naam noemen, en antwoorden op deze mail kan altijd.",
    ),
    DefaultText(
        "promoter",
        "nl",
        INFORMAL,
        "Bedankt, en een verzoek",
        "{{greeting}}\n\n"
        "Dank je wel voor de {{score}} die je {{company}} gaf. Daar doen we het voor.\n\n"
        "Ken je iemand die ook iets aan ons zou hebben? Een bericht van jou zegt meer dan onze "
        "reclame. Je mag mijn naam noemen, en antwoorden op deze mail kan altijd.",
    ),
]

_ENGLISH = [
    DefaultText(
        "detractor",
        "en",
        "",
        "An apology and a question",
        "{{greeting}}\n\n"
        "Thank you for your honest answer. A {{score}} is not what we want, and I am sorry that "
        "{{company}} did not do what you could expect of us.\n\n"
        "[Say something here about what the customer wrote.]\n\n"
        "I would like to put this right with you. What would matter most to you now? You can "
        "simply reply to this e-mail; leave a telephone number and I will call you.",
    ),
    DefaultText(
        "passive",
        "en",
        "",
        "What could be better?",
        "{{greeting}}\n\n"
        "Thank you for your answer. You gave {{company}} a score of {{score}}: good, so there is "
        "something that could still be better.\n\n"
        "What would have made it a 9 or a 10 for you? One sentence is enough; I will take it to "
        "the colleague who can do something about it and let you know what comes of it.",
    ),
    DefaultText(
        "promoter",
        "en",
        "",
        "Thank you",
        "{{greeting}}\n\n"
        "How good to hear that you gave {{company}} a score of {{score}}. I have shared your "
        "answer with the team; this is what we like to hear.\n\n"
        "Is there anything we could do better all the same, or anything I can help you with? Just "
        "reply to this e-mail, I read it myself.",
    ),
    DefaultText(
        "promoter",
        "en",
        "",
        "Thank you, and a request",
        "{{greeting}}\n\n"
        "Thank you for the {{score}} you gave {{company}}. That is what we do it for.\n\n"
        "Do you know somebody who could use us too? A word from you says more than our "
        "advertising. Feel free to mention my name, and a reply to this e-mail is always welcome.",
    ),
]

DEFAULT_TEXTS = [*_DUTCH, *_ENGLISH]

_AUTOMATIC = {
    ("nl", FORMAL): "Dit bericht is automatisch verstuurd. Uw antwoord wordt ook door iemand van "
    "{company} gelezen.",
    ("nl", INFORMAL): "Dit bericht is automatisch verstuurd. Je antwoord wordt ook door iemand van "
    "{company} gelezen.",
    ("en", ""): "This message was sent automatically. Somebody at {company} will read your answer "
    "as well.",
}


def automatic_notice(language: str, address_form: str) -> str:
    """What stands under a mail that no person wrote; `{company}` is still to be filled in."""
    form = address_form if language == "nl" else ""
    return _AUTOMATIC.get((language, form)) or _AUTOMATIC["en", ""]
