"""What a customer sends: a number, perhaps a reason, and two fields that nobody sees."""

from __future__ import annotations

from typing import Any

from django import forms

from surveys.respondent import LONGEST_COMMENT, Visit


class CommentField(forms.CharField):
    """Free text, its line ends counted as the one character that the person typed."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        # PostgreSQL takes no NUL, and no keyboard makes one.
        return (text or "").replace("\r\n", "\n").replace("\x00", "").strip()


class CommentForm(forms.Form):
    """Words on the thank-you page, and the wish to be left alone."""

    comment = CommentField(required=False, max_length=LONGEST_COMMENT)
    no_contact = forms.BooleanField(required=False)
    drawn = forms.CharField(required=False)
    # Hidden from people, and named so that no browser or password manager fills it in.
    second_remark = forms.CharField(required=False)

    def __init__(self, data: Any = None, *, visit: Visit, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["comment"].error_messages["max_length"] = visit.say(
            visit.words.comment_too_long
        )


class AnswerForm(CommentForm):
    """The number, and what belongs to it."""

    def __init__(self, data: Any = None, *, visit: Visit, **options: Any) -> None:
        super().__init__(data, visit=visit, **options)
        # Made here, because the scale and the words are those of the survey.
        self.fields["score"] = forms.TypedChoiceField(
            coerce=int,
            choices=[(number, number) for number in visit.survey.scores],
            error_messages=dict.fromkeys(("required", "invalid_choice"), visit.words.choose_error),
        )
