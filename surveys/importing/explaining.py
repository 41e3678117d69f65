"""The sentence for each fault: what is wrong, and how to mend it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from surveys.importing.faults import BadCell, Fault, Problem, UnreadableFile

DELIMITER_NAMES = {
    ";": _("semicolon"),
    ",": _("comma"),
    "\t": _("tab"),
    "|": _("vertical bar"),
}

_SENTENCES: dict[Fault, Promise] = {
    Fault.EMPTY: _("The file is empty."),
    Fault.TOO_LARGE: _("The file is larger than %(detail)s MB. Cut it into smaller files."),
    Fault.WORKBOOK: _(
        "This is a spreadsheet, not a CSV file. In Excel choose Save as, “CSV UTF-8”."
    ),
    Fault.ENCODING: _(
        "The file is not text in an encoding that we know. In Excel choose Save as, “CSV UTF-8”."
    ),
    Fault.NUL: _(
        "Line %(detail)s holds NUL characters, so this is not a plain CSV file. In Excel choose "
        "Save as, “CSV UTF-8”."
    ),
    Fault.NO_HEADER: _(
        "The first line looks like a person, not like the names of columns. Put a line with names "
        "above it, for example: email;first name;last name"
    ),
    Fault.NO_ROWS: _("The file has a line with the names of columns and nothing below it."),
    Fault.TOO_MANY_ROWS: _("The file has more than %(detail)s rows. Cut it into smaller files."),
    Fault.TOO_MANY_COLUMNS: _(
        "The file has too many columns (%(detail)s). Leave out those that are not needed."
    ),
    Fault.MISSING_COLUMN: _("There is no such column: %(detail)s."),
    Fault.DOUBLE_COLUMN: _("The column “%(detail)s” is there twice. Rename one of the two."),
    Fault.UNCLOSED_QUOTE: _("A quotation mark is opened and not closed."),
    Fault.STRAY_QUOTE: _('A quotation mark stands in the middle of a quoted cell. Double it: ""'),
    Fault.TOO_FEW_CELLS: _("The line has fewer cells than there are columns (%(detail)s)."),
    Fault.TOO_MANY_CELLS: _(
        "The line has more cells than there are columns (%(detail)s). Put quotation marks around "
        "a cell that holds the separator."
    ),
    Fault.CELL_TOO_LONG: _("The text is too long."),
    Fault.LINE_BREAK: _("The cell holds a line break."),
    Fault.CONTROL_CHARACTER: _("The cell holds an invisible control character (%(detail)s)."),
    Fault.DIRECTION_CHARACTER: _(
        "The cell holds an invisible character that turns text around (%(detail)s)."
    ),
    Fault.DOUBLE_ROW: _("The same as line %(detail)s; that one is used."),
    Fault.NO_IDENTITY: _("Neither an e-mail address nor an external id."),
    Fault.BAD_ADDRESS: _("“%(detail)s” is not an e-mail address."),
    Fault.CONFLICT: _(
        "The external id belongs to one contact and the e-mail address to another (%(detail)s)."
    ),
    Fault.OTHER_EXTERNAL_ID: _(
        "This e-mail address belongs to a contact with another external id (%(detail)s)."
    ),
    Fault.UNKNOWN_LANGUAGE: _("We do not know the language “%(detail)s”; it is left empty."),
    Fault.UNKNOWN_TIME_ZONE: _(
        "We do not know the time zone “%(detail)s”; it is left empty. Write Europe/Amsterdam."
    ),
    Fault.NAME_CUT: _("Cut to %(detail)s characters."),
    Fault.NOT_A_NUMBER: _(
        "“%(detail)s” is not a number. Write it as 1234,56 or 1.234,56, or leave the cell empty."
    ),
    Fault.AMBIGUOUS_NUMBER: _(
        "“%(detail)s” can be read in two ways, and nothing in this column settles it. Write 1234 "
        "or 1,2340."
    ),
    Fault.AMBIGUOUS_DAY: _(
        "“%(detail)s” can be read in two ways, and nothing in this column settles it. Write "
        "2026-12-31 or 31-12-2026."
    ),
    Fault.NO_SCORE: _("No score."),
    Fault.NOT_A_SCORE: _("“%(detail)s” is not a whole number."),
    Fault.SCORE_OFF_SCALE: _("The score %(detail)s is not on the scale of this survey."),
    Fault.NO_DATE: _("No date."),
    Fault.NOT_A_DATE: _("“%(detail)s” is not a date. Write it as 2025-10-31 or 31-10-2025."),
    Fault.SHORT_YEAR: _("“%(detail)s” has a year of two digits. Write four: 31-10-2025."),
    Fault.AMBIGUOUS_DATE: _(
        "“%(detail)s” can be read in two ways. Write 2025-10-31 or 31-10-2025, or say which number "
        "comes first with --date-order dmy or --date-order mdy."
    ),
    Fault.DATE_IN_FUTURE: _("“%(detail)s” is in the future."),
    Fault.DATE_TOO_OLD: _("“%(detail)s” is too long ago to be right."),
    Fault.NO_ID: _("No id."),
    Fault.DIFFERS: _("Already here with another score (%(detail)s), which was left as it is."),
}


def explain(fault: Problem | BadCell | UnreadableFile) -> str:
    """Return the sentence about a problem, in the reader's language."""
    return str(_SENTENCES[fault.fault]) % {"detail": fault.detail}
