"""/healthz and /readyz: plain words, nothing that a stranger should not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from pytest_django import DjangoAssertNumQueries

from npsapp import readiness

pytestmark = pytest.mark.django_db(transaction=True)


def test_healthz_asks_nobody(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"alive\n")
    assert "no-store" in response.headers["Cache-Control"]
    assert client.head("/readyz").content == b""


def test_readyz_is_ready_when_all_answers(client: Client) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.content) == (200, b"ready\n")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.cookies == {}


def test_readyz_names_a_missing_migration_without_details(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET name = 'x' || name WHERE app = 'closeloop'")
    try:
        response = client.get("/readyz")
        trouble = readiness.find_obstacle()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_migrations SET name = substr(name, 2) WHERE app = 'closeloop'"
            )

    assert response.status_code == 503
    assert b"migrations." in response.content
    assert b"closeloop" not in response.content
    assert trouble is not None
    assert "closeloop.0001_initial" in trouble.detail


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_readyz_says_that_the_broker_is_away(client: Client) -> None:
    response = client.get("/readyz")

    assert (response.status_code, response.content) == (503, b"The broker cannot be reached.\n")


def test_readyz_wants_the_folder_of_the_filesystem_broker(client: Client, tmp_path: Path) -> None:
    with override_settings(REDIS_URL="", BROKER_DIR=tmp_path):
        before = client.get("/readyz").status_code
        (tmp_path / "queue").mkdir()
        after = client.get("/readyz").status_code

    assert (before, after) == (503, 200)


def test_probes_are_get_only(client: Client) -> None:
    assert {client.post(path).status_code for path in ("/healthz", "/readyz")} == {405}
