"""What customers read who asked for an improvement: the draft of a mail, per language. Pure.

Apart from the catalogue, as everything that customers read; an agent changes it before it leaves.
"""

from __future__ import annotations

_ABOUT_WORDS = {
    ("nl", "formal"): "U schreef ons eerder: “{words}”",
    ("nl", "informal"): "Je schreef ons eerder: “{words}”",
    ("en", "formal"): "You wrote to us earlier: “{words}”",
}
_ABOUT_SCORE = {
    ("nl", "formal"): "U gaf ons eerder een {score}.",
    ("nl", "informal"): "Je gaf ons eerder een {score}.",
    ("en", "formal"): "You gave us a score of {score} earlier.",
}
_DONE = {
    ("nl", "formal"): "Daar hebben we iets mee gedaan. {news}",
    ("nl", "informal"): "Daar hebben we iets mee gedaan. {news}",
    ("en", "formal"): "We have done something about it. {news}",
}
_THANKS = {
    ("nl", "formal"): "Dank u wel dat u het ons vertelde.",
    ("nl", "informal"): "Dank je wel dat je het ons vertelde.",
    ("en", "formal"): "Thank you for telling us.",
}
LONGEST_QUOTE = 300


def write_news(*, language: str, address_form: str, score: int, comment: str, news: str) -> str:
    """Return what stands under the greeting; a language without words of its own gets English."""
    key = (language, address_form)
    if key not in _DONE:
        key = (language, "formal") if (language, "formal") in _DONE else ("en", "formal")
    words = " ".join(comment.split())
    if len(words) > LONGEST_QUOTE:
        words = f"{words[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …"
    # Joined, not formatted twice: what a customer wrote may hold braces.
    about = _ABOUT_WORDS[key].replace("{words}", words) if words else ""
    about = about or _ABOUT_SCORE[key].replace("{score}", str(score))
    done = _DONE[key].replace("{news}", news.strip()).strip()
    return f"{about}\n\n{done}\n\n{_THANKS[key]}"
