"""Invented exports of web chats: small ones to say what matters, and random ones."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from histories import age, uuid

Record = dict[str, Any]
BEGUN = 1_772_000_000.0
PNG = b"\x89PNG\r\n\x1a\n" + b"boat" * 20


def packed(members: Mapping[str, Any], **options: Any) -> bytes:
    """A zip of these members; what is not bytes is written as JSON."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return buffer.getvalue()


def put(path: Path, content: Any) -> Path:
    """A file of bytes or JSON that nobody is writing any more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode("utf-8", "surrogatepass"))
    age(path)
    return path


class Gpt:
    """Builds a conversation of ChatGPT: every node answers the one before unless told otherwise."""

    def __init__(self, n: int = 1, **fields: Any) -> None:
        self.fields = {"conversation_id": uuid(n), "title": f"Boats {n}", "create_time": BEGUN + n, **fields}
        self.nodes: dict[str, Record] = {}
        self.n = 0
        self.last: str | None = None
        self.add(None, name="client-created-root")

    def add(self, message: Record | None, name: str = "", parent: str | None = None) -> str:
        self.n += 1
        name = name or f"n{self.n}"
        parent = parent or self.last
        self.nodes[name] = {"id": name, "parent": parent, "children": [], "message": message}
        if parent in self.nodes:
            self.nodes[parent]["children"].append(name)
        self.last = name
        return name

    def say(
        self,
        role: str,
        content: Any,
        *,
        parent: str | None = None,
        author: str = "",
        recipient: str = "all",
        about: Record | None = None,
        **more: Any,
    ) -> str:
        if isinstance(content, str):
            content = {"content_type": "text", "parts": [content]}
        message = {
            "id": f"m{self.n}",
            "author": {"role": role, "name": author or None, "metadata": {}},
            "create_time": BEGUN + 60 * self.n,
            "content": content,
            "status": "finished_successfully",
            "weight": 1.0,
            "recipient": recipient,
            "metadata": {"model_slug": "gpt-5"} | (about or {}) if role == "assistant" else about or {},
            **more,
        }
        return self.add(message, parent=parent)

    def record(self, **fields: Any) -> Record:
        return {**self.fields, "mapping": self.nodes, "current_node": self.last, **fields}


def gpt_random(rng: random.Random, size: int, n: int = 1) -> Record:
    """A conversation with whatever ChatGPT writes."""
    made = Gpt(n)
    names: list[str] = ["client-created-root"]
    steps = [
        lambda: made.say("user", f"prompt {made.n}"),
        lambda: made.say("assistant", f"answer {made.n}"),
        lambda: made.say("user", f"edited {made.n}", parent=rng.choice(names)),
        lambda: made.say("assistant", f"again {made.n}", parent=rng.choice(names)),
        lambda: made.say("system", "", about={"is_visually_hidden_from_conversation": True}),
        lambda: made.say("user", {"content_type": "user_editable_context", "user_profile": "a sailor"}),
        lambda: made.say("assistant", {"content_type": "thoughts", "thoughts": [{"summary": "Hm", "content": "so"}]}),
        lambda: made.say("assistant", {"content_type": "code", "language": "python", "text": "1"}, recipient="python"),
        lambda: made.say("tool", {"content_type": "execution_output", "text": "1"}, author="python"),
        lambda: made.say("tool", {"content_type": "tether_quote", "title": "t", "url": "u", "text": "q"}, author="web"),
        lambda: made.say(
            "user",
            {
                "content_type": "multimodal_text",
                "parts": ["see", {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-abc"}],
            },
        ),
        lambda: made.say("assistant", {"content_type": "news", "what": "else"}),
        lambda: made.add(None),
    ]
    for _ in range(size):
        names.append(rng.choice(steps)())
    return made.record(current_node=rng.choice([*names, None, "missing"]))


def claude_message(n: int, sender: str, *blocks: Record, parent: str = "", **fields: Any) -> Record:
    message = {
        "uuid": uuid(n),
        "sender": sender,
        "text": "This block is not supported on your current device yet." if blocks else "",
        "content": list(blocks),
        "created_at": f"2026-03-01T10:{n // 60 % 60:02}:{n % 60:02}.123456Z",
        "attachments": [],
        "files": [],
        **fields,
    }
    return message | ({"parent_message_uuid": parent} if parent else {})


def claude_chat(n: int, *messages: Record, **fields: Any) -> Record:
    return {
        "uuid": uuid(1000 + n),
        "name": f"Boats {n}",
        "created_at": "2026-03-01T09:59:00.000000Z",
        "updated_at": "2026-03-01T11:00:00.000000Z",
        "account": {"uuid": uuid(9)},
        "chat_messages": list(messages),
        **fields,
    }


def text(words: str) -> Record:
    return {"type": "text", "text": words, "citations": []}


def claude_random(rng: random.Random, size: int, n: int = 1) -> Record:
    steps = [
        lambda i: claude_message(i, "human", text(f"prompt {i}")),
        lambda i: claude_message(i, "assistant", {"type": "thinking", "thinking": "hm"}, text(f"answer {i}")),
        lambda i: claude_message(
            i, "assistant", {"type": "tool_use", "name": "artifacts", "input": {"title": "t", "content": "c"}}
        ),
        lambda i: claude_message(i, "assistant", {"type": "tool_result", "name": "artifacts", "content": [text("OK")]}),
        lambda i: claude_message(i, "human", attachments=[{"file_name": "a.md", "extracted_content": "words"}]),
        lambda i: claude_message(i, "human", files=[{"file_name": "a.png"}]),
        lambda i: claude_message(i, "assistant", {"type": "news"}, {"type": "voice_note", "title": "t", "text": "v"}),
        lambda i: claude_message(i, "human", text("edited"), parent=uuid(rng.randrange(1, 10))),
        lambda i: {"text": "who?"},
    ]
    return claude_chat(n, *(rng.choice(steps)(i) for i in range(1, size + 1)))


def webui_chat(n: int, *messages: Record, current: str | None = None, **fields: Any) -> Record:
    said = {message["id"]: message for message in messages}
    history = {"messages": said, "currentId": current or (messages[-1]["id"] if messages else None)}
    chat = {
        "title": f"Boats {n}",
        "models": ["qwen3:8b"],
        "history": history,
        "messages": [],
        "timestamp": 1_772_000_000_000,
    }
    return {
        "id": uuid(2000 + n),
        "user_id": uuid(8),
        "title": f"Boats {n}",
        "chat": chat,
        "created_at": 1_772_000_000,
        **fields,
    }


def webui_message(n: int, role: str, content: Any, parent: int | None = None, **fields: Any) -> Record:
    return {
        "id": f"w{n}",
        "parentId": None if parent is None else f"w{parent}",
        "childrenIds": [],
        "role": role,
        "content": content,
        "timestamp": 1_772_000_000 + 60 * n,
        **({"model": "qwen3:8b", "done": True} if role == "assistant" else {}),
        **fields,
    }


def webui_random(rng: random.Random, size: int, n: int = 1) -> Record:
    thought = '<details type="reasoning" done="true" duration="1">\n<summary>Thought for 1 second</summary>\n> hm\n</details>\n'
    called = (
        '<details type="tool_calls" done="true" id="c" name="ls" arguments="{&quot;a&quot;: 1}" '
        'result="&quot;ok&quot;">\n<summary>Tool Executed</summary>\n</details>'
    )
    steps = [
        lambda i, p: webui_message(i, "user", f"prompt {i}", p),
        lambda i, p: webui_message(
            i, "assistant", f"{thought}answer {i}", p, usage={"prompt_tokens": 9, "completion_tokens": 3}
        ),
        lambda i, p: webui_message(i, "assistant", f"{called}\nanswer {i}", p),
        lambda i, p: webui_message(i, "user", "", p, files=[{"type": "image", "url": "data:image/png;base64,aGk="}]),
        lambda i, p: webui_message(i, "assistant", "", p, error={"content": "no model"}),
        lambda i, p: webui_message(i, "system", "be good", p),
    ]
    made = []
    for i in range(1, size + 1):
        parent = None if i == 1 else rng.choice([i - 1, i - 1, rng.randrange(1, i)])
        made.append(rng.choice(steps)(i, parent))
    return webui_chat(n, *made)


def studio_text(words: str) -> list[Record]:
    return [{"type": "text", "text": words}]


def studio_user(*versions: str, selected: int = 0) -> Record:
    return {
        "versions": [{"type": "singleStep", "role": "user", "content": studio_text(words)} for words in versions],
        "currentlySelected": selected,
    }


def studio_reply(*steps: Record, **more: Any) -> Record:
    return {
        "versions": [{"type": "multiStep", "role": "assistant", "steps": list(steps)}],
        "currentlySelected": 0,
        **more,
    }


def studio_step(*blocks: Record, **more: Any) -> Record:
    about = {"identifier": "qwen3", "stats": {"promptTokensCount": 9, "predictedTokensCount": 3}}
    return {"type": "contentBlock", "content": list(blocks), "genInfo": about, **more}


def studio_random(rng: random.Random, size: int) -> Record:
    steps = [
        lambda n: studio_user(f"prompt {n}"),
        lambda n: studio_user(f"prompt {n}", f"edited {n}", selected=rng.randrange(2)),
        lambda n: studio_reply(studio_step({"type": "text", "text": f"answer {n}"})),
        lambda n: studio_reply(studio_step({"type": "text", "text": "hm"}, style={"type": "thinking"})),
        lambda n: studio_reply(
            studio_step({"type": "toolCallRequest", "callId": 0, "name": "js", "parameters": {"code": "1"}}),
            {"type": "toolStatus", "callId": 0},
            studio_step({"type": "toolCallResult", "callId": 0, "content": "1"}),
        ),
        lambda n: studio_reply({"type": "news", "what": "else"}),
        lambda n: {"versions": [{"role": "system", "content": "be good"}, 5], "currentlySelected": 7},
    ]
    return {
        "name": "Boats",
        "createdAt": 1_772_000_000_000,
        "systemPrompt": "",
        "messages": [rng.choice(steps)(n) for n in range(size)],
    }


def vtt(rng: random.Random, size: int) -> bytes:
    lines = ["WEBVTT - Harbour talk", ""]
    for n in range(size):
        said = rng.choice(
            [f"<v Ann>words {n}</v>", f"<v ChatGPT>answer {n}", f"loose {n}", "<v.loud Ben>hi</v><v Ann>ho</v>"]
        )
        lines += [f"00:{n // 60:02}:{n % 60:02}.000 --> 00:{n // 60:02}:{n % 60:02}.900", said, ""]
    return "\n".join(lines).encode()


def dialogue(rng: random.Random, size: int) -> bytes:
    said = ["## User", "prompt 0", "", "## Assistant", "answer 0", ""]
    for n in range(size):
        said += [
            rng.choice(["## User", "## Assistant", "### Details", "## Summary", "---"]),
            rng.choice(["a", "```", "User: b", f"n {n}"]),
            "",
        ]
    return "\n".join(said).encode()


def container(make: Callable[[random.Random, int, int], Any]) -> tuple[Any, Any, Any]:
    """How an export is written, changed and spoiled: JSON, or a zip by its name."""

    def records(path: Path) -> list[Any]:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                return list(json.loads(archive.read("conversations.json")))
        return list(json.loads(path.read_bytes()))

    def write_all(path: Path, content: list[Any]) -> None:
        raw = json.dumps(content).encode()
        path.write_bytes(packed({"conversations.json": raw}) if path.suffix == ".zip" else raw)

    def write(path: Path, rng: random.Random, size: int) -> None:
        write_all(path, [make(rng, rng.randrange(1, 9), n) for n in range(size)])

    def change(path: Path, rng: random.Random) -> None:
        content = records(path)
        if rng.random() < 0.5:
            content.append(make(rng, 5, 1000))
        else:
            content[rng.randrange(len(content))]["title"] = "renamed"
        rng.shuffle(content)
        write_all(path, content)
        when = path.stat().st_mtime_ns + 1_000_000_000
        os.utime(path, ns=(when, when))

    def spoil(path: Path, rng: random.Random, rate: float) -> None:
        values = [None, 0, -1, 1 << 70, 0.5, "", "\x1b[2J", [], {}, [None], {"a": []}, "x" * 5000, True]

        def spoiled(value: Any) -> Any:
            if rng.random() < rate:
                return rng.choice(values)
            if isinstance(value, dict):
                return {key: spoiled(inner) for key, inner in value.items()}
            return [spoiled(inner) for inner in value] if isinstance(value, list) else value

        write_all(path, [spoiled(record) for record in records(path)])

    return write, change, spoil
