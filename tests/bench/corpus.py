"""Claude Code histories of any size, the same for the same seed, with known words at known places.

The records have the shapes that Claude Code 2.x writes: a summary and a snapshot at the beginning, prompts, replies of
one record a content block that share a message id, thinking, tool calls and their results, subagents in files of their
own, edited prompts that make a branch. ``manifest.json`` beside ``.claude`` tells where the planted words are.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.options import Options
from tests.bench.places import say
from tests.bench.prose import Prose

END = datetime(2026, 11, 20, tzinfo=UTC)
PHRASE = "connection pool exhausted"
NEEDLES: dict[str, tuple[str, str, int]] = {
    "rare_user": ("zyxquartz", "user", 3),
    "rare_assistant": ("vorpalmint", "assistant", 3),
    "rare_thinking": ("umbrelquint", "thinking", 3),
    "rare_tooluse": ("kelpwidget", "tool_use", 3),
    "rare_toolres": ("brindlefox", "tool_result", 3),
    "rare_subagent": ("crimsonyak", "subagent", 3),
    "phrase": (PHRASE, "assistant", 40),
    "phrase_decoy": ("exhausted the pool of every connection", "assistant", 400),
}
"""name: (text, kind of record it is planted in, how many records)."""

_TOOLS = ("Bash", "Bash", "Bash", "Read", "Read", "Edit", "Edit", "Grep", "Write", "TodoWrite")
_BRANCHES = ("main", "main", "dev", "fix/login")
Record = dict[str, Any]


def small(options: Options) -> Path:
    """Corpus S: a $HOME of 200 sessions and 20,000 messages."""
    return _home(options, "corpus-S", sessions=200, messages=20_000, big=0)


def large(options: Options) -> Path:
    """Corpus L: a $HOME of 2,000 sessions and 500,000 messages, 20,000 of them in one session."""
    if options.quick:
        return _home(options, "corpus-M", sessions=400, messages=100_000, big=5_000)
    return _home(options, "corpus-L", sessions=2_000, messages=500_000, big=20_000)


def many(options: Options) -> Path:
    """A $HOME of 5,000 files, most of them short."""
    return _home(options, "corpus-many", sessions=4_550, messages=45_000, big=0)


def manifest(home: Path) -> dict[str, Any]:
    """What is known of a corpus; see ``write``."""
    found: dict[str, Any] = json.loads((home / "manifest.json").read_text("utf-8"))
    return found


def _home(options: Options, name: str, *, sessions: int, messages: int, big: int) -> Path:
    home = options.cache / (name if options.generator is None else f"{name}-{options.generator.stem}")
    if not (home / "manifest.json").exists():
        say(f"writing {sessions:,} sessions of {messages:,} messages")
        if options.generator is None:
            write(home, sessions=sessions, messages=messages, big=big)
        else:
            sizes = ["--sessions", str(sessions), "--messages", str(messages), "--big", str(big)]
            subprocess.run([sys.executable, options.generator, "--home", home, *sizes], check=True, stdout=sys.stderr)
    return home


@dataclass(slots=True)
class _Session:
    """A session's records so far, and where those of each kind are."""

    id: str
    cwd: str
    now: datetime
    agent: str | None = None
    parent: str | None = None
    messages: int = 0
    records: list[Record] = field(default_factory=list)
    by_kind: dict[str, list[int]] = field(default_factory=dict)
    prompts: list[str | None] = field(default_factory=list)


class _Writer:
    def __init__(self, home: Path, seed: int) -> None:
        self.home = home
        self.prose = Prose(seed)
        self.rng = random.Random(seed + 1)
        self.planted: dict[str, list[Record]] = {name: [] for name in NEEDLES}

    def id(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def record(self, s: _Session, kind: str, body: Record, *, of: str) -> None:
        s.now += timedelta(seconds=0.3 + self.rng.expovariate(1 / 15))
        this = self.id()
        about = {"parentUuid": s.parent, "isSidechain": s.agent is not None, "userType": "external", "cwd": s.cwd}
        about |= {"sessionId": s.id, "version": "2.1.32", "gitBranch": _BRANCHES[len(s.id) % 4]}
        if s.agent:
            about["agentId"] = s.agent
        stamp = s.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        s.records.append(about | body | {"type": kind, "uuid": this, "timestamp": stamp})
        s.parent = this
        s.by_kind.setdefault(of, []).append(len(s.records) - 1)
        if kind in ("user", "assistant"):
            s.messages += 1

    def block(self, s: _Session, reply: str, block: Record, *, of: str) -> None:
        usage = {
            "input_tokens": 4,
            "cache_creation_input_tokens": 812,
            "cache_read_input_tokens": 41_730,
            "output_tokens": 211,
        }
        message = {"model": "claude-sonnet-4-5-20250929", "id": reply, "type": "message", "role": "assistant"}
        message |= {"content": [block], "stop_reason": None, "stop_sequence": None, "usage": usage}
        self.record(s, "assistant", {"message": message, "requestId": "req_" + reply[4:]}, of=of)

    def turn(self, s: _Session, size: int) -> None:
        """A prompt, and everything until the reply that ends it."""
        rng, prose = self.rng, self.prose
        if s.prompts and rng.random() < 0.02:
            s.parent = rng.choice(s.prompts[-4:])
        s.prompts.append(s.parent)
        prompt = prose.text(rng.lognormvariate(4.8, 0.9))
        if rng.random() < 0.15:
            prompt += f"\n\n```\n{rng.choice(prose.code)}\n```"
        self.record(s, "user", {"message": {"role": "user", "content": prompt}}, of="user")
        while s.messages < size:
            reply = f"msg_01{rng.getrandbits(88):022x}"
            if rng.random() < 0.25:
                thought = {
                    "type": "thinking",
                    "thinking": prose.text(rng.lognormvariate(5.6, 0.8)),
                    "signature": "0" * 64,
                }
                self.block(s, reply, thought, of="thinking")
            last = rng.random() < 0.28
            if last or rng.random() < 0.5:
                text = prose.text(rng.lognormvariate(5.8 if last else 4.7, 0.8))
                if rng.random() < 0.3:
                    text += f"\n\n```python\n{rng.choice(prose.code)}\n```\n\n{prose.text(90)}"
                self.block(s, reply, {"type": "text", "text": text}, of="assistant")
            if last:
                return
            self.tool(s, reply)

    def tool(self, s: _Session, reply: str) -> None:
        rng, prose = self.rng, self.prose
        name, call = rng.choice(_TOOLS), f"toolu_01{rng.getrandbits(88):022x}"
        path = f"{s.cwd}/src/{rng.choice(prose.identifiers)}.py"
        given: Record
        match name:
            case "Bash":
                given = {
                    "command": f"rg -n {rng.choice(prose.identifiers)} src",
                    "description": rng.choice(prose.sentences),
                }
            case "Read":
                given = {"file_path": path, "offset": rng.randint(1, 300)}
            case "Edit":
                given = {"file_path": path, "old_string": rng.choice(prose.code), "new_string": rng.choice(prose.code)}
            case "Grep":
                given = {"pattern": rng.choice(prose.identifiers), "path": s.cwd}
            case "Write":
                given = {"file_path": path, "content": "\n".join(rng.choices(prose.code, k=3))}
            case _:
                given = {"todos": [{"content": rng.choice(prose.sentences), "status": "pending"} for _ in range(4)]}
        self.block(s, reply, {"type": "tool_use", "id": call, "name": name, "input": given}, of="tool_use")
        if name in ("Bash", "Read", "Grep"):
            out = "\n".join(rng.choices(prose.output, k=max(1, int(rng.lognormvariate(2.0, 1.0)))))
        else:
            out = rng.choice(prose.sentences)
        content = [{"tool_use_id": call, "type": "tool_result", "content": out}]
        result = {"stdout": out, "stderr": "", "interrupted": False, "isImage": False}
        self.record(
            s, "user", {"message": {"role": "user", "content": content}, "toolUseResult": result}, of="tool_result"
        )

    def session(self, s: _Session, size: int) -> _Session:
        if s.agent is None:
            s.records.append({"type": "summary", "summary": self.prose.title(), "leafUuid": self.id()})
            s.records.append(
                {"type": "file-history-snapshot", "messageId": self.id(), "snapshot": {}, "isSnapshotUpdate": False}
            )
        while s.messages < size:
            self.turn(s, size)
        return s

    def plant(self, s: _Session, name: str) -> None:
        text, of, _ = NEEDLES[name]
        places = s.by_kind.get("assistant" if of == "subagent" else of) or s.by_kind["user"]
        record = s.records[self.rng.choice(places)]
        content = record["message"]["content"]
        if isinstance(content, str):
            record["message"]["content"] = f"{content[:40]} {text} {content[40:]}"
        else:
            block = content[0]
            key = {"text": "text", "thinking": "thinking", "tool_result": "content"}.get(block["type"])
            if key is None:
                block["input"]["description"] = text
            else:
                block[key] = f"{block[key]} {text} "
        self.planted[name].append({"session": s.id, "uuid": record["uuid"]})

    def save(self, s: _Session, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n" for r in s.records)
        path.write_text("".join(lines), "utf-8")
        stamp = s.now.timestamp()
        os.utime(path, (stamp, stamp))


def write(home: Path, *, sessions: int, messages: int, big: int, seed: int = 1) -> None:
    """Write ``.claude`` and ``manifest.json`` below ``home``."""
    writer = _Writer(home, seed)
    rng = writer.rng
    counts: list[int] = []
    for number, (size, names) in enumerate(_sessions(rng, sessions, messages, big)):
        project = f"project-{rng.randrange(20)}"
        cwd = str(home / "code" / project)
        start = END - timedelta(minutes=rng.randint(60, 60 * 24 * 200))
        chat = writer.session(_Session(writer.id(), cwd, start), size)
        folder = home / ".claude" / "projects" / "".join(c if c.isalnum() else "-" for c in cwd)
        helper = None
        if "rare_subagent" in names or (rng.random() < 0.1 and not (big and number == 0)):
            agent = _Session(chat.id, cwd, start, agent=f"{rng.getrandbits(32):08x}")
            helper = writer.session(agent, max(6, size // 8))
        for name in names:
            writer.plant(helper if helper and name == "rare_subagent" else chat, name)
        writer.save(chat, folder / f"{chat.id}.jsonl")
        if helper:
            writer.save(helper, folder / chat.id / "subagents" / f"agent-{helper.agent}.jsonl")
        counts.append(chat.messages)
    facts = {"sessions": len(counts), "messages": sum(counts), "seed": seed}
    facts["needles"] = {name: text for name, (text, _, _) in NEEDLES.items()}
    facts["needle_at"] = writer.planted
    (home / "manifest.json").write_text(json.dumps(facts, indent=1), "utf-8")


def _sessions(rng: random.Random, sessions: int, messages: int, big: int) -> Iterator[tuple[int, list[str]]]:
    """(messages, names of the needles) of each session; a few are long, most are short, the big one comes first."""
    raw = [rng.lognormvariate(0, 1.1) for _ in range(sessions - bool(big))]
    sizes = [max(4, int(x * (messages - big) / sum(raw))) for x in raw]
    needles: list[list[str]] = [[] for _ in sizes]
    for name, (_, _, count) in NEEDLES.items():
        for number in range(count):
            needles[number * len(sizes) // count].append(name)
    if big:
        yield big, []
    yield from zip(sizes, needles, strict=True)
