"""The database server itself: the embedded one is started, watched and stopped here; others are only addressed."""

from chattui.server.api import (
    client_program,
    conninfo,
    log_path,
    open_database,
    ping_socket,
    shell_command,
    status,
    stop,
)
from chattui.server.facts import Beside, OpenDatabase, ServerStatus

__all__ = [
    "Beside",
    "OpenDatabase",
    "ServerStatus",
    "client_program",
    "conninfo",
    "log_path",
    "open_database",
    "ping_socket",
    "shell_command",
    "status",
    "stop",
]
