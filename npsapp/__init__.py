"""The project: settings, people, and the pages that span apps."""

from npsapp.celery import app as celery_app

__all__ = ["celery_app"]
