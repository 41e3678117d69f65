"""Django's PostgreSQL backend on the embedded server, started at the first connection.

Nothing starts for commands that need no database (`--help`, `check`, `collectstatic`).
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from npsapp.embedded import server


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """Called for every new connection, so a server that was killed is started again here."""
        found = server.ensure_running(settings.DATA_DIR)
        self.settings_dict |= {"HOST": found["host"], "PORT": found["port"], "USER": found["user"]}
        if self.settings_dict["NAME"] == "":
            self.settings_dict["NAME"] = found["dbname"]
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """After an orderly stop the server starts on another socket; the pool must look there."""
        if self.pool:
            self.pool.kwargs = {**conn_params, "autocommit": True}
        return super().get_new_connection(conn_params)
