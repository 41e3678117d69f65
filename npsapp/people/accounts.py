"""What can happen to a login. The last admin stays one, and who is out is out at once."""

from __future__ import annotations

import datetime as dt

from django.contrib.sessions.models import Session
from django.db import connection, transaction

from closeloop.models import Member
from npsapp.models import User
from npsapp.people.links import check_setup_token, read_password_token
from npsapp.people.mails import send_invitation
from npsapp.roles import Role


class LastAdmin(Exception):
    """Without this person nobody could manage users any more: nothing was changed."""


def create_first_admin(token: str, *, email: str, name: str, language: str, password: str) -> User:
    """Create the admin of an empty installation. Raises DeadLink when somebody was faster."""
    with transaction.atomic():
        # Two forms sent at the same moment: the second waits here, and finds a user.
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(User._meta.db_table)
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        check_setup_token(token)
        return User.objects.create_user(
            email, password, name=name, role=Role.ADMIN, language=language
        )


def invite_user(
    *,
    email: str,
    name: str,
    role: str,
    language: str,
    on_duty: bool = False,
    by: User,
    now: dt.datetime,
) -> User:
    """Create somebody without a password and mail them the link to choose one. Raises NoSender.

    `on_duty`: new follow-ups go to them from now on.
    """
    with transaction.atomic():
        user = User.objects.create_user(email, None, name=name, role=role, language=language)
        if on_duty:
            Member.objects.create(user=user)
        send_invitation(user, by=by, now=now)
    return user


def change_user(user: User, *, name: str, role: str, language: str) -> User:
    """Raises LastAdmin."""
    with transaction.atomic():
        if role != Role.ADMIN:
            _demand_other_admin(user)
        user.name, user.role, user.language = name, role, language
        user.save(update_fields=["name", "role", "language"])
    return user


def deactivate_user(user: User) -> None:
    """Keep somebody out from this moment on. Raises LastAdmin."""
    with transaction.atomic():
        _demand_other_admin(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        # Or they would be in again by an old cookie on the day they come back.
        end_sessions(user)


def reactivate_user(user: User) -> None:
    user.is_active = True
    user.save(update_fields=["is_active"])


def choose_password(purpose: str, token: str, *, password: str) -> User:
    """Use up a link. Ends all sessions of the person. Raises DeadLink."""
    with transaction.atomic():
        user = read_password_token(purpose, token, lock=True).user
        user.set_password(password)
        user.save(update_fields=["password"])
        end_sessions(user)
    return user


def end_sessions(user: User) -> None:
    """A session does not say whose it is until it is opened; staff are few."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def _demand_other_admin(user: User) -> None:
    """Locks all admins: of two who remove each other at once, one is refused."""
    admins = list(User.objects.admins().select_for_update().order_by("pk"))
    if [admin.pk for admin in admins] == [user.pk]:
        raise LastAdmin
