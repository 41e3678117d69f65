"""Logo and colour: how they are taken in, and where customers see them."""

from __future__ import annotations

import re
import struct
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from surveys.brand import HIGHEST, LARGEST_LOGO, WIDEST, UnusableImage, find_brand, redraw
from surveys.links import answer_url, preview_url
from surveys.models import Logo, Organisation, get_organisation
from surveys.sending.compose import compose_invitation
from tests.factories import make_campaign, make_invitation, make_organisation
from tests.snapshots import snapshot_rows
from tests.surveys.test_settings_pages import fill_form


def draw(kind: str, size: tuple[int, int] = (900, 300), **options: object) -> bytes:
    target = BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    Image.effect_noise(size, 90).convert(mode).save(target, kind, **options)
    return target.getvalue()


def open_drawing(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def claim_pixels(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    body = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = b"IDAT" + zlib.compress(b"\0" * 10)
    body += struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(("kind", "content_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_logo_is_drawn_small(kind: str, content_type: str) -> None:
    drawing = redraw(BytesIO(draw(kind)))

    image = open_drawing(drawing.content)
    assert (drawing.content_type, image.format) == (content_type, kind)
    assert image.width <= WIDEST
    assert image.height <= HIGHEST
    # Noise is the worst there is: a logo of the largest size stays a small page.
    assert len(drawing.content) <= 2 * LARGEST_LOGO


def test_logo_loses_what_is_hidden_in_it() -> None:
    exif = Image.Exif()
    exif[0x010E] = "made at home"
    upload = draw("JPEG", exif=exif, comment=b"secret place")
    assert b"made at home" in upload

    content = redraw(BytesIO(upload)).content

    assert b"made at home" not in content
    assert b"secret place" not in content
    assert dict(open_drawing(content).getexif()) == {}


def test_logo_keeps_what_is_transparent() -> None:
    target = BytesIO()
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(target, "PNG")

    image = open_drawing(redraw(BytesIO(target.getvalue())).content).convert("RGBA")

    assert image.getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + b"\0" * 40,
        draw("PNG")[:400],
        claim_pixels(60_000, 60_000),
        claim_pixels(5_000, 5_000),
    ],
    ids=["nothing", "svg", "gif", "cut short", "huge", "large"],
)
def test_what_is_no_usable_picture_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableImage):
        redraw(BytesIO(content))


def upload_logo(client: Client, content: bytes, **fields: str) -> int:
    file = SimpleUploadedFile("logo.png", content)
    return client.post(reverse("settings"), fill_form(logo_file=file, **fields)).status_code


def read_logo(client: Client) -> tuple[int, str]:
    response = client.get(reverse("brand_logo", args=[get_organisation().logo_digest]))
    return response.status_code, response.headers["Content-Type"]


@pytest.mark.django_db
def test_logo_is_uploaded_replaced_and_taken_away(admin_client: Client, client: Client) -> None:
    upload_logo(admin_client, draw("PNG", (80, 40)))
    first = get_organisation().logo_digest
    assert read_logo(client) == (200, "image/png")

    upload_logo(admin_client, draw("JPEG", (60, 30)))
    assert read_logo(client) == (200, "image/jpeg")
    assert client.get(reverse("brand_logo", args=[first])).status_code == 404
    assert Logo.objects.count() == 1

    admin_client.post(reverse("settings"), fill_form(logo_remove="on"))
    assert (get_organisation().logo_digest, Logo.objects.count()) == ("", 0)


@pytest.mark.django_db
def test_logo_stays_when_the_rest_is_saved(admin_client: Client) -> None:
    upload_logo(admin_client, draw("PNG", (80, 40)))
    digest = get_organisation().logo_digest

    admin_client.post(reverse("settings"), fill_form(name="Other"))

    assert (get_organisation().name, get_organisation().logo_digest) == ("Other", digest)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg></svg>", "This is not a PNG or JPEG that can be read."),
        (b"\0" * (1024 * 1024 + 1), "This file is larger than 1 MB."),
    ],
)
def test_refused_logo_is_said_in_the_form(admin_client: Client, content: bytes, words: str) -> None:
    file = SimpleUploadedFile("logo.png", content)

    response = admin_client.post(reverse("settings"), fill_form(logo_file=file))

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Logo.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "kept"),
    [("#0055AA", "#0055aa"), ("0055aa", "#0055aa"), ("#05a", "#0055aa"), ("", "")],
)
def test_colour_is_kept_in_one_form(admin_client: Client, typed: str, kept: str) -> None:
    admin_client.post(reverse("settings"), fill_form(accent=typed))

    assert get_organisation().accent == kept


@pytest.mark.django_db
def test_colour_without_contrast_is_refused_with_the_ratio(admin_client: Client) -> None:
    response = admin_client.post(reverse("settings"), fill_form(accent="#ffcc00"))

    page = response.content.decode()
    assert response.status_code == 422
    assert "its contrast is 1.51 to 1, and 4.5 to 1 is needed" in page
    nearest = re.search(r"The nearest that will do is (#[0-9a-f]{6})", page)
    assert nearest is not None
    admin_client.post(reverse("settings"), fill_form(accent=nearest[1]))
    assert get_organisation().accent == nearest[1]


@pytest.mark.django_db
@pytest.mark.parametrize("accent", ["blue", "#12345g", "#1234567", "#fff;}"])
def test_what_is_no_colour_is_refused(admin_client: Client, accent: str) -> None:
    response = admin_client.post(reverse("settings"), fill_form(accent=accent))

    assert "Write a colour as # and six digits" in response.content.decode()
    assert not Organisation.objects.exists()


@pytest.mark.django_db
def test_survey_page_wears_the_colours_of_the_organisation(client: Client) -> None:
    make_organisation(accent="#0055aa", logo_digest="abc")
    page = client.get(answer_url(make_invitation().pk)).content.decode()

    assert 'href="/brand/0055aa.css"' in page
    assert 'src="/brand/abc/logo"' in page


@pytest.mark.django_db
@pytest.mark.parametrize("accent", ["", "#ffcc00", "nonsense"])
def test_survey_page_falls_back_to_our_colour(client: Client, accent: str) -> None:
    # A row may hold what no form would let through.
    make_organisation(accent=accent[:7])

    page = client.get(answer_url(make_invitation().pk)).content.decode()

    assert "/brand/" not in page


@pytest.mark.django_db
def test_style_sheet_may_be_kept_and_sets_no_cookie(client: Client) -> None:
    make_organisation(accent="#0055aa")

    response = client.get("/brand/0055aa.css")

    assert response.headers["Content-Type"] == "text/css"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not response.cookies
    assert "--accent: light-dark(#0055aa, #" in response.content.decode()
    assert client.get("/brand/ff0000.css").status_code == 404


@pytest.mark.django_db
def test_mail_has_the_colour_on_its_button_and_no_picture() -> None:
    make_organisation(accent="#0055aa", logo_digest="abc")

    message = compose_invitation(make_invitation())

    html = str(message.alternatives[0][0])
    button = re.search(r'<td class="button"[^>]*>', html)
    assert button is not None
    assert "#0055aa" in button[0]
    assert "<img" not in html


def test_brand_needs_a_readable_colour() -> None:
    assert find_brand(Organisation(accent="#ffcc00")) is None
    assert find_brand(Organisation(accent="#0055aa")) is not None


@pytest.mark.django_db
def test_preview_keeps_nothing(client: Client) -> None:
    make_organisation()
    url = preview_url(make_campaign().pk)
    before = snapshot_rows()

    client.get(url, {"score": "9"})
    thanks = client.post(url, {"score": "9"})

    assert thanks.status_code == 200
    assert snapshot_rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "picked", "kept"),
    [
        ("#0055aa", "#7a0000", "#7a0000"),  # only the picker was moved
        ("#004400", "#7a0000", "#004400"),  # what is typed counts
        ("", "#0055aa", ""),  # emptied: ours again
    ],
)
def test_colour_can_be_picked(admin_client: Client, typed: str, picked: str, kept: str) -> None:
    make_organisation(accent="#0055aa")

    admin_client.post(reverse("settings"), fill_form(accent=typed, accent_pick=picked))

    assert get_organisation().accent == kept


@pytest.mark.django_db
def test_first_colour_can_be_picked(admin_client: Client) -> None:
    page = admin_client.get(reverse("settings")).content.decode()
    assert re.search(r'<input type="color"[^>]*name="accent_pick"', page)

    admin_client.post(reverse("settings"), fill_form(accent="", accent_pick="#0055aa"))

    assert get_organisation().accent == "#0055aa"


@pytest.mark.django_db
def test_logo_chosen_beside_a_mistake_is_asked_for_again(admin_client: Client) -> None:
    file = SimpleUploadedFile("logo.png", draw("PNG", (80, 40)))

    response = admin_client.post(reverse("settings"), fill_form(name="", logo_file=file))

    assert "Choose the logo again" in response.content.decode()
    assert "Choose the logo again" not in admin_client.get(reverse("settings")).content.decode()


@pytest.mark.parametrize("digest", ["%00", "x", "0" * 16, "A" * 16])
def test_logo_of_another_address_is_not_found(client: Client, db: None, digest: str) -> None:
    assert client.get(f"/brand/{digest}/logo").status_code == 404
