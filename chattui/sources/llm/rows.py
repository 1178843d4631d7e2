"""The log of llm as records, one of each thing said, whichever tables it is kept in (FORMATS §15).

* up to 0.31: a row of ``responses`` is a prompt and its answer;
* from 0.32 on: ``threads`` point to the last of their ``messages``, each of which points to the one before; threads share
  what they have in common, and ``turns`` tell when and at what cost;
* before 0.4: the table ``log``.

A conversation that was begun in one and continued in the other is one chat.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from chattui.sources.containers import id_of
from chattui.sources.content import text_of
from chattui.sources.databases import as_records, counted
from chattui.sources.sqlite import Database
from chattui.sources.telling import json_of

_RESPONSE: Final = (
    *("id", "model", "prompt", "system", "response", "datetime_utc", "input_tokens", "output_tokens"),
    *("token_details", "resolved_model", "reasoning"),
)
_TURN: Final = (
    *("id", "parent_message_hash", "tip_message_hash", "model", "resolved_model", "input_tokens"),
    *("output_tokens", "token_details", "datetime_utc"),
)
_ATTACHMENT: Final = ("id", "type", "path", "url", "content")
_LONGEST_CHAIN: Final = 200_000

Record = dict[str, Any]


def log_rows(db: Database, chat: object, rowid: object) -> Iterator[Record]:
    """The prompts of a chat of the table ``log``, or the one that belongs to none."""
    where, value = ("chat_id", chat) if chat is not None else ("rowid", rowid)
    columns = ("rowid", "model", "prompt", "system", "response", "timestamp")
    for row in as_records(columns, db.read("log", columns, f'WHERE "{where}" = ? ORDER BY rowid', (value,))):
        yield from _exchange({**row, "id": id_of(row["rowid"]), "datetime_utc": row["timestamp"]}, [], [], [], [])


def response_rows(db: Database, conversation: object, known: set[object]) -> Iterator[Record]:
    """The responses of a conversation but those that are turns too, with all that belongs to them."""
    rows = db.each("responses", _RESPONSE, 'WHERE "conversation_id" = ? ORDER BY "id"', (conversation,))
    for row in as_records(_RESPONSE, rows):
        if row["id"] in known:
            continue
        results = _of(db, "tool_results", ("name", "output", "tool_call_id", "exception"), "response_id", row["id"])
        calls = _of(db, "tool_calls", ("name", "arguments", "tool_call_id"), "response_id", row["id"])
        fragments = _fragments(db, "prompt_fragments", "response_id", row["id"])
        attachments = _attachments(db, "prompt_attachments", "response_id", row["id"])
        yield from _exchange(row, fragments, attachments, calls, results)


def _exchange(
    row: Record, fragments: list[str], attachments: list[Record], calls: list[Record], results: list[Record]
) -> Iterator[Record]:
    """A prompt and its answer. What tools gave back comes before the answer, which was told of it."""
    name, at = id_of(row["id"]), row["datetime_utc"]
    model = text_of(row.get("resolved_model")) or row["model"]
    if row["system"]:
        yield {"said": "system", "id": f"{name}:system", "at": at, "text": row["system"]}
    for n, result in enumerate(results, 1):
        yield {"said": "result", "id": f"{name}:result {n}", "at": at, **result}
    prompt = "\n".join([*fragments, text_of(row["prompt"])]).strip("\n")
    yield {"said": "prompt", "id": f"{name}:prompt", "at": at, "text": prompt}
    for n, attachment in enumerate(attachments, 1):
        yield {"said": "attachment", "id": f"{name}:attachment {n}", "at": at, **attachment}
    yield {"said": "tokens", **row, "model": model}
    yield {"said": "thinking", "id": f"{name}:thinking", "at": at, "text": row.get("reasoning"), "reply": name}
    yield {"said": "answer", "id": name, "at": at, "text": row["response"], "reply": name}
    for n, call in enumerate(calls, 1):
        yield {"said": "call", "id": f"{name}:call {n}", "at": at, "reply": name, **call}


def thread_rows(db: Database, thread: object, tip: object) -> Iterator[Record]:
    """The messages of a thread from its first to its last."""
    turns = list(as_records(_TURN, db.read("turns", _TURN, 'WHERE "thread_id" = ? ORDER BY "id"', (thread,))))
    ends = {turn["tip_message_hash"]: turn for turn in turns}
    begins = {turn["parent_message_hash"]: turn for turn in turns}
    chain: list[tuple[object, object]] = []
    met: set[object] = set()
    while tip is not None and tip not in met and len(chain) < _LONGEST_CHAIN:
        met.add(tip)
        found = db.read("messages", ("parent_hash", "role"), 'WHERE "hash" = ?', (tip,))
        if not found:
            break
        chain.append((tip, found[0][1]))
        tip = found[0][0]
    for message, role in reversed(chain):
        turn = ends.get(message)
        at = (turn or begins.get(message) or {}).get("datetime_utc")
        if turn is not None:
            yield {"said": "tokens", **turn, "model": text_of(turn["resolved_model"]) or turn["model"]}
        columns = ("id", "position", "type", "text", "payload", "tool_name")
        parts = db.read("parts", columns, 'WHERE "message_hash" = ? ORDER BY "position"', (message,))
        for part in as_records(columns, parts):
            yield from _part(db, part, role, id_of(message), at)


def _part(db: Database, part: Record, role: object, message: str, at: object) -> Iterator[Record]:
    name = f"{message}:{part['position']}" if part["position"] else message
    payload = json_of(part["payload"])
    payload = payload if isinstance(payload, dict) else {}
    common = {"id": name, "at": at, "reply": message}
    match part["type"]:
        case "text":
            said = {"user": "prompt", "system": "system"}.get(text_of(role), "answer")
            yield {**common, "said": said, "text": text_of(part["text"]) or _referred(db, payload.get("text_ref"))}
        case "reasoning":
            yield {**common, "said": "thinking", "text": text_of(part["text"]) or text_of(payload.get("text"))}
        case "tool_call":
            yield {**common, "said": "call", **payload, "name": payload.get("name") or part["tool_name"]}
        case "tool_result":
            yield {**common, "said": "result", **payload}
        case "attachment":
            for n, one in enumerate(_attachments(db, "part_attachments", "part_id", part["id"]), 1):
                yield {**common, "said": "attachment", "id": f"{name}/{n}" if n > 1 else name, **one}
        case kind:
            yield {**common, "said": "unknown", "kind": kind, "record": payload}


def _referred(db: Database, pieces: object) -> str:
    """A text that is put together from fragments and what was typed."""
    texts = []
    for piece in pieces if isinstance(pieces, list) else ():
        if not isinstance(piece, dict):
            continue
        if "literal" in piece:
            texts.append(text_of(piece["literal"]))
        elif type(number := piece.get("fragment")) is int and abs(number) < 1 << 62:
            texts += [text_of(row[0]) for row in db.read("fragments", ("content",), 'WHERE "id" = ?', (number,))]
    return "".join(texts)


def _of(db: Database, table: str, columns: tuple[str, ...], key: str, value: object) -> list[Record]:
    if not db.has(table, key):
        return []
    return list(as_records(columns, db.read(table, columns, f'WHERE "{key}" = ? ORDER BY rowid', (value,))))


def _fragments(db: Database, table: str, key: str, value: object) -> list[str]:
    if not (db.has(table, key, "fragment_id", "order") and db.has("fragments", "id", "content")):
        return []
    names = db.read(table, ("fragment_id",), f'WHERE "{key}" = ? ORDER BY "order"', (value,))
    return [text_of(row[0]) for name in names for row in db.read("fragments", ("content",), 'WHERE "id" = ?', name)]


def _attachments(db: Database, table: str, key: str, value: object) -> list[Record]:
    if not (db.has(table, key, "attachment_id", "order") and db.has("attachments", *_ATTACHMENT)):
        return []
    names = db.read(table, ("attachment_id",), f'WHERE "{key}" = ? ORDER BY "order"', (value,))
    columns = _ATTACHMENT[1:]
    found = (row for name in names for row in db.read("attachments", columns, 'WHERE "id" = ?', name))
    return list(as_records(columns, found))


def conversations(db: Database) -> dict[str, Record]:
    """Every conversation and thread by its id, with what tells that it has changed; ``key``: the id as it is written."""
    found: dict[str, Record] = {}
    if db.has("responses", "conversation_id", "id"):
        about = {row[0]: row[1:] for row in db.read("conversations", ("id", "name", "model"))}
        of_responses = "SELECT conversation_id, count(*), max(id) FROM responses GROUP BY conversation_id"
        for key, (count, last) in counted(db, of_responses).items():
            name, model = about.get(key, (None, None))
            if key is not None:
                found[id_of(key)] = {"key": key, "name": name, "model": model, "count": count, "last": last}
    if db.has("threads", "id", "tip_message_hash"):
        columns = ("id", "name", "tip_message_hash", "forked_from")
        for row in as_records(columns, db.read("threads", columns)):
            known = found.setdefault(id_of(row["id"]), {"key": row["id"], "count": 0, "last": ""})
            known |= {"name": row["name"] or known.get("name"), "tip": row["tip_message_hash"]}
            known["forked_from"] = row["forked_from"]
    return found
