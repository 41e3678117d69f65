"""Fixtures for every test: fast passwords, plain static files, one person and client per role."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.utils import translation
from pytest_django import DjangoDbBlocker

from npsapp.models import User
from npsapp.roles import Role
from npsapp.throttle import memory


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Slow on purpose in production: password hashing, and static files that need collecting."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES=storages,
    ):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """As pytest-django's, and at the end nobody else is in the way of dropping the database.

    PostgreSQL may notice late that a process which a test killed is gone.
    """
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """A request leaves its reader's language behind on the thread, for the next request to set."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def looks_forgotten() -> Iterator[None]:
    """What was looked at is counted in memory, which no rollback empties."""
    yield
    memory.clear()


def make_person(name: str, role: Role) -> User:
    return User.objects.create_user(f"{role}@winkel.example", name=name, role=role)


def log_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def viewer(db: None) -> User:
    return make_person("Vera Voorbeeld", Role.VIEWER)


@pytest.fixture
def agent(db: None) -> User:
    return make_person("Arie Antwoord", Role.AGENT)


@pytest.fixture
def manager(db: None) -> User:
    return make_person("Marga Meting", Role.MANAGER)


@pytest.fixture
def admin(db: None) -> User:
    return make_person("Abel Beheer", Role.ADMIN)


@pytest.fixture
def viewer_client(viewer: User) -> Client:
    return log_in(viewer)


@pytest.fixture
def agent_client(agent: User) -> Client:
    return log_in(agent)


@pytest.fixture
def manager_client(manager: User) -> Client:
    return log_in(manager)


@pytest.fixture
def admin_client(admin: User) -> Client:
    return log_in(admin)
