"""A made-up history of every kind of text, and the search language by reading all of it: what a search is held against."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unicodedata import normalize

from steps import rows

from chattui.domain.language import And, Field, Literal, Node, Not, Or, Phrase, Query, Regex, Word
from chattui.store import chats as store_chats
from chattui.store.database import Database

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
WORDS = [f"{head}{tail}" for head in ("ka", "lo", "mi", "tu", "re") for tail in ("", "b", "dra", "st", "vel")]
COMMON = ["the", "a", "of"]
NAMES = [
    *(
        "getUserById",
        "HTTPServerError",
        "parse_http_header",
        "os.path.join",
        "/usr/lib/x.py",
        "--force",
        "v1.2.3",
        "C:\\x\\kab",
        "foo::bar",
    ),
    *("9f86d081884c", "E0277", "https://example.org/a?b=c", "ann@example.org", "1,000,000", "10:30", "c++", "f(lob)"),
    *("Zürich", "zurich", "cafe\u0301", "naïve", "ПРИВЕТ", "ёлка", "σοφία", "ΣΟΦΙΑ", "100%", "under_score"),
    *("東京タワー", "昨日は東京", "数据库连接", "데이터베이스", "🙂", "🚀", "```"),
]
LOOKED_FOR = [
    *(WORDS + COMMON + NAMES[:-1]),
    *(
        "user",
        "by",
        "byid",
        "UserById",
        "server",
        "ServerError",
        "header",
        "http_header",
        "path.join",
        "lib",
        "x.py",
        "1.2.3",
        "example",
        "user@",
        "join",
        "zürich",
    ),
    *("ZURICH", "cafe", "привет", "елка", "софия", "σοφια", "東", "東京", "京タ", "東京タワ", "数据", "데이터", "zzzz"),
]
EXPRESSIONS = ["ka[bd]", "^the", "mi.*tu", r"\btu\b", "v[0-9]+", "K(a|o)b", "東.タ", "x$"]
INSIDE = ["dra", "ürich", "serBy", "京タワ", "%", "_", "th", "ve l", "\\x"]
FIELDS = {
    "role": ["user", "assistant", "tool", "user,tool"],
    "kind": ["text", "thinking", "tool_call", "tool_call,tool_result"],
    "source": ["codex", "claude-code", "claude*", "codex,chattui"],
    "project": ["web", "/home", '"my site"', "zzz"],
    "model": ["opus", "gpt", "OPUS,gpt"],
    "agent": ["2.1", "cli"],
    "branch": ["main", "fix"],
    "tag": ["blue", '"deep red"', "BLUE", "re*", "zzz"],
    "title": ["tale", "Märchen", "marchen"],
    "tool": ["Bash", "read", "Read,Bash", "Ba*"],
    "file": ["x.py", "logo"],
    "is": ["pinned", "archived", "mine", "unread", "pinned,archived"],
    "has": ["code", "tool", "error", "image", "note", "error,image"],
    "before": ["2026-03-01", "2026-04", "2w"],
    "after": ["2026-05-20", "2026-02", "3m"],
    "on": ["2026-02", "2026-03-05", "yesterday", "2026", "2026-02,2026-04"],
    "last": ["7d", "2m", "90d"],
}


@dataclass
class Chat:
    id: int
    source: str
    title: str
    project: str | None
    agent: str | None
    branch: str | None
    model: str | None
    tags: list[str]
    pinned: bool
    status: str
    is_read: bool


@dataclass
class Said:
    chat: Chat
    seq: int
    at: datetime
    text: str
    role: str
    kind: str
    model: str | None
    error: bool
    tool: tuple[str, str] | None
    image: bool
    noted: bool
    flat: str = ""
    lexemes: set[str] = field(default_factory=set)


def fold(text: str) -> str:
    bare = "".join(c for c in normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    return normalize("NFC", bare).lower()


CJK = r"[\u2e80-\u9fff\uac00-\ud7af]"


def runs(text: str) -> list[str]:
    return re.findall(f"{CJK}+", text)


def tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(f"{CJK}+", " ", text))


def lexemes(text: str) -> set[str]:
    flat = "".join(c for c in normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    flat = normalize("NFC", flat)
    words = tokens(flat)
    humps = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=^[vV])(?=[0-9])")
    split = [humps.split(w) for w in words if len(w) <= 60]
    parts = [part for of in split for at in range(len(of)) for part in (of[at], "".join(of[at:]))]
    pairs = [run[i : i + 2] for run in runs(flat) for i in range(len(run))]
    return {w.lower() for w in [*words, *parts]} | set(pairs)


def make(db: Database, count: int) -> list[Said]:
    """Fill the database; what was said, the newest first."""
    chance = random.Random(11)
    made = [_chat(db, chance) for _ in range(30)]
    said: list[Said] = []
    for number in range(count):
        chat = chance.choice(made)
        text = " ".join(chance.choices(WORDS + COMMON * 6 + NAMES, k=chance.randrange(2, 14)))
        kind = chance.choice(["text"] * 6 + ["thinking", "tool_call", "tool_result", "attachment"])
        role = "tool" if kind == "tool_result" else chance.choice(["user", "assistant"])
        tool = (
            chance.choice([("Bash", "ls"), ("Read", "/src/x.py"), ("Write", "Zürich.md")]) if "tool" in kind else None
        )
        seq = 1 + sum(1 for other in said if other.chat is chat)
        at = BEGIN + timedelta(minutes=chance.randrange(180 * 24 * 60))
        model = chance.choice([None, None, "claude-opus", "gpt-5"])
        said.append(
            Said(chat, seq, at, text, role, kind, model, number % 11 == 0, tool, kind == "attachment", number % 97 == 0)
        )
    for item in said:
        item.flat, item.lexemes = fold(item.text), lexemes(item.text)
    _store(db, said)
    return sorted(said, key=lambda m: (m.at, m.chat.id, m.seq), reverse=True)


def _chat(db: Database, chance: random.Random) -> Chat:
    made = store_chats.create(db)
    chat = Chat(
        made.id,
        chance.choice(["codex", "claude-code", "chattui"]),
        chance.choice(["A tale", "Ein Märchen", "Plans"]),
        chance.choice([None, "/home/ann/web", "/srv/My Site"]),
        chance.choice([None, "claude 2.1", "codex-cli"]),
        chance.choice([None, "main", "fix/main-menu"]),
        chance.choice([None, "claude-opus-4"]),
        chance.sample(["blue", "deep red", "Réd"], chance.randrange(3)),
        chance.random() < 0.2,
        chance.choice(["active", "active", "archived", "deleted"]),
        chance.random() < 0.5,
    )
    rows(
        db,
        "UPDATE chattui.chats SET source = %s, title = %s, project = %s, agent = %s, git_branch = %s, model = %s, tags = %s, "
        "pinned = %s, status = %s::text::chattui.chat_status, last_accessed_at = CASE WHEN %s THEN '2099-01-01'::timestamptz END "
        "WHERE id = %s",
        *(chat.source, chat.title, chat.project, chat.agent, chat.branch, chat.model, chat.tags, chat.pinned),
        *(chat.status, chat.is_read, chat.id),
    )
    return chat


def _store(db: Database, said: list[Said]) -> None:
    rows(
        db,
        "INSERT INTO chattui.messages (chat_id, seq, created_at, role, kind, content, source_id, model, error, call_id) "
        "SELECT c, s, a, r::chattui.message_role, k::chattui.message_kind, t, 'r' || s, m, e, x FROM unnest(%s::bigint[], "
        "%s::integer[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::text[]) "
        "AS u (c, s, a, r, k, t, m, e, x)",
        [m.chat.id for m in said],
        [m.seq for m in said],
        [m.at for m in said],
        [m.role for m in said],
        [m.kind for m in said],
        [m.text for m in said],
        [m.model for m in said],
        [m.error for m in said],
        [f"call-{m.seq}" if m.tool else None for m in said],
    )
    rows(db, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('x'), 1, 'x')")
    for m in said:
        if m.tool:
            rows(
                db,
                "INSERT INTO chattui.tool_calls (chat_id, call_id, name, target) VALUES (%s, %s, %s, %s)",
                *(m.chat.id, f"call-{m.seq}", *m.tool),
            )
        if m.image:
            rows(
                db,
                "INSERT INTO chattui.files (chat_id, path, seq, sha256, mime, size) "
                "VALUES (%s, %s, %s, sha256('x'), 'image/png', 1)",
                *(m.chat.id, f"logo-{m.seq}.png", m.seq),
            )
        if m.noted:
            rows(
                db,
                "INSERT INTO chattui.marks (chat_id, source_id, seq, note) VALUES (%s, %s, %s, 'a note on the lob')",
                *(m.chat.id, f"r{m.seq}", m.seq),
            )


def expected(said: list[Said], query: Query) -> list[tuple[int, int]]:
    """The hits by reading everything: the bare words as a phrase first, the newest first."""
    there = [m for m in said if m.chat.status != "deleted" and _holds(m, query.root)]
    words = [part.text for part in query.parts if isinstance(part, Word)]
    if len(words) > 1 and all(isinstance(part, Word | Field | Not) for part in query.parts):
        phrase = re.compile(".".join(re.escape(fold(w)) for w in words), re.DOTALL)
        there = sorted(there, key=lambda m: phrase.search(m.flat) is None)
    return [(m.chat.id, m.seq) for m in there]


def _holds(m: Said, node: Node | None) -> bool:
    match node:
        case Word(text, prefix):
            return _leaf(m, text, prefix)
        case Phrase(text):
            return _leaf(m, text, False)
        case Literal(text):
            return fold(text) in m.flat
        case Regex(text):
            return re.search(text, m.text, re.IGNORECASE | re.MULTILINE) is not None
        case Field():
            return _field(m, node)
        case Not(item):
            return not _holds(m, item)
        case And(items):
            return all(_holds(m, item) for item in items)
        case Or(items):
            return any(_holds(m, item) for item in items)
    return False


def _leaf(m: Said, text: str, prefix: bool) -> bool:
    flat = fold(text)
    if found := runs(flat):
        pairs = [run[i : i + 2] for run in found for i in range(max(1, len(run) - 1))]
        has_all = all(p in m.lexemes or (len(p) == 1 and any(w.startswith(p) for w in m.lexemes)) for p in pairs)
        return has_all and (len(flat) <= 2 or flat in m.flat)
    *first, last = tokens(flat)
    has_last = any(w.startswith(last) for w in m.lexemes) if prefix else last in m.lexemes
    return has_last and all(w in m.lexemes for w in first) and (not first or flat in m.flat)


def _field(m: Said, wanted: Field) -> bool:
    if wanted.periods:
        return any((a is None or m.at >= a) and (b is None or m.at < b) for a, b in wanted.periods)
    number = len(wanted.values) - 1
    return any(_value(m, wanted.name, v, wanted.prefix and n == number) for n, v in enumerate(wanted.values))


def _value(m: Said, name: str, value: str, prefix: bool) -> bool:
    is_beginning = value.endswith("*") or prefix
    flat = fold(value.removesuffix("*"))

    def part(text: str | None) -> bool:
        return text is not None and flat in fold(text)

    def whole(text: str | None) -> bool:
        return text is not None and (fold(text).startswith(flat) if is_beginning else fold(text) == flat)

    tests: dict[str, Callable[[], bool]] = {
        "role": lambda: m.role == value,
        "kind": lambda: m.kind == value,
        "source": lambda: whole(m.chat.source),
        "project": lambda: part(m.chat.project),
        "model": lambda: part(m.model or m.chat.model),
        "agent": lambda: part(m.chat.agent),
        "branch": lambda: part(m.chat.branch),
        "tag": lambda: any(map(whole, m.chat.tags)),
        "title": lambda: part(m.chat.title),
        "tool": lambda: m.tool is not None and whole(m.tool[0]),
        "file": lambda: (m.tool is not None and part(m.tool[1])) or (m.image and part(f"logo-{m.seq}.png")),
        "chat": lambda: str(m.chat.id) == value,
        "is": lambda: {
            "pinned": m.chat.pinned,
            "archived": m.chat.status == "archived",
            "mine": m.chat.source == "chattui",
            "unread": not m.chat.is_read,
        }[value],
        "has": lambda: {
            "code": "```" in m.text,
            "tool": "tool" in m.kind,
            "error": m.error,
            "image": m.image,
            "note": m.noted,
        }[value],
    }
    return tests[name]()


def question(chance: random.Random, depth: int = 0) -> str:
    """Something that might be typed."""
    terms = []
    for _ in range(chance.choice([1, 1, 2, 2, 3])):
        roll = chance.random()
        if roll < 0.5:
            term = chance.choice(LOOKED_FOR)
        elif roll < 0.6:
            term = '"' + " ".join(chance.choices(WORDS + COMMON * 3 + NAMES[:8], k=2)) + '"'
        elif roll < 0.8:
            name = chance.choice(list(FIELDS))
            term = f"{name}:{chance.choice(FIELDS[name])}"
        elif roll < 0.84:
            term = f"/{chance.choice(EXPRESSIONS)}/"
        elif roll < 0.88:
            term = f'sub:"{chance.choice(INSIDE)}"'
        elif depth < 2:
            term = f"({question(chance, depth + 1).strip()})"
        else:
            term = chance.choice(WORDS)
        terms.append(("-" if chance.random() < 0.15 else "") + term)
        if chance.random() < 0.15:
            terms.append("OR")
    if depth == 0 and chance.random() < 0.3:
        return " ".join(terms)[: -chance.choice([1, 2])]  # not finished
    return " ".join(terms) + " "
