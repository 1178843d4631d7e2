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


def continue_session(rng: random.Random, size: int) -> Record:
    """A session of Continue."""

    def item(role: str, content: Any, *, fields: Record | None = None, **message: Any) -> Record:
        return {"message": {"role": role, "content": content, **message}, "contextItems": [], **(fields or {})}

    def call(n: int) -> Record:
        return {"id": f"c{n}", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}

    def ended(n: int) -> Record:
        status = rng.choice(["done", "errored", "calling"])
        return {"toolCallId": f"c{n}", "toolCall": call(n), "status": status, "output": [{"content": "ok"}]}

    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}, "model": "m"}
    history: list[Record] = []
    steps = [
        lambda n: item("user", "prompt", fields={"contextItems": [{"name": "a.md", "content": "text"}]}),
        lambda n: item(
            "user", [{"type": "text", "text": "prompt"}, {"imageUrl": {"url": "data:image/png;base64,aGk="}}]
        ),
        lambda n: item("assistant", "answer", usage=usage, fields={"reasoning": {"text": "hm"}}),
        lambda n: item("assistant", "", toolCalls=[call(n)], fields={"toolCallStates": [ended(n)]}),
        lambda n: item("assistant", "", fields={"toolCallStates": [ended(n)]}),
        lambda n: item("tool", "ok", toolCallId=f"c{n - 1}"),
        lambda n: item("thinking", "hm"),
        lambda n: item("system", "be good"),
        lambda n: item("assistant", "on", fields={"conversationSummary": "short"}),
        lambda n: item("news", "else"),
    ]
    for n in range(size):
        history.append(rng.choice(steps)(n))
    return {"sessionId": THREAD, "title": "New Session", "workspaceDirectory": "file:///work/app", "history": history}


def amp_thread(rng: random.Random, size: int) -> Record:
    """A thread of Amp."""

    def message(role: str, *content: Record, **fields: Any) -> Record:
        return {"role": role, "content": list(content), **fields}

    def text(words: str) -> Record:
        return {"type": "text", "text": words}

    usage = {"model": "m", "inputTokens": 9, "outputTokens": 3, "cacheReadInputTokens": 2, "timestamp": stamp(1)}
    run = {"status": rng.choice(["done", "error", "in-progress"]), "result": "ok", "error": {"message": "no"}}
    call = {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"cmd": "ls"}}
    steps = [
        lambda: message("user", text("prompt"), meta={"sentAt": 1_772_000_000_000}),
        lambda: message("assistant", {"type": "thinking", "thinking": "hm"}, text("answer"), usage=usage),
        lambda: message("assistant", call, usage=usage),
        lambda: message("user", {"type": "tool_result", "toolUseID": "c1", "run": run}),
        lambda: message("user", {"type": "image", "source": {"mediaType": "image/png", "data": "aGk="}}),
        lambda: message("assistant", {"type": "news", "what": "else"}),
    ]
    return {
        "v": 1,
        "id": "T-1",
        "created": 1_771_000_000_000,
        "title": "boat",
        "messages": [rng.choice(steps)() for _ in range(size)],
        "env": {"initial": {"trees": [{"displayName": "app", "uri": "file:///work/app"}]}},
    }


def vscode_session(rng: random.Random, size: int) -> Record:
    """A chat of VS Code."""
    call = {
        "kind": "toolInvocationSerialized",
        "toolId": "run_in_terminal",
        "toolCallId": "c1",
        "invocationMessage": {"value": "Running `ls`"},
        "pastTenseMessage": "Ran `ls`",
        "isComplete": True,
        "toolSpecificData": {"kind": "terminal", "commandLine": {"original": "ls"}},
    }
    items: list[Record] = [
        {"value": "some **text** "},
        {"kind": "inlineReference", "inlineReference": {"path": "/work/app/a.md"}},
        {"kind": "thinking", "value": "hm"},
        call,
        {"kind": "undoStop", "id": "x"},
        {"kind": "textEditGroup", "uri": {"path": "/work/app/a.md"}},
        {"kind": "news", "what": "else"},
    ]

    def request(n: int) -> Record:
        return {
            "requestId": f"r{n}",
            "message": {"text": "prompt", "parts": []},
            "variableData": {"variables": [{"kind": "file", "name": "a.md"}]},
            "response": [rng.choice(items) for _ in range(rng.randrange(6))],
            "timestamp": 1_772_000_000_000 + n,
            "modelId": "copilot/m",
            "result": {"timings": {"totalElapsed": 5}, "metadata": {"promptTokens": 9, "outputTokens": 3}},
            "isCanceled": rng.random() < 0.2,
        }

    return {
        "version": 3,
        "sessionId": THREAD,
        "creationDate": 1_771_000_000_000,
        "responderUsername": "Copilot",
        "requests": [request(n) for n in range(size)],
    }


def vscode_log(rng: random.Random, size: int) -> list[Record]:
    """The same as a log of operations."""
    session = vscode_session(rng, size)
    requests = session.pop("requests")
    records: list[Record] = [{"kind": 0, "v": {**session, "requests": []}}]
    for n, request in enumerate(requests):
        response = request.pop("response")
        records.append({"kind": 2, "k": ["requests"], "v": [request]})
        records.append({"kind": 2, "k": ["requests", n, "response"], "v": [{"value": "not yet"}, {"value": "old"}]})
        records.append({"kind": 2, "k": ["requests", n, "response"], "v": response, "i": rng.randrange(2)})
        records.append({"kind": 1, "k": ["customTitle"], "v": f"title {n}"})
        records.append({"kind": 3, "k": ["requests", n, "isCanceled"]})
    return records
