"""How the organisation looks to customers: its colour and its logo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.db import transaction
from django.urls import reverse
from PIL import Image, ImageOps

from surveys.colours import Scheme, dark_scheme, is_usable, light_scheme
from surveys.models import Logo, Organisation

LARGEST_UPLOAD = 1024 * 1024
MOST_PIXELS = 20_000_000
# Shown at half of it, so that it is sharp on fine screens.
WIDEST, HIGHEST = 480, 120
# A page for customers is small; what does not fit gets fewer colours.
LARGEST_LOGO = 48 * 1024
OUR_ACCENT = "#0b5a5f"
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class UnusableImage(ValueError):
    """Not a PNG or JPEG that can be read, or one too large to open."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """An image that we drew ourselves: nothing of the upload but its pixels."""

    content: bytes
    content_type: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Brand:
    """The two themes of the accent; None where the product's own colour stands."""

    light: Scheme
    dark: Scheme


def find_brand(organisation: Organisation) -> Brand | None:
    """None without a colour, and for one that could not be read: then ours is used."""
    accent = organisation.accent
    return Brand(light_scheme(accent), dark_scheme(accent)) if is_usable(accent) else None


def style_url(organisation: Organisation) -> str:
    """The style sheet with the organisation's colour; empty when there is none to load."""
    if find_brand(organisation) is None:
        return ""
    return reverse("brand_style", args=[organisation.accent.removeprefix("#")])


def logo_url(organisation: Organisation) -> str:
    digest = organisation.logo_digest
    return reverse("brand_logo", args=[digest]) if digest else ""


def redraw(upload: IO[bytes]) -> Drawing:
    """Read a PNG or JPEG and draw it anew, small and without anything hidden in it.

    Raises UnusableImage.
    """
    try:
        with Image.open(upload, formats=("PNG", "JPEG")) as image:
            # Read from the header: a small file can hold more pixels than memory.
            if image.width * image.height > MOST_PIXELS:
                raise UnusableImage
            is_photo = image.format == "JPEG"
            upright = ImageOps.exif_transpose(image).convert("RGB" if is_photo else "RGBA")
    except UNREADABLE as error:
        raise UnusableImage from error
    upright.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    # Onto a new ground, so that no profile, comment or place of the camera comes along.
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    if is_photo:
        return Drawing(_encode(clean, "JPEG", quality=85), "image/jpeg")
    content = _encode(clean, "PNG")
    if len(content) > LARGEST_LOGO:
        content = _encode(clean.quantize(128, method=Image.Quantize.FASTOCTREE), "PNG")
    return Drawing(content, "image/png")


def _encode(image: Image.Image, kind: str, **options: int) -> bytes:
    target = BytesIO()
    image.save(target, kind, optimize=True, **options)
    return target.getvalue()


def replace_logo(organisation: Organisation, drawing: Drawing | None) -> None:
    """Keep a new logo, or none, on a saved organisation; the one before is gone."""
    with transaction.atomic():
        before = list(Logo.objects.values_list("pk", flat=True))
        organisation.logo = None
        if drawing:
            organisation.logo = Logo.objects.create(
                content=drawing.content, content_type=drawing.content_type
            )
        organisation.logo_digest = drawing.digest if drawing else ""
        organisation.save(update_fields=["logo", "logo_digest"])
        Logo.objects.filter(pk__in=before).delete()
