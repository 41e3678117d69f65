"""Forks the product's processes, so that one that was killed is replaced in no time.

For each line on its input, a command as a JSON list, it forks a process and prints its process id.
`["…/celery", "worker", …]` becomes just what the shell's command of that name would be;
`["call", "package.module.function", …]` calls a function with the rest.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
from pathlib import Path

import django

django.setup()

import anymail.backends.postmark  # noqa: E402, F401
import celery.apps.beat  # noqa: E402
import celery.apps.worker  # noqa: E402
import celery.bin.celery  # noqa: E402
import celery.concurrency.thread  # noqa: E402, F401
import kombu.transport.redis  # noqa: E402, F401
import requests.utils  # noqa: E402
from celery.__main__ import main as celery_main  # noqa: E402
from django.core.mail.utils import DNS_NAME  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from npsapp.celery import app  # noqa: E402

app.loader.import_default_modules()


def become(words: list[str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Asked by a test that nothing moves in: where does everybody stand?
    faulthandler.register(signal.SIGUSR2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    # The sinks know by this name whom to kill.
    name = f"pid-{os.getpid()}"
    DNS_NAME._fqdn = name
    requests.utils.default_user_agent = lambda *args: name
    if words[0] == "call":
        import_string(words[1])(*words[2:])
        return
    assert Path(words[0]).name == "celery"
    sys.argv = words
    celery_main()


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        child = os.fork()
        if not child:
            become(json.loads(line))
            sys.exit(0)
        os.write(1, b"%d\n" % child)
