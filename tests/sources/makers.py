"""Random invented histories of each plain format, for what every source promises."""

from __future__ import annotations

import random
from typing import Any

from histories import THREAD, Record, stamp, uuid


def pi_records(rng: random.Random, size: int) -> list[Record]:
    """A Pi session of any of its versions, with branches where entries have ids."""
    version = rng.choice([1, 2, 3])
    records: list[Record] = [
        {"type": "session", "version": version, "id": THREAD, "timestamp": stamp(0), "cwd": "/work/app"}
    ]
    ids: list[str | None] = [None]

    def entry(kind: str, **fields: Any) -> None:
        n = len(records)
        place = (
            {} if version == 1 else {"id": f"{n:08x}", "parentId": ids[-1] if rng.random() < 0.9 else rng.choice(ids)}
        )
        records.append({"type": kind, **place, "timestamp": stamp(n), **fields})
        ids.append(f"{n:08x}")

    def message(role: str, **fields: Any) -> None:
        entry("message", message={"role": role, **fields})

    def text(words: str) -> Record:
        return {"type": "text", "text": words}

    steps = [
        lambda: message("user", content=[text("prompt"), {"type": "image", "mimeType": "image/png", "data": "aGk="}]),
        lambda: message("user", content="prompt"),
        lambda: message(
            "assistant",
            model=f"m{rng.randrange(3)}",
            content=[
                {"type": "thinking", "thinking": "hm"},
                text("answer"),
                {"type": "toolCall", "id": f"c{rng.randrange(5)}", "name": "bash", "arguments": {"command": "ls"}},
            ],
            usage={"input": rng.randrange(9), "output": 3, "cacheRead": 2, "cacheWrite": 1},
            stopReason=rng.choice(["stop", "aborted"]),
        ),
        lambda: message(
            "toolResult", toolCallId="c1", toolName="bash", content=[text("ok")], isError=rng.random() < 0.5
        ),
        lambda: message("bashExecution", command="ls", output="a", exitCode=rng.randrange(2)),
        lambda: message("system", content="be good"),
        lambda: entry("model_change", modelId=f"m{rng.randrange(3)}"),
        lambda: entry("session_info", name=f"name {rng.randrange(9)}"),
        lambda: entry("compaction", summary="short"),
        lambda: entry("news", what="else"),
    ]
    for _ in range(size):
        rng.choice(steps)()
    return records


def pi_large(prompts: list[str]) -> list[Record]:
    return [
        {"type": "message", "timestamp": stamp(1), "message": {"role": "user", "content": words}} for words in prompts
    ]


def copilot_records(rng: random.Random, size: int) -> list[Record]:
    """Copilot CLI events, usage reported by records of their own or by the messages."""
    records: list[Record] = []

    def event(kind: str, **data: Any) -> None:
        n = len(records)
        records.append({"type": kind, "data": data, "id": uuid(n), "timestamp": stamp(n), "parentId": None})

    def request(n: int) -> Record:
        return {"toolCallId": f"c{n}", "name": "bash", "arguments": {"command": "ls"}}

    event("session.start", sessionId=THREAD, copilotVersion="1.0", selectedModel="m", context={"cwd": "/work/app"})
    side = {"parentToolCallId": "agent"}
    steps = [
        lambda: event("user.message", content="prompt", attachments=[{"type": "file", "path": "/a"}]),
        lambda: event("user.message", content="<skill-context>x", source="skill-x"),
        lambda: event("session.usage_record", usage={"inputTokens": 9, "outputTokens": 3, "cacheReadTokens": 2}),
        lambda: event("assistant.message", content="answer", outputTokens=4, toolRequests=[request(rng.randrange(9))]),
        lambda: event("assistant.message", content="", reasoningText="hm", **rng.choice([side, {}])),
        lambda: event("tool.execution_start", toolCallId=f"c{rng.randrange(9)}", toolName="bash", arguments="{}"),
        lambda: event("tool.execution_complete", toolCallId="c1", success=rng.random() < 0.5, result={"content": "ok"}),
        lambda: event("session.model_change", newModel=f"m{rng.randrange(3)}"),
        lambda: event("abort", reason="user"),
        lambda: event("session.error", message="no"),
        lambda: event("session.news", message="else"),
        lambda: event("assistant.turn_end"),
    ]
    for _ in range(size):
        rng.choice(steps)()
    return records


def copilot_large(prompts: list[str]) -> list[Record]:
    return [{"type": "user.message", "data": {"content": words}, "id": "x", "timestamp": stamp(1)} for words in prompts]


def cursor_records(rng: random.Random, size: int) -> list[Record]:
    """A Cursor transcript, with and without ids and results."""

    def line(role: str, *content: Record) -> Record:
        return {"role": role, "message": {"content": list(content)}}

    def text(words: str) -> Record:
        return {"type": "text", "text": words}

    steps = [
        lambda: line("user", text("<user_query>\nprompt\n</user_query>")),
        lambda: line("assistant", {"type": "thinking", "thinking": "hm"}, text("answer")),
        lambda: line(
            "assistant", text("[REDACTED]"), {"type": "tool_use", "name": "Shell", "input": {"command": "ls"}}
        ),
        lambda: line("assistant", {"type": "tool_use", "id": "t", "name": "Read", "input": {"path": "a"}}),
        lambda: line("user", {"type": "tool_result", "tool_use_id": "t", "content": [text("ok")]}),
        lambda: line("user", {"type": "tool-result", "content": "ok"}),
        lambda: line("assistant", {"type": "news", "text": "else"}),
        lambda: {"type": "turn_ended", "status": "success"},
    ]
    return [rng.choice(steps)() for _ in range(size)]


def cursor_large(prompts: list[str]) -> list[Record]:
    return [{"role": "user", "message": {"content": [{"type": "text", "text": words}]}} for words in prompts]


def gemini_messages(rng: random.Random, size: int) -> list[Record]:
    """Messages of a Gemini CLI session as they stand in a document; some again with more."""
    messages: list[Record] = []

    def message(kind: str, content: Any, **fields: Any) -> None:
        n = len(messages)
        messages.append({"id": f"m{n}", "timestamp": stamp(n), "type": kind, "content": content, **fields})

    def call() -> Record:
        n = rng.randrange(9)
        given = {"functionResponse": {"id": f"c{n}", "name": "shell", "response": {"output": "ok"}}}
        status = rng.choice(["success", "error", "executing"])
        result = [given] if status != "executing" else []
        return {"id": f"c{n}", "name": "shell", "args": {"command": "ls"}, "status": status, "result": result}

    tokens = {"input": 9, "output": 3, "cached": 2, "thoughts": 1, "tool": 0, "total": 13}
    steps = [
        lambda: message("user", [{"text": "prompt"}, {"inlineData": {"mimeType": "image/png", "data": "aGk="}}]),
        lambda: message("user", [{"text": "<session_context>\nhere"}]),
        lambda: message("user", [{"functionResponse": {"id": f"c{rng.randrange(9)}", "response": {"error": "no"}}}]),
        lambda: message(
            "gemini", "answer", tokens=tokens, model="g", thoughts=[{"subject": "Hm", "description": "so"}]
        ),
        lambda: message("gemini", "", toolCalls=[call()]),
        lambda: message(rng.choice(["info", "error", "news"]), "words"),
        lambda: (
            messages.append({**rng.choice(messages), "toolCalls": [call()], "tokens": tokens}) if messages else None
        ),
    ]
    for _ in range(size):
        rng.choice(steps)()
    return messages


def gemini_records(rng: random.Random, size: int) -> list[Record]:
    """The same as a log of operations, with checkpoints and rewinds."""
    records: list[Record] = [{"sessionId": THREAD, "projectHash": "f" * 64, "startTime": stamp(0), "kind": "main"}]
    said: list[Record] = []
    for message in gemini_messages(rng, size):
        said.append(message)
        records.append(message)
        if rng.random() < 0.1:
            records.append({"$set": {"lastUpdated": stamp(1), "summary": f"summary {rng.randrange(9)}"}})
        if rng.random() < 0.05:
            records.append({"$set": {"messages": said[-5:]}})
        if rng.random() < 0.05:
            records.append({"$rewindTo": rng.choice(said)["id"]})
    return records


def gemini_large(prompts: list[str]) -> list[Record]:
    return [{"id": f"m{n}", "type": "user", "content": words} for n, words in enumerate(prompts)]
