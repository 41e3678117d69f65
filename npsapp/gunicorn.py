"""How gunicorn serves: `gunicorn --config python:npsapp.gunicorn npsapp.wsgi`.

WEB_CONCURRENCY (processes) and GUNICORN_CMD_ARGS (anything) change it from outside.
"""

from __future__ import annotations

import os
from typing import Any

from gunicorn import glogging

from npsapp.environment import read_integer
from npsapp.masking import MaskSecrets, mask_secrets

bind = f"{os.environ.get('BIND_ADDRESS') or '127.0.0.1'}:{read_integer('PORT', 8000, minimum=1)}"
worker_class = "gthread"
workers = read_integer("WEB_CONCURRENCY", 2, minimum=1)
threads = 4
loglevel = "warning"
graceful_timeout = 8
control_socket_disable = True


class Logger(glogging.Logger):  # type: ignore[misc]
    """There is no access log by default; one that is switched on shows no customer's link."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.addFilter(MaskSecrets())

    def atoms(self, *args: Any) -> dict[str, Any]:
        made = super().atoms(*args)
        return {
            name: mask_secrets(value) if isinstance(value, str) else value
            for name, value in made.items()
        }


logger_class = Logger
