"""The production topology, started with the Procfile's own lines: behind a proxy, on https."""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from npsapp.procfile import LASTING
from tests.e2e.product import Product, run_product
from tests.services import free_port, redis_url

HOST = "nps.voorbeeld.example"
SEED = """
import datetime as dt
from django.utils import timezone
from surveys.models import Invitation
from tests.factories import *
make_organisation(name="Voorbeeld BV", postal_address="Teststraat 1, Testdam")
campaign = make_campaign(weekdays=list(range(7)), day_start=dt.time(0), day_end=dt.time(23, 59))
make_invitation(campaign=campaign, scheduled_for=timezone.now())
"""


@pytest.fixture
def production(broker: str) -> Iterator[Product]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    changes = {
        "BASE_URL": f"https://{HOST}",
        "BEHIND_PROXY": "1",
        "WEB_CONCURRENCY": "2",
        "SECRET_KEY": "As long as one that an operator makes: 0123456789 abcdefghijklmnop",
        # The worst that an operator can do to the customers' links.
        "GUNICORN_CMD_ARGS": "--access-logfile -",
    }
    redis = redis_url(40) if broker == "redis" else ""
    with run_product(
        name=f"production_{worker}_{broker}", port=free_port(), redis=redis, changes=changes
    ) as running:
        yield running


def ask(
    product: Product, path: str, *, method: str = "GET", body: str = "", proxy: bool = True
) -> tuple[http.client.HTTPResponse, str]:
    """As the proxy would; without `proxy` as a container's health check would."""
    web = http.client.HTTPConnection("127.0.0.1", urlsplit(product.url).port or 0, timeout=20)
    headers = {"Host": HOST}
    if proxy:
        headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    web.request(method, path, body or None, headers)
    answer = web.getresponse()
    text = answer.read().decode()
    web.close()
    return answer, text


def wait_until_ready(product: Product, status: int) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer, text = ask(product, "/readyz", proxy=False)
        if answer.status == status:
            return text
        time.sleep(0.3)
    raise AssertionError(f"/readyz never said {status}: {text}")


def examine(product: Product, *only: str) -> str:
    """The doctor's words, once the worker and beat have been heard of."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return product.manage("doctor", "--only", *only)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def test_production_topology_plays_a_short_story(production: Product) -> None:
    assert wait_until_ready(production, 200) == "ready\n"
    plain, _ = ask(production, "/login/", proxy=False)
    page, text = ask(production, "/login/")
    production.manage("shell", "--verbosity", "0", "--command", SEED)
    mail = production.mailbox.wait_for(lambda mail: "List-Unsubscribe" in mail.message)
    link = re.search(rf"https://{HOST}(/s/([^/]+)/)", mail.body())
    assert link is not None
    path, token = link.groups()
    form, html = ask(production, f"{path}?score=9")
    # Whoever answers within seconds looks like a scanner (responses.automatic).
    time.sleep(6)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    body = "&".join(f"{name}={value}" for name, value in (fields | {"score": "9"}).items())
    answered, _ = ask(production, path, method="POST", body=body)
    broken, _ = ask(production, f"{path[:-2]}x/")
    scores = production.manage("nps", "--survey", survey_of(production), "--json")
    said = examine(
        production, "settings", "database", "migrations", "broker", "worker", "beat", "mail"
    )

    assert set(production.processes) == set(LASTING)
    assert (plain.status, plain.headers["Location"]) == (301, f"https://{HOST}/login/")
    assert (page.status, page.headers["Strict-Transport-Security"][:16]) == (
        200,
        "max-age=31536000",
    )
    assert "csrfmiddlewaretoken" in text
    assert (form.status, answered.status, broken.status) == (200, 302, 404)
    assert json.loads(scores)["n"] == 1
    assert said.count("well") == 7
    assert_no_link_in(production.logs(), token)


def assert_no_link_in(logs: str, token: str) -> None:
    assert "GET /s/…/?score=9" in logs
    assert "POST /s/…/" in logs
    assert token not in logs
    # Nor the damaged one, which is all of it but one letter.
    assert token[:30] not in logs


def survey_of(product: Product) -> str:
    with psycopg.connect(product.environment["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT slug FROM surveys_survey").fetchone()
    assert found is not None
    return str(found[0])


def test_readiness_follows_the_database_while_the_process_lives_on(production: Product) -> None:
    wait_until_ready(production, 200)
    name = str(conninfo_to_dict(production.environment["DATABASE_URL"])["dbname"])
    server = os.environ["DATABASE_URL"]
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )

        said = wait_until_ready(production, 503)
        alive, _ = ask(production, "/healthz", proxy=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))

    assert said == "The database cannot be reached.\n"
    assert alive.status == 200
    assert wait_until_ready(production, 200) == "ready\n"
