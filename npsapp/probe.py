"""Ask the web of this machine whether it is ready: `python -m npsapp.probe`, exit status 0 or 1.

Needs neither Django nor a shell: a container asks this way, and `manage.py up` waits with it.
"""

from __future__ import annotations

import http
import http.client
import os
import sys
from urllib.parse import urlsplit


def ask(path: str, *, base_url: str, port: int) -> tuple[bool, str]:
    """Ask the web on `port` of this machine under its public name; return yes or no, and why."""
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        web.request("GET", path, headers={"Host": urlsplit(base_url).netloc})
        answer = web.getresponse()
        words = answer.read(2000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return False, f"The web does not answer on port {port}: {error}"
    else:
        return answer.status == http.HTTPStatus.OK, words
    finally:
        web.close()


def main() -> None:
    port = int(os.environ.get("PORT") or 8000)
    base_url = os.environ.get("BASE_URL") or f"http://localhost:{port}"
    is_ready, words = ask("/readyz", base_url=base_url, port=port)
    print(words)  # noqa: T201 - the container's health log is where this is read
    sys.exit(not is_ready)


if __name__ == "__main__":
    main()
