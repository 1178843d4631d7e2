"""The processes that speak to agents, from outside: one for each chat that is talked in, with the agent's session kept."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable

from chattui.replies.acp.request import Answer, Cancel, Order, TurnRequest, encode
from chattui.replies.events import Ended, Event, Failed, decode

log = logging.getLogger("chattui.replies")

GONE = "The program that speaks to the agent ended. What came is kept; the log may tell why."

KEPT = 4
"""Agents that wait for the next prompt of their chats."""

STOP_PATIENCE = 12.0
"""Seconds after which a turn that does not stop is ended with its agent."""

_COMMAND = (sys.executable, "-P", "-m", "chattui.replies.acp")


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a group of its own, with the agent in it
    )


class Talk:
    """A process that speaks to one agent. One turn at a time."""

    def __init__(self) -> None:
        self.process = _start()
        self.turn = threading.Lock()
        self._writing = threading.Lock()
        self._closed = False

    @property
    def is_alive(self) -> bool:
        """Whether it can be spoken to."""
        return self.process.poll() is None

    def tell(self, order: Order) -> None:
        """Write an order. Raises ``OSError`` when it is gone."""
        assert self.process.stdin is not None
        with self._writing:
            self.process.stdin.write(encode(order))
            self.process.stdin.flush()

    def revive(self) -> None:
        """Start it again where the turn before had to be ended with it. Raises ``OSError``."""
        if not self.is_alive and not self._closed:
            self.process = _start()

    def close(self) -> None:
        """End it for good."""
        self._closed = True
        self.end()

    def end(self) -> None:
        """End it at once, with the agent and what that has started."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Turn:
    """A turn that an agent holds. ``on_event`` is called on a thread of its own, in order; the last event is one ``Ended`` or
    ``Failed``, and nothing comes after ``stop``."""

    def __init__(self, talk: Talk, on_event: Callable[[Event], None]) -> None:
        self._talk = talk
        self._on_event = on_event
        self._lock = threading.Lock()
        self._over = self._read = False

    def stop(self) -> None:
        """Tell the agent to stop; when it does not, it is ended. Returns at once; no event follows."""
        with self._lock:
            if self._over:
                return
            self._over = True
        self._tell(Cancel())
        killer = threading.Timer(STOP_PATIENCE, self._end_stuck)
        killer.daemon = True
        killer.start()

    def answer(self, ask: str, option: str) -> None:
        """Answer what the agent asked; an empty option refuses."""
        self._tell(Answer(ask, option))

    def hold(self, request: TurnRequest) -> None:
        """Write the prompt and hand on what comes, until the turn is over. Blocks."""
        with self._talk.turn:
            last: Ended | Failed = Failed(GONE)
            with self._lock:
                if self._over:  # stopped before its turn came
                    self._read = True
                    return
            try:
                self._talk.revive()
                self._talk.tell(request)
                assert self._talk.process.stdout is not None
                for line in self._talk.process.stdout:
                    event = decode(line)
                    if isinstance(event, Ended | Failed):
                        last = event
                        break
                    self._hand_on(event)
                else:
                    self._talk.end()
            except (OSError, ValueError):
                log.info("the process of the agent cannot be spoken to", exc_info=True)
                self._talk.end()
            self._read = True
            self._hand_on(last, over=True)

    def _tell(self, order: Order) -> None:
        try:
            self._talk.tell(order)
        except (OSError, ValueError):
            log.info("the process of the agent is gone")

    def _end_stuck(self) -> None:
        if not self._read:
            self._talk.end()

    def _hand_on(self, event: Event, *, over: bool = False) -> None:
        with self._lock:
            if self._over:
                return
            self._over = over
        self._on_event(event)


class Talks:
    """The processes by chat."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._talks: OrderedDict[int, Talk] = OrderedDict()

    def hold(self, chat_id: int, request: TurnRequest, on_event: Callable[[Event], None]) -> Turn:
        """Hold a turn in a chat. Returns at once. Raises ``OSError`` where no process can be started."""
        with self._lock:
            talk = self._talks.pop(chat_id, None)
            if talk is None or not talk.is_alive:
                talk = Talk()
            self._talks[chat_id] = talk
            idle = [key for key, one in self._talks.items() if one is not talk and not one.turn.locked()]
            ended = [self._talks.pop(key) for key in idle[: max(0, len(self._talks) - KEPT)]]
        for one in ended:
            one.close()
        turn = Turn(talk, on_event)
        threading.Thread(target=turn.hold, args=(request,), name="chattui-agent", daemon=True).start()
        return turn

    def close(self) -> None:
        """End every process."""
        with self._lock:
            talks = list(self._talks.values())
            self._talks.clear()
        for talk in talks:
            talk.close()
