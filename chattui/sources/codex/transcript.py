"""Codex's records as messages, in the legacy, the paginated and the bare dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from chattui.domain.history import ChatInfo, NewAttachment, NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.sources.codex import events, forks, items, tokens, twins
from chattui.sources.codex.rollout import At, Rollout
from chattui.sources.content import MOST_TOKENS, as_it_is, moment, text_of
from chattui.sources.unknown import note
from chattui.sources.windows import key_of

_SILENT_RECORDS: Final = frozenset({"inter_agent_communication", "inter_agent_communication_metadata", "world_state"})


@dataclass(slots=True)
class _HeldPrompt:
    at: At
    said: items.Said


class CodexTranscript:
    """Takes the records of one rollout in order.

    Two things are kept back, each for a few records: the assistant's last message, until the tokens that belong to it are
    reported; and a prompt's item, until it is known whether an event repeats it.
    """

    def __init__(self, chat_id: str, *, archived: bool, state: Mapping[str, Any] | None = None) -> None:
        self.held_line = 0
        self._known = Rollout.restored(chat_id, state)
        self._archived = archived
        self._held: NewMessage | None = None
        self._held_item = ""  # key of the text, when the held message was taken from an item
        self._prompts: list[_HeldPrompt] = []
        self._before_held: dict[str, Any] = {}
        self._messages: list[NewMessage] = []
        self._late: list[tuple[At, str]] = []  # what is of no known kind, said after what is kept back
        self._updates: list[NewToolUse] = []
        self._size = 0

    def state(self) -> dict[str, Any]:
        return self._before_held if self.held_line else self._known.snapshot()

    def chat(self) -> ChatInfo:
        return self._known.chat(archived=self._archived)

    def size(self) -> tuple[int, int]:
        return len(self._messages) + len(self._updates), self._size

    def drain(self) -> tuple[tuple[NewMessage, ...], tuple[NewToolUse, ...]]:
        taken = tuple(self._messages), tuple(self._updates)
        self._messages, self._updates, self._size = [], [], 0
        return taken

    def settle(self) -> None:
        self._decide_prompts()
        self._release()

    def take(self, record: dict[str, Any], line: int, part: int) -> None:
        known = self._known
        stamp = record.get("timestamp") or record.get("created_at")
        time = moment(stamp)
        if time is not None and not known.first_at:
            known.first_at = str(stamp)
        at = At(f"{line}.{part}" if part else str(line), line, time)
        payload, kind = record.get("payload"), record.get("type")
        if not isinstance(payload, dict):
            at.bare = True
            self._bare(record, kind, at)
            return
        if self._is_copied(record, payload):
            if kind == "token_usage_record" or payload.get("type") == "token_count":
                known.total = tokens.reported(str(kind), payload)[0] or known.total
            return
        match kind:
            case "response_item":
                self._item(payload, at)
            case "event_msg":
                self._event_record(payload, at)
            case "turn_context":
                known.model = text_of(payload.get("model")) or known.model
                known.cwd = known.cwd or text_of(payload.get("cwd"))
            case "session_meta":
                known.identify(payload, record.get("ordinal"))
            case "token_usage_record":
                self._count(kind, payload)
            case "compacted":
                self._compacted(payload, at)
            case str() if kind not in _SILENT_RECORDS:
                self._say_late(as_it_is(kind, record), at)
            case str():
                pass
            case _:
                note(kind, record)

    def _is_copied(self, record: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
        """True for records that a fork or a subagent took over from its parent."""
        known = self._known
        if known.own_from:
            ordinal = record.get("ordinal")
            return isinstance(ordinal, int) and ordinal < known.own_from and record.get("type") != "session_meta"
        if known.copied is not False:
            older = forks.is_older(forks.turn_of(payload), known.chat_id)
            if older is not None:
                known.copied = older
        return bool(known.copied)

    def _append(self, message: NewMessage) -> None:
        known = self._known
        owed = known.owed
        if owed != tokens.NOTHING:
            known.owed = tokens.NOTHING
            message = replace(
                message,
                tokens_in=min(owed[0], MOST_TOKENS),
                tokens_out=min(owed[1], MOST_TOKENS),
                tokens_cached=min(owed[2], MOST_TOKENS),
            )
        known.last = message.source_id
        self._messages.append(message)
        self._size += len(message.content) + sum(len(cut.data) for cut in message.attachments)

    def _release(self) -> None:
        """Let the held answer go."""
        held = self._held
        if held is not None:
            self._held, self.held_line = None, 0
            self._append(held)
            if self._held_item:
                self._known.flushed_item, self._held_item = self._held_item, ""
        late, self._late = self._late, []
        for at, text in late:
            self._emit(at, Role.SYSTEM, Kind.EVENT, text, content_type=ContentType.TEXT)

    def _decide_prompts(self) -> None:
        """Nothing repeated the held prompts: they count if this rollout has no events for prompts."""
        prompts, self._prompts = self._prompts, []
        if not prompts:
            return
        self.held_line = 0
        if not self._known.user_events and not self._known.paginated:
            for held in prompts:
                self._prompt(held.said, held.at)

    def _emit(
        self,
        at: At,
        role: Role,
        kind: Kind,
        content: str,
        *,
        suffix: str = "",
        content_type: ContentType = ContentType.MARKDOWN,
        error: bool = False,
        tool: NewToolUse | None = None,
        attachments: tuple[NewAttachment, ...] = (),
        metadata: dict[str, Any] | None = None,
        hold: bool = False,
    ) -> None:
        self._decide_prompts()
        self._release()
        known = self._known
        message = NewMessage(
            role,
            kind,
            content,
            at.record_id + suffix,
            at.time,
            content_type,
            known.last,
            model=(known.model or None) if role is Role.ASSISTANT else None,
            error=error,
            tool=tool,
            attachments=attachments,
            metadata=metadata,
        )
        if hold:
            self._hold(at.line)
            self._held = message
        else:
            self._append(message)

    def _hold(self, line: int) -> None:
        self.held_line = line
        self._before_held = self._known.snapshot()

    def _prompt(self, said: items.Said, at: At) -> None:
        text, pictures = said
        known = self._known
        if text.strip() or pictures:
            known.prompted()
        if text.strip():
            known.name(text, "prompt")
            self._emit(at, Role.USER, Kind.TEXT, text)
        for n, (words, cut) in enumerate(pictures):
            suffix = f":{n + 1}" if text.strip() or n else ""
            self._emit(
                at, Role.USER, Kind.ATTACHMENT, words, suffix=suffix, content_type=ContentType.TEXT, attachments=cut
            )

    def _prompt_event(self, said: items.Said, at: At) -> None:
        """A prompt as the event tells it; the pictures themselves are only in the item before it."""
        text, pictures = said
        repeated = [held.said for held in self._prompts if held.said[1]]
        if repeated and not any(cut for _words, cut in pictures):
            pictures = repeated[-1][1]
        if self._prompts:
            self._prompts.clear()
            self.held_line = 0
        self._known.user_events = True
        self._prompt((text, pictures), at)

    def _answer(self, text: str, at: At, *, item: bool, metadata: dict[str, Any] | None = None) -> None:
        """The assistant's words, which come as an event, as an item, or as both in either order."""
        known = self._known
        if not text.strip():
            return
        if at.bare:
            self._emit(at, Role.ASSISTANT, Kind.TEXT, text, hold=True)
            return
        key = key_of(text)
        if item:
            if not known.agent_events and not known.paginated:
                self._emit(at, Role.ASSISTANT, Kind.TEXT, text, hold=True)
                self._held_item = key
            return
        if self._held_item == key:
            self._held, self._held_item, self.held_line = None, "", 0
        elif known.flushed_item == key:
            known.flushed_item, known.agent_events = "", True
            return
        self._emit(at, Role.ASSISTANT, Kind.TEXT, text, hold=True, metadata=metadata)
        known.agent_events = True

    def _think(self, parts: list[str], at: At, where: str) -> None:
        fresh, told = twins.untold(parts, where, self._known.twins)
        if fresh:
            self._emit(at, Role.ASSISTANT, Kind.THINKING, "\n\n".join(fresh), hold=True)
        self._known.twins = told

    def _item(self, item: Mapping[str, Any], at: At) -> None:
        kind = item.get("type")
        if kind == "message":
            self._message_item(item, at)
        elif kind == "reasoning":
            self._think(items.thoughts_in(item), at, twins.ITEM)
        elif (output := items.output_in(item)) is not None:
            tool, text, failed, cut, metadata = output
            self._emit(
                at,
                Role.TOOL,
                Kind.TOOL_RESULT,
                text,
                content_type=ContentType.TEXT,
                error=failed,
                tool=tool,
                attachments=cut,
                metadata=metadata,
            )
        elif (call := items.call_in(item, at.record_id)) is not None:
            use, text, content_type, cut = call
            self._emit(
                at,
                Role.ASSISTANT,
                Kind.TOOL_CALL,
                text,
                content_type=content_type,
                tool=use,
                attachments=cut,
                hold=True,
            )
        elif kind == "agent_message":
            text, _pictures = items.said_in(item.get("content"))
            if text:
                words = f"{text_of(item.get('author'))} → {text_of(item.get('recipient'))}: {text}"
                self._emit(at, Role.SYSTEM, Kind.EVENT, words, content_type=ContentType.TEXT)
        elif isinstance(kind, str) and kind not in items.SILENT:
            self._say_late(as_it_is(kind, item), at)

    def _say_late(self, text: str, at: At) -> None:
        """Something of no known kind, which decides nothing about what is kept back."""
        self._late.append((at, text))
        if not self.held_line:
            self._release()

    def _message_item(self, item: Mapping[str, Any], at: At) -> None:
        role = item.get("role")
        content = item.get("content") if "content" in item else item.get("message")
        if role == "assistant":
            self._answer(items.said_in(content)[0], at, item=True)
        elif role == "user":
            said = items.said_in(content, prompt=True)
            if not said[0].strip() and not said[1]:
                return
            if at.bare:
                self._prompt(said, at)
                return
            self._release()
            if not self._prompts:
                self._hold(at.line)
            self._prompts.append(_HeldPrompt(at, said))

    def _event_record(self, payload: Mapping[str, Any], at: At) -> None:
        kind = payload.get("type")
        match kind:
            case "token_count":
                self._count(kind, payload)
            case "user_message" if not self._known.paginated:
                pictures = tuple({"image_url": url} for url in _list(payload.get("images")))
                files = tuple({"type": "local_image", "path": path} for path in _list(payload.get("local_images")))
                said = items.said_in([{"text": payload.get("message")}, *pictures, *files])
                self._prompt_event(said, at)
            case "agent_message" if not self._known.paginated:
                self._answer(text_of(payload.get("message")), at, item=False)
            case "agent_reasoning" | "agent_reasoning_raw_content":
                if text := text_of(payload.get("text")).strip():
                    self._think([text], at, twins.EVENT)
            case "item_completed" if isinstance(payload.get("item"), dict):
                self._completed(payload, payload["item"], at)
            case "thread_rolled_back":
                self._rolled_back(payload, at)
            case "thread_name_updated" if payload.get("thread_id") in (None, self._known.chat_id):
                self._known.name(text_of(payload.get("thread_name")), "custom")
            case _:
                self._other_event(payload, at)

    def _completed(self, payload: Mapping[str, Any], item: Mapping[str, Any], at: At) -> None:
        kind = item.get("type")
        if kind == "Plan":
            self._answer(text_of(item.get("text")), at, item=False, metadata={"plan": True})
        elif kind == "UserMessage" and self._known.paginated:
            self._prompt_event(items.said_in(item.get("content")), at)
        elif kind == "AgentMessage" and self._known.paginated:
            self._answer(items.said_in(item.get("content"))[0], at, item=False)
        elif kind == "Reasoning" and self._known.paginated:
            self._think(items.thoughts_in(item), at, twins.EVENT)
        else:
            self._other_event(payload, at)

    def _other_event(self, payload: Mapping[str, Any], at: At) -> None:
        if (end := events.end_of(payload)) is not None:
            self._release()
            self._updates.append(end)
            return
        if payload.get("type") in ("task_complete", "turn_aborted"):
            self.settle()
        words, failed = events.words_of(payload)
        if words:
            self._emit(at, Role.SYSTEM, Kind.EVENT, words, content_type=ContentType.TEXT, error=failed)
        elif unknown := events.unknown_in(payload):
            self._say_late(unknown, at)

    def _rolled_back(self, payload: Mapping[str, Any], at: At) -> None:
        turns = payload.get("num_turns")
        count = turns if isinstance(turns, int) else 0
        self.settle()
        self._known.roll_back(count)
        words = f"Rolled back {count} turn{'' if count == 1 else 's'}"
        metadata = {"num_turns": count}
        self._emit(at, Role.SYSTEM, Kind.EVENT, words, content_type=ContentType.TEXT, metadata=metadata)

    def _compacted(self, payload: Mapping[str, Any], at: At) -> None:
        message = text_of(payload.get("message"))
        if message.strip():
            self._emit(at, Role.SYSTEM, Kind.SUMMARY, message)
        else:
            self._emit(at, Role.SYSTEM, Kind.EVENT, "Context compacted", content_type=ContentType.TEXT)

    def _count(self, kind: str, payload: Mapping[str, Any]) -> None:
        known = self._known
        total, last = tokens.reported(kind, payload)
        added = tokens.increase(known.total, total, last)
        known.total = total or known.total
        if added != tokens.NOTHING:
            owed = known.owed
            known.owed = (owed[0] + added[0], owed[1] + added[1], owed[2] + added[2])
            self._release()

    def _bare(self, record: Mapping[str, Any], kind: object, at: At) -> None:
        """A record without envelope: the header and the items of 2025, and still simpler shapes."""
        if kind is None and "role" in record:
            self._known.model = text_of(record.get("model")) or self._known.model
            self._message_item(record, at)
        elif kind is None and "id" in record and not self._known.identified:
            self._known.identify(record, None)
        elif kind == "error":
            self._other_event(record, at)
        elif isinstance(kind, str):
            self._item(record, at)
        elif record.get("record_type") != "state":
            note(kind, record)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
