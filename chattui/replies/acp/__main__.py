"""The process that speaks to an agent: orders on standard input, one a line; events on standard output.

It is a process of its own for each chat, so that neither the library's import nor an agent that floods holds up the app, and
so that all of it can be ended at once. It ends, with the agent, when whoever started it does: when standard input ends.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

from chattui.replies.acp.request import Answer, Cancel, Order, TurnRequest, decode
from chattui.replies.teller import Teller


def main() -> None:
    """Serve orders until standard input ends."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no event
    asyncio.run(_serve(Teller(out)))


def _read(loop: asyncio.AbstractEventLoop, orders: asyncio.Queue[Order]) -> None:
    for line in sys.stdin.buffer:
        loop.call_soon_threadsafe(orders.put_nowait, decode(line))
    os.killpg(0, signal.SIGKILL)  # whoever started this is gone: end it with the agent, and what that has started


async def _serve(teller: Teller) -> None:
    from chattui.replies.acp.conversation import Conversation

    orders: asyncio.Queue[Order] = asyncio.Queue()
    threading.Thread(target=_read, args=(asyncio.get_running_loop(), orders), name="orders", daemon=True).start()
    conversation: Conversation | None = None
    turn: asyncio.Task[None] | None = None
    while True:
        match await orders.get():
            case TurnRequest() as request:
                if turn is not None:
                    await turn
                if conversation is None or (conversation.agent, conversation.directory) != (
                    request.agent,
                    request.directory,
                ):
                    if conversation is not None:
                        await conversation.end()
                    conversation = Conversation(request.agent, request.directory, teller.tell)
                turn = asyncio.create_task(conversation.turn(request))
            case Cancel() if conversation is not None:
                conversation.cancel()
            case Answer() as answer if conversation is not None:
                conversation.answer(answer)


if __name__ == "__main__":
    main()
