"""Erasing one person: afterwards the address and the name are in no table and in no file."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from closeloop.models import Activity, BulkAct, Draft, FollowUp, ReceivedMail
from npsapp.erasing.erase import ImportRunning, MailLeaving, erase
from npsapp.exporting import export_person
from npsapp.outbox import EmailBackend
from responses import bulk
from responses.models import AnswersAct, ExportFile, ExportPiece, Response, ResponseVersion, Tag
from surveys.addresses import hash_address
from surveys.models import Campaign, Contact, ImportBatch, Invitation, Mail, Suppression
from tests.factories import (
    make_account,
    make_campaign,
    make_contact,
    make_follow_up,
    make_invitation,
    make_property,
    make_response,
    make_sender,
    make_user,
)

ADDRESS = "fenna.weg@klanten.example"
NAME = "Fenna Wegwezen"
TRACES = ("fenna.weg", "wegwezen")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outbox(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"
    return tmp_path / "outbox"


def find_in_tables(*needles: str) -> list[str]:
    """Search every text, JSON and bytea column of every table, by SQL."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name, data_type FROM information_schema.columns
                WHERE table_schema = 'public'
                  AND (data_type IN ('text', 'character varying', 'character', 'jsonb', 'json',
                                     'bytea', 'ARRAY', 'inet'))"""
        )
        columns = cursor.fetchall()
        for table, column, kind in columns:
            text = f'"{column}"::text'
            if kind == "bytea":
                text = f"""encode("{column}", 'escape')"""
            for needle in needles:
                search = f'SELECT count(*) FROM "{table}" WHERE strpos(lower({text}), %s) > 0'  # noqa: S608
                cursor.execute(search, [needle])
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{column}: {needle}")
    return found


def find_in_files(*needles: str) -> list[str]:
    found = []
    for path in Path(settings.DATA_DIR).rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            found += [f"{path}: {n}" for n in needles if n.encode() in content]
    return found


def write_mail(to: str, body: str) -> None:
    EmailBackend().send_messages([EmailMessage("Vraag", body, "vraag@voorbeeld.example", [to])])


def leave_on_the_desk(follow_up: FollowUp) -> None:
    """What a colleague has begun, put off, given and tagged; and words on somebody else's page."""
    now, agent = timezone.now(), make_user()
    for where in (follow_up, make_follow_up()):
        Draft.objects.create(
            user=agent, follow_up=where, kind="reply", subject=f"Aan {NAME}", text=f"Beste {NAME}",
            updated_at=now,
        )  # fmt: skip
    Activity.objects.create(
        follow_up=follow_up, kind="gesture", at=now, version=4,
        details={"what": "Naambordje Wegwezen", "cost": "12.50"},
    )  # fmt: skip
    tag = Tag.objects.create(label=f"zaak {NAME}")
    for tagged in FollowUp.objects.all():
        tagged.tags.add(tag)
        Activity.objects.create(
            follow_up=tagged, kind="tagged", at=now, version=5,
            details={"added": [tag.label], "removed": []},
        )  # fmt: skip
    FollowUp.objects.filter(pk=follow_up.pk).update(
        snoozed_until=now + dt.timedelta(days=1), returned_at=None
    )


def make_whole_person() -> Contact:
    """Somebody who has left traces in every place where traces can be."""
    now = timezone.now()
    make_property(key="groep", label="Groep", is_segment=True)
    person = make_contact(
        email=ADDRESS, first_name="Fenna", last_name="Wegwezen", external_id="K-weg",
        properties={"groep": "Goud", "bijnaam": "Wegwezentje"},
        account=make_account(name="Eenmanszaak Fenna Wegwezen"),
    )  # fmt: skip
    campaign = make_campaign(
        audience=[{"property": "contact.email", "operator": "is", "values": [ADDRESS]}]
    )
    asked = make_invitation(
        campaign=campaign, contact=person, state="sent", sent_at=now, detail=f"250 ok <{ADDRESS}>",
        provider_id="abc", occasion="order wegwezen",
    )  # fmt: skip
    answer = make_response(
        invitation=asked, score=2, comment=f"Bel mij, groet {NAME}",
        properties={"groep": "Goud", "bijnaam": "Wegwezentje"}, occasion="order wegwezen",
        status_reason="", external_id="wegwezen-1",
    )  # fmt: skip
    ResponseVersion.objects.create(
        response=answer, score=3, comment=NAME, answered_at=now, replaced_at=now
    )
    follow_up = make_follow_up(response=answer)
    sender = make_sender(lane="transactional")
    reply = Mail.objects.create(
        sender=sender, kind="reply", dedupe_key="reply:1:1", to_email=ADDRESS, to_name=NAME,
        subject="Beste Fenna Wegwezen", text=f"Beste {NAME}", state="scheduled", scheduled_for=now,
    )  # fmt: skip
    Mail.objects.create(
        sender=sender, kind="notice", dedupe_key=f"detractor:{follow_up.pk}:1",
        to_email="arie@voorbeeld.example", subject=f"2 from {NAME}", text="Bel mij", state="sent",
    )  # fmt: skip
    Activity.objects.create(
        follow_up=follow_up, kind="note", at=now, text=f"{NAME} gebeld op 06", version=2
    )
    Activity.objects.create(
        follow_up=follow_up, kind="reply", at=now, text="Beste", version=3, mail=reply,
        details={"subject": f"Aan {NAME}"},
    )  # fmt: skip
    leave_on_the_desk(follow_up)
    received = Activity.objects.create(
        follow_up=follow_up, kind="received", at=now, text=f"Groet {NAME}", version=4
    )
    photo: list[dict[str, str | int]] = [{"name": "wegwezen.jpg"}]
    for key, activity, told in [("1", received, photo), ("2", None, photo)]:
        ReceivedMail.objects.create(
            provider="Postmark", event_key=key, from_email=ADDRESS.title(), from_name="F. Wegwezen",
            subject="Re: Wegwezen", text=f"Groet {NAME}", history_at=5, attachments=told,
            message_id=f"<1.{ADDRESS}>", addressed_to=[ADDRESS], answers=[f"<2.{ADDRESS}>"],
            state="filed" if activity else "stray", activity=activity, received_at=now, look_at=now,
        )  # fmt: skip
    Mail.objects.create(
        sender=sender, kind="notice", dedupe_key=f"answered:{received.pk}:1", state="sent",
        to_email="arie@voorbeeld.example", subject=f"{NAME} wrote",
        text=f"Bel mij {follow_up.get_absolute_url()}",
    )  # fmt: skip
    make_invitation(campaign=make_campaign(), contact=person, state="scheduled")
    content = f"email;voornaam;achternaam\n{ADDRESS};Fenna;Wegwezen\n"
    ImportBatch.objects.create(
        kind="contacts", file_name="Fenna Wegwezen.csv", sha256="a", content=content.encode()
    )
    ImportBatch.objects.create(
        kind="contacts", state="imported", file_name="b.csv", sha256="b",
        problem_file=f"\ufeffnaam;Reason\n{NAME};x\n".encode(), imported_at=now,
        summary={"rows": 1, "refused": 1},
    )  # fmt: skip
    ImportBatch.objects.create(
        kind="contacts", state="imported", file_name="c.csv", sha256="c",
        content=None, problem_file=content.encode("utf-16"), imported_at=now,
        summary={"rows": 1, "refused": 1},
    )  # fmt: skip
    write_mail(f'"{NAME}" <{ADDRESS}>', "Wat vond u ervan?")
    write_mail("arie@voorbeeld.example", f"Antwoord van {NAME}")
    return person


def test_erased_person_is_in_no_table_and_no_file(outbox: Path) -> None:
    person = make_whole_person()
    assert len(find_in_tables(*TRACES)) > 15
    assert find_in_files(*TRACES)

    erase(ADDRESS, person, user=None, now=timezone.now())

    assert find_in_tables(*TRACES, "k-weg") == []
    assert find_in_files(*TRACES) == []


def test_mail_that_an_erased_person_sent_is_known_again_and_empty(outbox: Path) -> None:
    erase(ADDRESS, make_whole_person(), user=None, now=timezone.now())

    mails = ReceivedMail.objects.order_by("event_key")
    assert list(mails.values_list("event_key", "state", "text")) == [
        ("1", "discarded", ""), ("2", "discarded", ""),
    ]  # fmt: skip


def test_score_stays_unlinked_with_its_segment(outbox: Path) -> None:
    erase(ADDRESS, make_whole_person(), user=None, now=timezone.now())

    answer = Response.objects.get(score=2)
    assert (answer.score, answer.contact, answer.properties) == (2, None, {"groep": "Goud"})
    assert answer.comment == ""
    assert {row.address_hash for row in Invitation.objects.filter(contact=None)} == {""}


def test_address_stays_suppressed_by_its_hash(outbox: Path) -> None:
    erase(ADDRESS, make_whole_person(), user=None, now=timezone.now())

    assert Suppression.objects.get().address_hash == hash_address(ADDRESS)
    assert Suppression.objects.filter(address_hash=hash_address(ADDRESS), scope="all").exists()


def test_waiting_mail_is_not_sent_and_open_follow_up_is_closed(outbox: Path) -> None:
    erase(ADDRESS, make_whole_person(), user=None, now=timezone.now())

    assert not Mail.objects.filter(state="scheduled").exists()
    theirs = Invitation.objects.filter(contact=None)
    assert sorted(theirs.values_list("state", "reason")) == [
        ("sent", ""), ("skipped", "erased"),
    ]  # fmt: skip
    closed = FollowUp.objects.get(response__score=2)
    assert (closed.state, closed.snoozed_until) == ("closed", None)


def test_drafts_and_tags_with_the_name_go_and_the_cost_of_a_gesture_stays(outbox: Path) -> None:
    erase(ADDRESS, make_whole_person(), user=None, now=timezone.now())

    theirs = Draft.objects.get()
    gesture = Activity.objects.get(kind="gesture")
    assert (theirs.follow_up.response.score, theirs.text) == (9, "Beste [erased]")
    assert gesture.details == {"what": "", "cost": "12.50"}
    assert Tag.objects.count() == 0


def test_others_keep_what_is_theirs(outbox: Path) -> None:
    person = make_whole_person()
    other = make_contact(email=f"x{ADDRESS}", first_name="Fenna", last_name="Anders")
    theirs = make_response(contact=other, comment="Mijn naam is Fenna", invitation=None,
                           channel="import")  # fmt: skip
    write_mail(f"x{ADDRESS}", "Dag Fenna")

    erase(ADDRESS, person, user=None, now=timezone.now())

    theirs.refresh_from_db()
    assert theirs.comment == "Mijn naam is Fenna"
    assert theirs.contact == other
    assert len(list(outbox.glob("*.eml"))) == 1


def test_namesake_keeps_the_texts_that_name_them(outbox: Path) -> None:
    person = make_whole_person()
    namesake = make_contact(first_name="Fenna", last_name="Wegwezen")
    theirs = make_response(
        contact=namesake, comment=f"Groet {NAME}", invitation=None, channel="import"
    )

    erase(ADDRESS, person, user=None, now=timezone.now())

    theirs.refresh_from_db()
    assert theirs.comment == f"Groet {NAME}"
    assert find_in_tables("fenna.weg") == []


@pytest.mark.parametrize("row", ["invitation", "mail"])
def test_nothing_is_erased_while_a_mail_leaves(row: str, outbox: Path) -> None:
    person = make_whole_person()
    model = Invitation if row == "invitation" else Mail
    model.objects.filter(state="scheduled").update(state="sending")

    with pytest.raises(MailLeaving):
        erase(ADDRESS, person, user=None, now=timezone.now())

    assert Contact.objects.filter(email=ADDRESS).exists()
    assert not Suppression.objects.exists()


def test_nothing_is_erased_while_their_file_is_imported(outbox: Path) -> None:
    person = make_whole_person()
    ImportBatch.objects.filter(state="uploaded").update(state="importing")

    with pytest.raises(ImportRunning):
        erase(ADDRESS, person, user=None, now=timezone.now())

    assert Contact.objects.filter(email=ADDRESS).exists()


def test_draft_that_named_the_address_still_opens(manager_client: Client, outbox: Path) -> None:
    person = make_whole_person()
    Campaign.objects.filter(audience__0__property="contact.email").update(state="draft")

    erase(ADDRESS, person, user=None, now=timezone.now())

    draft = Campaign.objects.get(state="draft")
    assert manager_client.get(draft.get_absolute_url()).status_code == 200


def test_page_asks_first_and_erases_after_the_tick(manager_client: Client, outbox: Path) -> None:
    person = make_whole_person()
    url = reverse("contact_erase", args=[person.pk])

    assert "This cannot be undone." in manager_client.get(url).content.decode()
    assert manager_client.post(url).status_code == 422
    assert Contact.objects.filter(pk=person.pk).exists()

    response = manager_client.post(url, {"understood": "yes"}, follow=True)

    assert response.status_code == 200
    assert not Contact.objects.filter(pk=person.pk).exists()
    assert find_in_tables(*TRACES) == []


def test_page_counts_the_invitation_too_and_leaves_zeros_out(manager_client: Client) -> None:
    person = make_contact()
    make_invitation(contact=person, state="sent", sent_at=timezone.now())

    page = manager_client.get(reverse("contact_erase", args=[person.pk])).content.decode()

    assert "1 mail to or about the person." in page
    assert "0 " not in page.partition("What goes")[2].partition("</ul>")[0]


def test_pages_around_an_erased_person_still_open(manager_client: Client, outbox: Path) -> None:
    erase(ADDRESS, make_whole_person(), user=None, now=timezone.now())

    answer = Response.objects.get(score=2)
    for url in (
        answer.get_absolute_url(),
        *(follow_up.get_absolute_url() for follow_up in FollowUp.objects.all()),
        reverse("responses"),
        reverse("contact_import"),
        *(c.get_absolute_url() for c in Campaign.objects.all()),
        *(b.get_absolute_url() for b in ImportBatch.objects.all()),
    ):
        assert manager_client.get(url).status_code == 200, url


def test_command_erases_and_cleans_up_once_more(capsys: Any, outbox: Path) -> None:
    make_whole_person()

    call_command("erase", ADDRESS.upper(), "--yes")
    write_mail(ADDRESS, "te laat")
    call_command("erase", ADDRESS, "--yes")

    said = capsys.readouterr().out
    assert "1 answers unlinked" in said
    assert "There was no such contact" in said
    assert find_in_tables(*TRACES) == []
    assert find_in_files(*TRACES) == []


def test_export_holds_everything_as_json_and_csv(manager_client: Client, outbox: Path) -> None:
    person = make_whole_person()

    found = manager_client.get(reverse("contact_export", args=[person.pk, "json"]))
    table = manager_client.get(reverse("contact_export", args=[person.pk, "csv"]))

    exported = json.loads(found.content)
    assert exported["person"]["email"] == ADDRESS
    assert exported["answers"][0]["comment"] == f"Bel mij, groet {NAME}"
    assert [mail["text"] for mail in exported["mails"]] == [f"Beste {NAME}"]
    assert len(exported["invitations"]) == 2
    assert exported["follow_ups"][0]["drafts"][0]["text"] == f"Beste {NAME}"
    assert f"follow_ups;1;tags.1;zaak {NAME}" in table.content.decode("utf-8-sig")
    assert [mail["text"] for mail in exported["mails_received"]] == [f"Groet {NAME}"] * 2
    assert exported["mails_received"][0]["attachments"] == [{"name": "wegwezen.jpg"}]
    assert f"answers;1;comment;Bel mij, groet {NAME}" in table.content.decode("utf-8-sig")


def test_export_command_writes_what_the_page_gives(tmp_path: Path, outbox: Path) -> None:
    make_whole_person()
    file = tmp_path / "fenna.json"

    call_command("export_person", ADDRESS, "--output", str(file))

    assert json.loads(file.read_text())["person"]["last_name"] == "Wegwezen"
    with pytest.raises(CommandError):
        call_command("export_person", "niemand@klanten.example")


def test_export_in_another_form_is_unknown(manager_client: Client) -> None:
    person = make_contact()

    assert manager_client.get(f"/contacts/{person.pk}/export.xml").status_code == 404


def test_files_of_answers_go_and_a_reason_keeps_only_its_key(outbox: Path) -> None:
    person = make_contact(email="weg@klanten.example")
    response = make_response(
        contact=person, channel="import", status="excluded", status_reason="twice: zie Fenna"
    )
    now = timezone.now()
    file = ExportFile.objects.create(
        user=make_user(), style="plain", with_addresses=True, state="ready", created_at=now
    )
    ExportPiece.objects.create(export=file, number=0, content=b"weg@klanten.example")

    erase(person.email, person, user=None, now=now)

    response.refresh_from_db()
    assert response.status_reason == "twice"
    assert (ExportFile.objects.count(), ExportPiece.objects.count()) == (0, 0)


def test_nothing_done_to_many_brings_words_back() -> None:
    person = make_contact(email="weg@klanten.example")
    manager, now = make_user(), timezone.now()
    response = make_response(
        contact=person, channel="import", status="excluded", status_reason="twice: zie Fenna"
    )
    chosen = bulk.pick([response.pk])
    act = bulk.restore(chosen, user=manager, now=now).act
    BulkAct.objects.create(user=manager, kind="tag", at=now)
    assert act is not None
    assert "Fenna" in str(act.done)

    erase(person.email, person, user=None, now=now)

    assert (AnswersAct.objects.count(), BulkAct.objects.count()) == (0, 0)
    # Not even by who had it in hand at that moment.
    bulk.undo(act, write=lambda *_: ([], []), user=manager, now=now)
    response.refresh_from_db()
    assert "Fenna" not in response.status_reason


def test_export_of_a_person_tells_why_an_answer_does_not_count() -> None:
    person = make_contact()
    make_response(contact=person, status="excluded", status_reason="twice: zie Fenna")

    (answer,) = export_person(person, now=timezone.now())["answers"]

    assert answer["status_reason"] == "twice: zie Fenna"


def test_export_of_a_person_tells_the_tags_of_imported_answers_too() -> None:
    person = make_contact()
    response = make_response(contact=person, channel="import")
    response.tags.add(Tag.objects.create(label="koerier"))

    (answer,) = export_person(person, now=timezone.now())["answers"]

    assert answer["tags"] == ["koerier"]
