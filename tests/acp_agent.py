"""An agent that speaks the Agent Client Protocol in raw JSON, and does what the prompt says: a scripted one for tests.

Told as a program: ``python acp_agent.py [old|locked|mute|garbage|gone|loads|forgets]``.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

PLAN = [
    {"content": "look at it", "priority": "high", "status": "completed"},
    {"content": "mend it", "priority": "high", "status": "in_progress"},
]
OPTIONS = [
    {"optionId": "yes", "name": "Allow once", "kind": "allow_once"},
    {"optionId": "ever", "name": "Always allow", "kind": "allow_always"},
    {"optionId": "no", "name": "Reject", "kind": "reject_once"},
]
LONG_LINE = 17_000_000


class Agent:
    """Sessions that only remember how many prompts they had."""

    def __init__(self, mood: str) -> None:
        self.mood = mood
        self.sessions: dict[str, int] = {}
        self.cancelled = threading.Event()
        self.answers: dict[int, Any] = {}
        self.answered = threading.Condition()
        self.asked = 0
        self.cwd = ""

    def write(self, message: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()

    def update(self, session: str, **update: Any) -> None:
        self.write({"method": "session/update", "params": {"sessionId": session, "update": update}})

    def say(self, session: str, text: str, kind: str = "agent_message_chunk") -> None:
        self.update(session, sessionUpdate=kind, content={"type": "text", "text": text})

    def ask(self, session: str, call: dict[str, Any]) -> Any:
        """What the person chose."""
        self.asked += 1
        number = 1_000 + self.asked
        params = {"sessionId": session, "toolCall": call, "options": OPTIONS}
        self.write({"id": number, "method": "session/request_permission", "params": params})
        with self.answered:
            self.answered.wait_for(lambda: number in self.answers)
        return self.answers[number]["outcome"]

    def serve(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            method, params = message.get("method"), message.get("params") or {}
            if method is None:
                with self.answered:
                    self.answers[message["id"]] = message.get("result")
                    self.answered.notify_all()
            elif method == "session/cancel":
                self.cancelled.set()
            elif method == "session/prompt":
                threading.Thread(target=self.turn, args=(message["id"], params), daemon=True).start()
            else:
                self.reply(message["id"], method, params)

    def reply(self, number: int, method: str, params: dict[str, Any]) -> None:
        if self.mood == "mute":
            return
        if self.mood == "gone":
            print("no licence found", file=sys.stderr)
            raise SystemExit(3)
        if self.mood == "locked" and method == "session/new":
            self.write({"id": number, "error": {"code": -32000, "message": "Authentication required"}})
        elif self.mood == "garbage":
            self.write({"id": number, "result": ["what", "?"]})
        elif method == "initialize":
            info = {"name": "scripted", "title": "Scripted Agent", "version": "1"}
            version = 7 if self.mood == "old" else 1
            capable: dict[str, Any] = {"promptCapabilities": {"image": True, "embeddedContext": True}}
            capable["loadSession"] = self.mood in ("loads", "forgets")
            self.write(
                {"id": number, "result": {"protocolVersion": version, "agentCapabilities": capable, "agentInfo": info}}
            )
        elif method == "session/load" and self.mood == "forgets":
            self.write({"id": number, "error": {"code": -32602, "message": "no such session"}})
        elif method == "session/load":
            session = params["sessionId"]
            self.sessions[session] = 100
            self.cwd = params["cwd"]
            self.say(session, "What was said long ago.")
            self.write({"id": number, "result": {}})
        else:
            session = f"s{len(self.sessions) + 1}"
            self.sessions[session] = 0
            self.cwd = params["cwd"]
            self.write({"id": number, "result": {"sessionId": session}})

    def turn(self, number: int, params: dict[str, Any]) -> None:
        session = params["sessionId"]
        self.sessions[session] += 1
        self.cancelled.clear()
        *before, last = params["prompt"]
        word = last["text"].split()[0]
        script = getattr(self, f"do_{word}", None)
        why = "end_turn"
        if script is not None:
            why = script(session) or why
        else:
            with_files = [block for block in before if block["type"] != "text"]
            said = " ".join(block["text"] for block in before if block["type"] == "text")
            told = f"{session} prompt {self.sessions[session]} in {self.cwd}: {last['text']}"
            self.say(
                session, told + (f" after {said!r}" if said else "") + f" with {len(with_files)}" * bool(with_files)
            )
        self.write({"id": number, "result": {"stopReason": why}})

    # What prompts say

    def do_work(self, session: str) -> str:
        self.say(session, "I must look ", "agent_thought_chunk")
        self.say(session, "first.", "agent_thought_chunk")
        self.say(session, "Let me **see**.")
        self.update(session, sessionUpdate="plan", entries=PLAN)
        self.update(
            session, sessionUpdate="tool_call", toolCallId="c1", title="Run the tests", kind="execute", status="pending",
            rawInput={"command": "make test"},
        )  # fmt: skip
        self.update(session, sessionUpdate="tool_call_update", toolCallId="c1", status="in_progress")
        self.update(
            session, sessionUpdate="tool_call_update", toolCallId="c1", status="completed",
            content=[{"type": "content", "content": {"type": "text", "text": "3 passed\nall good"}}],
        )  # fmt: skip
        diff = {"type": "diff", "path": "/work/pool.py", "oldText": "size = 5", "newText": "size = 50"}
        call = {"toolCallId": "c2", "title": "Edit pool.py", "kind": "edit", "status": "pending", "content": [diff]}
        self.update(session, sessionUpdate="tool_call", **call)
        outcome = self.ask(session, call)
        if outcome["outcome"] == "cancelled":
            return "cancelled"
        done = outcome["optionId"] in ("yes", "ever")
        self.update(
            session, sessionUpdate="tool_call_update", toolCallId="c2", status="completed" if done else "failed"
        )
        self.say(session, "It is " + ("mended." if done else "as it was."))
        self.update(session, sessionUpdate="usage_update", used=10, size=100, cost={"amount": 0.25, "currency": "USD"})
        return "end_turn"

    def do_Mend(self, session: str) -> str:
        """For the pictures: a turn that a person would read."""
        self.say(session, "The digest job takes a connection and keeps it while it mails.", "agent_thought_chunk")
        self.say(
            session,
            "The pool has ten connections, and the digest runs in 32 threads. I look where each of them takes one.",
        )
        self.update(
            session, sessionUpdate="tool_call", toolCallId="r1", title="Read digests.py", kind="read", status="completed",
            locations=[{"path": "jobs/digests.py"}],
            content=[{"type": "content", "content": {"type": "text", "text": "def run(captain):\n    with pool.get() as c:\n"}}],
        )  # fmt: skip
        steps = ("Find who keeps connections", "Give them back before mailing", "Run the tests", "Commit")
        status = ("completed", "in_progress", "pending", "pending")
        entries = [
            {"content": step, "priority": "high", "status": how} for step, how in zip(steps, status, strict=True)
        ]
        self.update(session, sessionUpdate="plan", entries=entries)
        old = (
            "def run(captain):\n    with pool.get() as conn:\n        due = recent(conn, captain)\n        mail(due)\n"
        )
        new = "def run(captain):\n    with pool.get() as conn:\n        due = recent(conn, captain)\n    mail(due)\n"
        diff = {"type": "diff", "path": "jobs/digests.py", "oldText": old, "newText": new}
        call = {"toolCallId": "e1", "title": "Edit digests.py", "kind": "edit", "status": "pending", "content": [diff]}
        self.update(session, sessionUpdate="tool_call", **call)
        outcome = self.ask(session, call)
        if outcome["outcome"] == "cancelled":
            return "cancelled"
        self.update(session, sessionUpdate="tool_call_update", toolCallId="e1", status="completed")
        self.update(
            session, sessionUpdate="tool_call", toolCallId="t1", title="Run the tests", kind="execute", status="completed",
            rawInput={"command": "pytest -q jobs"},
            content=[{"type": "content", "content": {"type": "text", "text": "42 passed in 1.31s"}}],
        )  # fmt: skip
        self.say(
            session,
            "`jobs/digests.py` gives its connection back **before** it mails: a slow mail server costs none of the ten.\n\n"
            "* 42 tests pass.\n* Nothing is committed yet.",
        )
        return "end_turn"

    def do_wait(self, session: str) -> str:
        self.say(session, "Half of")
        self.update(
            session,
            sessionUpdate="tool_call",
            toolCallId="w1",
            title="A long build",
            kind="execute",
            status="in_progress",
        )
        self.cancelled.wait()
        return "cancelled"

    def do_hang(self, session: str) -> None:
        self.say(session, "Half of")
        time.sleep(3_600)

    def do_exit(self, session: str) -> None:
        self.say(session, "Half of")
        self.update(
            session, sessionUpdate="tool_call", toolCallId="x1", title="Out", kind="other", status="in_progress"
        )
        print("segmentation \x1b[31mfault", file=sys.stderr, flush=True)
        sys.stdout.flush()
        import os

        os._exit(9)

    def do_malformed(self, session: str) -> None:
        self.say(session, "Before. ")
        update = {
            "sessionId": session,
            "update": {"sessionUpdate": "tool_call", "toolCallId": {"a": 1}, "title": "bad"},
        }
        self.write({"method": "session/update", "params": update})
        self.write({"method": "session/update", "params": [1, 2]})
        self.update(session, sessionUpdate="surprise", what="new")
        self.write({"id": [1], "result": 3})
        self.write({"id": 77, "error": "no object"})
        sys.stdout.write("warning: \x1b]0;owned\x07 not JSON\n[1, 2\n" + "[" * 100_000 + "\n")
        sys.stdout.write('{"a": "' + "x" * LONG_LINE + '"}\n')
        self.update(
            session, sessionUpdate="tool_call", toolCallId="m1", title="Odd arguments", status="completed",
            rawInput="{not json", rawOutput={"deep": [1, {"x": None}]}, kind="unheard of",
        )  # fmt: skip
        self.say(session, "After.")

    def do_flood(self, session: str) -> None:
        text = "x" * 1_000
        while not self.cancelled.is_set():
            self.say(session, text)

    def do_churn(self, session: str) -> str:
        self.say(session, "Begun.")
        output = "y" * 20_000
        number = 0
        self.update(
            session, sessionUpdate="tool_call", toolCallId="f1", title="Churns", kind="execute", status="in_progress"
        )
        while not self.cancelled.is_set():
            number += 1
            content = [{"type": "content", "content": {"type": "text", "text": f"{number} {output}"}}]
            self.update(session, sessionUpdate="tool_call_update", toolCallId="f1", content=content)
        return "cancelled"


if __name__ == "__main__":
    Agent(sys.argv[1] if len(sys.argv) > 1 else "").serve()
