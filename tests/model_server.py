"""A server that speaks OpenAI's protocol over real HTTP, well or badly: which, the name of the model says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-loopback-0123456789abcdefghijklmnop"
USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 7,
    "total_tokens": 19,
    "prompt_tokens_details": {"cached_tokens": 4},
    "cost": 0.00125,
}
NAMES = ("echo", "other")


class ModelServer(ThreadingHTTPServer):
    """Keeps what it was asked. ``go`` lets models that wait for it go on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.go = threading.Event()
        self.said = "Hello **there**"
        self.title = "Named"
        """What it suggests as a title."""
        self.speed = 0.0
        """Seconds between two tokens."""
        self.held_after: int | None = None
        """Tokens after which a reply waits for ``go``."""

    @property
    def url(self) -> str:
        """As a person would configure it."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may go away at any time."""


@contextmanager
def serving() -> Iterator[ModelServer]:
    """A server on a free port of the loopback interface."""
    server = ModelServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Quietly."""

    def do_GET(self) -> None:
        """The models that it has."""
        self._json(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in NAMES]})

    def do_POST(self) -> None:
        """A reply, as the model's name says."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        self.server.keys.append(self.headers.get("Authorization", ""))
        act: Callable[[], None] = getattr(self, f"_{asked['model'].replace('-', '_')}", self._echo)
        act()

    # Well

    def _echo(self) -> None:
        if "You give conversations their titles" in str(self.server.asked[-1]["messages"][0]["content"]):
            self._namer()
            return
        self._begin()
        words = self.server.said.replace("{prompt}", str(self.server.asked[-1]["messages"][-1]["content"])).split(" ")
        for number, word in enumerate(words):
            if number == self.server.held_after:
                self.server.go.wait(30)
            self._say(word if number == 0 else f" {word}")
            if self.server.speed:
                threading.Event().wait(self.server.speed)
        self._finish()

    def _namer(self) -> None:
        self._begin()
        self._say(self.server.title)
        self._finish()

    def _rambles(self) -> None:
        self._begin()
        for _ in range(20):
            self._say("\n" * 1_000)
        self._finish()

    def _short(self) -> None:
        self._begin()
        self._say("One, two,")
        self._finish("length")

    # Badly

    def _stalls(self) -> None:
        self._begin()
        self._say("Half of")
        self.server.go.wait(30)
        self._say(" it")
        self._finish()

    def _never(self) -> None:
        self.server.go.wait(30)

    def _breaks_off(self) -> None:
        self._begin()
        self._say("As I was say")
        self.close_connection = True

    def _ends_early(self) -> None:
        self._begin()
        self._say("Politely cut")
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _forever(self) -> None:
        self._begin()
        while not self.server.go.is_set():
            self._say("blah " * 4000)

    def _long_line(self) -> None:
        self._begin()
        self._say("x" * 10_000_000)
        self._finish()

    def _hostile(self) -> None:
        self._begin()
        self._say("\x1b]0;owned\x07\x1b[31mred[/] [bold]markup \u202edrawkcab \ud800 \x00 nul")
        self._finish()

    def _not_utf8(self) -> None:
        self._begin()
        self._say("Before")
        self._chunk(b'data: {"choices": [{"index": 0, "delta": {"content": "\xff\xfe"}}]}\n\n')
        self._finish()

    def _limited(self) -> None:
        self._json(429, {"error": {"message": "Slow down"}}, {"Retry-After": "7", "x-should-retry": "false"})

    def _refuses(self) -> None:
        self._json(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})

    def _fails(self) -> None:
        self._json(500, {"error": {"message": "CUDA out of memory"}}, {"x-should-retry": "false"})

    def _garbage(self) -> None:
        self._begin()
        self._chunk(b"data: {this is no JSON\n\n")
        self._finish()

    def _html(self) -> None:
        body = b"<html>It works!</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    # Parts

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _say(self, text: str) -> None:
        self._event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})

    def _finish(self, reason: str = "stop") -> None:
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        self._event({"choices": [], "usage": USAGE})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _event(self, fields: dict[str, Any]) -> None:
        whole = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "echo", **fields}
        self._chunk(b"data: " + json.dumps(whole).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
