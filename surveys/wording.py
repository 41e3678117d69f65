"""The words customers read: the frozen question and everything around it, per language.

They are kept apart from the translation catalogue on purpose: a wording that changes between two
rounds would make their scores incomparable, and Dutch has two forms of address per survey.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Wording:
    """All texts of one language and form of address; `fill` puts in `{company}`, `{score}` …"""

    language: str
    question: str
    lowest: str
    highest: str
    scale_hint: str
    choose: str
    chosen: str
    can_change: str
    reason: str
    reason_optional: str
    send: str
    change: str
    choose_error: str
    comment_too_long: str
    error_prefix: str
    error_title: str
    refused_title: str
    refused_body: str
    too_large_title: str
    too_large_body: str
    switch_language: str
    leave_empty: str
    thanks_title: str
    thanks_body: str
    thanks_score: str
    thanks_comment: str
    thanks_next: str
    thanks_next_quiet: str
    no_contact: str
    save: str
    change_until: str
    change_link: str
    add_comment: str
    closed_title: str
    closed_body: str
    unknown_title: str
    unknown_body: str
    too_many_title: str
    too_many_body: str
    paused_title: str
    paused_body: str
    preview_note: str
    test_note: str
    who_asks: str
    privacy_title: str
    privacy_body: str
    privacy_link: str
    unsubscribe_link: str
    unsubscribe_title: str
    unsubscribe_body: str
    unsubscribe_button: str
    unsubscribed_title: str
    unsubscribed_body: str
    mail_subject: str
    mail_greeting: str
    mail_greeting_nameless: str
    mail_intro: str
    mail_click: str
    mail_open: str
    mail_why: str
    mail_closing: str
    mail_test_note: str
    language_name: str


# Every language that a survey can ask in.
LANGUAGES = ("nl", "en")


def fill(text: str, **values: object) -> str:
    """Replace `{name}` by a value, plainly: names in values are never looked at again."""
    pieces = text.split("{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, closing, rest = piece.partition("}")
        filled.append(f"{values[name]}{rest}" if closing and name in values else "{" + piece)
    return "".join(filled)


ENGLISH = Wording(
    language="en",
    question="How likely are you to recommend {company} to a friend or colleague?",
    lowest="Not at all likely",
    highest="Extremely likely",
    scale_hint="Choose a number from {low} (not at all likely) to 10 (extremely likely).",
    choose="Choose a number",
    chosen="You chose {score}. One more click:",
    can_change="You can still choose another number.",
    reason="What is the main reason for your score?",
    reason_optional="optional",
    send="Send",
    change="Save the change",
    choose_error="Choose a number first.",
    comment_too_long="Your text is too long. There is room for {limit} characters.",
    error_prefix="Error:",
    error_title="Something is still needed",
    refused_title="This was not sent from our page",
    refused_body="To be safe we did not keep it. Open the link in our e-mail and send your answer "
    "from there.",
    too_large_title="This is too much text",
    too_large_body="We could not receive all of it. Go back, shorten it to {limit} characters and "
    "send it again.",
    switch_language="Language",
    leave_empty="Leave this field empty",
    thanks_title="Thank you",
    thanks_body="We have received your answer.",
    thanks_score="Your score: {score}",
    thanks_comment="Your reason:",
    thanks_next="Somebody at {company} will read your answer and get back to you.",
    thanks_next_quiet="Somebody at {company} will read your answer. As you asked, we will not "
    "contact you about it.",
    no_contact="Please do not contact me about this answer",
    save="Save",
    change_until="You can change your answer until {moment}.",
    change_link="Change my answer",
    add_comment="Would you like to add something?",
    closed_title="Your answer is final",
    closed_body="The time in which you could change this answer is over. Reply to our e-mail if "
    "there is something you would like to tell us.",
    unknown_title="This link does not work",
    unknown_body="It may have been damaged on its way to you. Open the link in our e-mail again, "
    "or copy all of it into the address bar.",
    too_many_title="Please wait a minute",
    too_many_body="Many links that do not work were opened from your network. Open the link in our "
    "e-mail again in a minute.",
    paused_title="Please wait a moment",
    paused_body="This page was sent very often in a short time. What you sent before is kept. Go "
    "back after {moment} and send the last one again.",
    preview_note="This is a preview. What you send here is not kept.",
    test_note="This is your test. Your answer appears in the queue, marked as a test, and is "
    "counted nowhere.",
    who_asks="This question is asked by {organisation}.",
    privacy_title="What happens to your answer",
    privacy_body="{organisation} keeps your score and your reason together with your name, so "
    "that somebody can respond to you personally and we can see what to improve. We do not share "
    "them with others and do not use them for advertising. This page does not track you. To see, "
    "correct or remove your data, write to {contact}.",
    privacy_link="Privacy statement",
    unsubscribe_link="No more surveys",
    unsubscribe_title="No more surveys from {organisation}?",
    unsubscribe_body="One click, and we will no longer send you questions like this one.",
    unsubscribe_button="Unsubscribe",
    unsubscribed_title="You are unsubscribed",
    unsubscribed_body="{organisation} will not send you surveys any more.",
    mail_subject="How likely are you to recommend {company}?",
    mail_greeting="Dear {first_name},",
    mail_greeting_nameless="Hello,",
    mail_intro="You are a customer of {company}. We would like to hear what you think of us. It is "
    "one question.",
    mail_click="Click a number. You can still change it and say why on the next page.",
    mail_open="Go to the question",
    mail_why="You are receiving this e-mail because you are a customer of {company}.",
    mail_closing="Kind regards,",
    mail_test_note="Test mail: what you answer appears in the queue as a test, counted nowhere.",
    language_name="English",
)

DUTCH_FORMAL = Wording(
    language="nl",
    question="Hoe waarschijnlijk is het dat u {company} zou aanbevelen aan een vriend of collega?",
    lowest="Helemaal niet waarschijnlijk",
    highest="Uiterst waarschijnlijk",
    scale_hint="Kies een cijfer van {low} (helemaal niet waarschijnlijk) tot en met 10 (uiterst "
    "waarschijnlijk).",
    choose="Kies een cijfer",
    chosen="U koos een {score}. Nog één klik:",
    can_change="U kunt nog een ander cijfer kiezen.",
    reason="Wat is de belangrijkste reden voor uw cijfer?",
    reason_optional="mag leeg blijven",
    send="Versturen",
    change="Wijziging opslaan",
    choose_error="Kies eerst een cijfer.",
    comment_too_long="Uw tekst is te lang. Er is plaats voor {limit} tekens.",
    error_prefix="Fout:",
    error_title="Er ontbreekt nog iets",
    refused_title="Dit is niet vanaf onze pagina verstuurd",
    refused_body="Voor de zekerheid hebben we het niet bewaard. Open de link in onze mail en "
    "verstuur uw antwoord van daaruit.",
    too_large_title="Dit is te veel tekst",
    too_large_body="We konden niet alles ontvangen. Ga terug, kort uw tekst in tot {limit} tekens "
    "en verstuur hem opnieuw.",
    switch_language="Taal",
    leave_empty="Laat dit veld leeg",
    thanks_title="Dank u wel",
    thanks_body="We hebben uw antwoord ontvangen.",
    thanks_score="Uw cijfer: {score}",
    thanks_comment="Uw toelichting:",
    thanks_next="Iemand van {company} leest uw antwoord en neemt contact met u op.",
    thanks_next_quiet="Iemand van {company} leest uw antwoord. Op uw verzoek nemen we hierover "
    "geen contact met u op.",
    no_contact="Neem over dit antwoord geen contact met mij op",
    save="Opslaan",
    change_until="U kunt uw antwoord wijzigen tot {moment}.",
    change_link="Mijn antwoord wijzigen",
    add_comment="Wilt u nog iets toevoegen?",
    closed_title="Uw antwoord staat vast",
    closed_body="De tijd waarin u dit antwoord kon wijzigen, is voorbij. Beantwoord onze mail als "
    "u ons nog iets wilt vertellen.",
    unknown_title="Deze link werkt niet",
    unknown_body="Misschien is hij onderweg beschadigd geraakt. Open de link in onze mail nog "
    "eens, of kopieer hem in zijn geheel naar de adresbalk.",
    too_many_title="Een minuut geduld",
    too_many_body="Vanaf uw netwerk zijn veel links geopend die niet werken. Open de link in onze "
    "mail over een minuut nog eens.",
    paused_title="Een ogenblik geduld",
    paused_body="Deze pagina is in korte tijd erg vaak verstuurd. Wat u eerder stuurde, is "
    "bewaard. Ga na {moment} terug en verstuur het laatste opnieuw.",
    preview_note="Dit is een voorbeeld. Wat u hier verstuurt, wordt niet bewaard.",
    test_note="Dit is uw test. Uw antwoord verschijnt in de werkvoorraad, herkenbaar als test, en "
    "telt nergens mee.",
    who_asks="Deze vraag wordt gesteld door {organisation}.",
    privacy_title="Wat er met uw antwoord gebeurt",
    privacy_body="{organisation} bewaart uw cijfer en uw toelichting samen met uw naam, zodat "
    "iemand u persoonlijk kan antwoorden en wij zien wat er beter kan. We delen ze niet met "
    "anderen en gebruiken ze niet voor reclame. Op deze pagina volgen we u niet. Wilt u uw "
    "gegevens inzien, verbeteren of laten verwijderen? Schrijf dan naar {contact}.",
    privacy_link="Privacyverklaring",
    unsubscribe_link="Geen enquêtes meer",
    unsubscribe_title="Geen enquêtes meer van {organisation}?",
    unsubscribe_body="Na één klik sturen we u geen vragen als deze meer.",
    unsubscribe_button="Afmelden",
    unsubscribed_title="U bent afgemeld",
    unsubscribed_body="{organisation} stuurt u geen enquêtes meer.",
    mail_subject="Hoe waarschijnlijk is het dat u {company} aanbeveelt?",
    mail_greeting="Beste {first_name},",
    mail_greeting_nameless="Goedendag,",
    mail_intro="U bent klant van {company}. We horen graag wat u van ons vindt. Het is één vraag.",
    mail_click="Klik op een cijfer. Op de volgende pagina kunt u het nog wijzigen en toelichten.",
    mail_open="Naar de vraag",
    mail_why="U ontvangt deze mail omdat u klant bent van {company}.",
    mail_closing="Met vriendelijke groet,",
    mail_test_note="Testmail: het antwoord komt als test in de werkvoorraad en telt nergens mee.",
    language_name="Nederlands",
)

DUTCH_INFORMAL = replace(
    DUTCH_FORMAL,
    question="Hoe waarschijnlijk is het dat je {company} zou aanbevelen aan een vriend of collega?",
    chosen="Je koos een {score}. Nog één klik:",
    can_change="Je kunt nog een ander cijfer kiezen.",
    reason="Wat is de belangrijkste reden voor jouw cijfer?",
    comment_too_long="Je tekst is te lang. Er is plaats voor {limit} tekens.",
    refused_body="Voor de zekerheid hebben we het niet bewaard. Open de link in onze mail en "
    "verstuur je antwoord van daaruit.",
    too_large_body="We konden niet alles ontvangen. Ga terug, kort je tekst in tot {limit} tekens "
    "en verstuur hem opnieuw.",
    thanks_title="Dank je wel",
    thanks_body="We hebben je antwoord ontvangen.",
    thanks_score="Jouw cijfer: {score}",
    thanks_comment="Jouw toelichting:",
    thanks_next="Iemand van {company} leest je antwoord en neemt contact met je op.",
    thanks_next_quiet="Iemand van {company} leest je antwoord. Op jouw verzoek nemen we hierover "
    "geen contact met je op.",
    change_until="Je kunt je antwoord wijzigen tot {moment}.",
    add_comment="Wil je nog iets toevoegen?",
    closed_title="Je antwoord staat vast",
    closed_body="De tijd waarin je dit antwoord kon wijzigen, is voorbij. Beantwoord onze mail als "
    "je ons nog iets wilt vertellen.",
    too_many_body="Vanaf je netwerk zijn veel links geopend die niet werken. Open de link in onze "
    "mail over een minuut nog eens.",
    paused_body="Deze pagina is in korte tijd erg vaak verstuurd. Wat je eerder stuurde, is "
    "bewaard. Ga na {moment} terug en verstuur het laatste opnieuw.",
    preview_note="Dit is een voorbeeld. Wat je hier verstuurt, wordt niet bewaard.",
    test_note="Dit is je test. Je antwoord verschijnt in de werkvoorraad, herkenbaar als test, en "
    "telt nergens mee.",
    privacy_title="Wat er met je antwoord gebeurt",
    privacy_body="{organisation} bewaart je cijfer en je toelichting samen met je naam, zodat "
    "iemand je persoonlijk kan antwoorden en wij zien wat er beter kan. We delen ze niet met "
    "anderen en gebruiken ze niet voor reclame. Op deze pagina volgen we je niet. Wil je je "
    "gegevens inzien, verbeteren of laten verwijderen? Schrijf dan naar {contact}.",
    unsubscribe_body="Na één klik sturen we je geen vragen als deze meer.",
    unsubscribed_title="Je bent afgemeld",
    unsubscribed_body="{organisation} stuurt je geen enquêtes meer.",
    mail_subject="Hoe waarschijnlijk is het dat je {company} aanbeveelt?",
    mail_greeting_nameless="Hallo,",
    mail_intro="Je bent klant van {company}. We horen graag wat je van ons vindt. Het is één "
    "vraag.",
    mail_click="Klik op een cijfer. Op de volgende pagina kun je het nog wijzigen en toelichten.",
    mail_why="Je ontvangt deze mail omdat je klant bent van {company}.",
)


def get_wording(language: str, address_form: str) -> Wording:
    """Return the words for a language ('nl', 'en') and, in Dutch, 'formal' or 'informal'."""
    if language == "nl":
        return DUTCH_INFORMAL if address_form == "informal" else DUTCH_FORMAL
    return ENGLISH
