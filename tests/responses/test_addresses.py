"""E-mail addresses in what people write, in all the ways in which they write them."""

from __future__ import annotations

import time

import pytest

from responses.addresses import mask_addresses, may_hold_address, without_addresses


@pytest.mark.parametrize(
    "address",
    [
        "jan@zilver.example",
        "Jan.De-Vries+nps@Zilver.Example",
        "jan @ zilver.example",
        "jan  @  zilver.example",
        '"jan de vries"@zilver.example',
        "'jan'@zilver.example",
        "jan(AT)zilver.example",
        "jan (at) zilver.example",
        "jan[at]zilver.example",
        "jan [ At ] zilver.example",
        "jan{at}zilver.example",
        "jan\uff20zilver.example",
        "jan\ufe6bzilver.example",
        "jan%40zilver.example",
        "jan&#64;zilver.example",
        "jan&#x40;zilver.example",
        "jan&commat;zilver.example",
    ],
)
def test_address_is_masked_however_it_is_written(address: str) -> None:
    masked = mask_addresses(f"Bel mij op {address} graag.")

    assert "zilver" not in masked.lower()
    assert "jan" not in masked.lower()
    assert masked.startswith("Bel mij op ")
    assert masked.endswith(" graag.")
    assert not may_hold_address(masked)
    assert without_addresses(address) == ""


@pytest.mark.parametrize("text", ["@ 9 uur", "5 stuks @ ", "Hij kwam at noon", "100% 40 keer", "@"])
def test_at_sign_without_words_around_it_is_no_address(text: str) -> None:
    assert mask_addresses(text) == text
    assert not may_hold_address(text)


def test_what_escapes_the_masking_is_seen() -> None:
    long = "a" * 300 + "@zilver.example"

    assert may_hold_address(mask_addresses(long))


@pytest.mark.parametrize(
    "text",
    ["a" * 100_000, "a" * 100_000 + "@", "@" * 100_000, '"' * 100_000 + "@", "a.b " * 25_000 + "@"],
)
def test_masking_takes_no_longer_than_reading(text: str) -> None:
    start = time.perf_counter()

    mask_addresses(text)
    may_hold_address(text)
    without_addresses(text)

    assert time.perf_counter() - start < 0.5
