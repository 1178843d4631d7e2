"""Exports of ChatGPT: the tree of a conversation as messages, whatever it holds, out of a zip, its parts or one object."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from export_makers import BEGUN, PNG, Gpt, packed, put
from histories import told, uuid

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import Kind, Role, ToolStatus
from chattui.sources import bounded, exports
from chattui.sources.chatgpt import ChatGpt
from chattui.sources.registry import recognise

SEE = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-abc123"}


def chats(path: Path) -> dict[str, tuple[ChatInfo, list[NewMessage]]]:
    found: dict[str, tuple[ChatInfo, list[NewMessage]]] = {}
    for chunk in ChatGpt().read_chats(path, {}):
        messages = found.setdefault(chunk.chat.source_id, (chunk.chat, []))[1]
        messages += chunk.messages
    return found


def read(tmp_path: Path, made: Gpt, **fields: Any) -> tuple[ChatInfo, list[NewMessage]]:
    [one] = chats(put(tmp_path / "one.json", made.record(**fields))).values()
    return one


def test_a_conversation_with_its_title_times_and_model(tmp_path: Path) -> None:
    made = Gpt(7, is_archived=True, is_starred=True, gizmo_id="g-p-1")
    made.say("system", "", about={"is_visually_hidden_from_conversation": True})
    made.say("user", "How do boats float?")
    made.say("assistant", "They push water aside.")
    chat, messages = read(tmp_path, made)
    assert (chat.source, chat.source_id, chat.title, chat.model) == ("chatgpt", uuid(7), "Boats 7", "gpt-5")
    assert chat.created_at == datetime.fromtimestamp(BEGUN + 7, UTC)
    assert (chat.archived, chat.pinned, chat.metadata["gizmo_id"]) == (True, True, "g-p-1")
    assert told(messages) == [
        ("user", "text", "How do boats float?"),
        ("assistant", "text", "They push water aside."),
    ]
    assert [m.created_at for m in messages] == [datetime.fromtimestamp(BEGUN + 60 * n, UTC) for n in (2, 3)]
    assert [m.parent_id for m in messages] == [None, messages[0].source_id]


def test_a_conversation_without_a_title_is_called_after_its_first_prompt(tmp_path: Path) -> None:
    made = Gpt(title=None, create_time="1772000000.5")
    made.say("user", "How do boats float?\nPlease be brief.")
    chat, _messages = read(tmp_path, made)
    assert (chat.title, chat.metadata["title_from"]) == ("How do boats float?", "prompt")
    assert chat.created_at == datetime.fromtimestamp(1772000000.5, UTC)


def test_edits_and_replies_made_again_are_branches_of_which_the_current_one_comes_last(tmp_path: Path) -> None:
    made = Gpt()
    asked = made.say("user", "first")
    kept = made.say("assistant", "kept answer")
    made.say("assistant", "left answer", parent=asked)
    made.say("user", "goes on with the left one")
    made.say("user", "goes on with the kept one", parent=kept)
    _chat, messages = read(tmp_path, made)
    assert [m.content for m in messages] == [
        "first",
        "left answer",
        "goes on with the left one",
        "kept answer",
        "goes on with the kept one",
    ]
    parent = {m.content: m.parent_id for m in messages}
    name = {m.content: m.source_id for m in messages}
    assert parent["left answer"] == parent["kept answer"] == name["first"]
    assert parent["goes on with the kept one"] == name["kept answer"]
    assert len({m.reply_id for m in messages if m.role is Role.ASSISTANT}) == 2


def test_a_first_prompt_that_was_edited_is_a_branch_too(tmp_path: Path) -> None:
    made = Gpt()
    made.say("user", "frist", parent="client-created-root")
    made.say("assistant", "What?")
    made.say("user", "first", parent="client-created-root")
    _chat, messages = read(tmp_path, made)
    assert [m.content for m in messages] == ["The first prompt was edited.", "frist", "What?", "first"]
    assert messages[1].parent_id == messages[3].parent_id == messages[0].source_id


@pytest.mark.parametrize("current", [None, "missing"])
def test_without_a_current_node_the_newest_leaf_is(tmp_path: Path, current: str | None) -> None:
    made = Gpt()
    asked = made.say("user", "first")
    made.say("assistant", "newer", create_time=BEGUN + 9999)
    made.say("assistant", "older", parent=asked, create_time=BEGUN + 1)
    _chat, messages = read(tmp_path, made, current_node=current)
    assert [m.content for m in messages] == ["first", "older", "newer"]


def test_circles_and_missing_parents_lose_nothing(tmp_path: Path) -> None:
    made = Gpt()
    made.say("user", "in a circle", parent="n3")
    made.say("user", "the other half", parent="n2")
    made.say("user", "an orphan", parent="nowhere")
    _chat, messages = read(tmp_path, made)
    assert {m.content for m in messages} >= {"in a circle", "the other half", "an orphan"}
    ids = [m.source_id for m in messages]
    assert all(m.parent_id is None or m.parent_id in ids[:n] for n, m in enumerate(messages))


def test_tools_thoughts_and_what_they_gave_back(tmp_path: Path) -> None:
    made = Gpt()
    made.say("user", "draw")
    made.say("assistant", {"content_type": "thoughts", "thoughts": [{"summary": "Plan", "content": "A boat."}]})
    made.say("assistant", {"content_type": "reasoning_recap", "content": "Thought for 5 seconds"})
    made.say("assistant", {"content_type": "code", "language": "unknown", "text": "plot()"}, recipient="python")
    made.say(
        "tool",
        {"content_type": "execution_output", "text": "Traceback"},
        author="python",
        about={"aggregate_result": {"status": "failed_with_in_kernel_exception"}},
    )
    made.say("assistant", '{"query":"boats"}', recipient="web.search")
    made.say("tool", {"content_type": "tether_quote", "title": "Boats", "url": "b.org", "text": "float"}, author="web")
    made.say("assistant", {"content_type": "code", "language": "python", "text": "print(1)"})
    _chat, messages = read(tmp_path, made)
    assert told(messages)[1:] == [
        ("assistant", "thinking", "**Plan**\n\nA boat."),
        ("assistant", "thinking", "Thought for 5 seconds"),
        ("assistant", "tool_call", "plot()"),
        ("tool", "tool_result", "Traceback"),
        ("assistant", "tool_call", '{"query":"boats"}'),
        ("tool", "tool_result", "Boats\nb.org\nfloat"),
        ("assistant", "text", "```python\nprint(1)\n```"),
    ]
    calls = [m.tool for m in messages if m.tool]
    assert [(c.name, c.status) for c in calls] == [
        ("python", ToolStatus.COMPLETED),
        ("", ToolStatus.FAILED),
        ("web.search", ToolStatus.COMPLETED),
        ("", ToolStatus.COMPLETED),
    ]
    assert calls[0].call_id == calls[1].call_id != calls[2].call_id == calls[3].call_id
    assert messages[4].error


def test_hidden_nodes_are_passed_over_and_instructions_are_kept(tmp_path: Path) -> None:
    made = Gpt()
    hidden = {"is_visually_hidden_from_conversation": True}
    context = {"content_type": "user_editable_context", "user_profile": "A sailor.", "user_instructions": "Be brief."}
    made.say("user", context, about=hidden)
    made.say("system", "internal", about=hidden)
    made.say("user", "hello")
    made.say("assistant", "not shown", weight=0.0)
    made.say("assistant", "hi")
    _chat, messages = read(tmp_path, made)
    assert told(messages) == [
        ("system", "event", "A sailor.\n\nBe brief."),
        ("user", "text", "hello"),
        ("assistant", "text", "hi"),
    ]
    assert [m.parent_id for m in messages] == [None, messages[0].source_id, messages[1].source_id]


def test_what_was_spoken_is_text_and_its_sound_an_attachment(tmp_path: Path) -> None:
    made = Gpt(voice="ember")
    spoken = {"content_type": "audio_transcription", "text": "Ahoy there", "direction": "in"}
    sound = {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://file_00abc", "format": "wav"}
    made.say("user", {"content_type": "multimodal_text", "parts": [spoken, sound]})
    archive = packed({"conversations.json": [made.record()], f"{uuid(1)}/audio/file_00abc-1.wav": b"RIFF"})
    [(chat, messages)] = chats(put(tmp_path / "e.zip", archive)).values()
    assert chat.metadata["voice"] == "ember"
    assert told(messages) == [
        ("user", "text", "Ahoy there"),
        ("user", "attachment", "file_00abc-1.wav\n[audio/wav, 4 bytes]"),
    ]
    assert messages[0].metadata == {"voice": True}
    assert messages[1].attachments[0].data == b"RIFF"


def test_attachments_come_from_the_zip_or_from_beside_the_file(tmp_path: Path) -> None:
    made = Gpt()
    upload = {"id": "file-abc123", "name": "boat.png", "mimeType": "image/png", "size": 9}
    made.say("user", {"content_type": "multimodal_text", "parts": ["look", SEE]}, about={"attachments": [upload]})
    made.say("tool", {"content_type": "multimodal_text", "parts": [SEE | {"asset_pointer": "sediment://file_9"}]})
    members = {
        "x/conversations.json": [made.record()],
        "x/file-abc123-boat.png": PNG,
        "x/dalle-generations/file_9.webp": b"W",
    }
    zipped = put(tmp_path / "export.zip", packed(members))
    for name, content in members.items():
        put(tmp_path / "unpacked" / name, content)
    (tmp_path / "secret").write_text("secret")
    for path in (zipped, tmp_path / "unpacked" / "x" / "conversations.json"):
        [(_chat, messages)] = chats(path).values()
        assert [m.kind for m in messages[:2]] == [Kind.TEXT, Kind.ATTACHMENT]
        assert messages[1].content == f"boat.png\n[image/png, {len(PNG)} bytes]"
        assert [(a.name, a.mime, a.data) for a in messages[1].attachments] == [("boat.png", "image/png", PNG)]
        assert messages[2].attachments[0].data == b"W"
    (tmp_path / "unpacked" / "x" / "file-abc123-boat.png").unlink()
    (tmp_path / "unpacked" / "x" / "file-abc123-boat.png").symlink_to(tmp_path / "secret")
    [(_chat, messages)] = chats(tmp_path / "unpacked" / "x" / "conversations.json").values()
    assert messages[1].content == "boat.png\n[image/png]"
    assert not messages[1].attachments


def test_citations_become_their_links(tmp_path: Path) -> None:
    made = Gpt()
    cited = "Boats float.\ue200cite\ue202turn0search1\ue201 So do ducks.\ue200cite\ue202turn0search9\ue201"
    reference = {"matched_text": "\ue200cite\ue202turn0search1\ue201", "alt": "([b.org](https://b.org))"}
    made.say("assistant", cited, about={"content_references": [reference, 5, {"matched_text": "o", "alt": "0"}]})
    _chat, messages = read(tmp_path, made)
    assert messages[0].content == "Boats float.([b.org](https://b.org)) So do ducks."


def test_parts_of_an_export_are_one_and_other_documents_in_it_are_not_asked(tmp_path: Path) -> None:
    made = [Gpt(n) for n in range(6)]
    for n, one in enumerate(made):
        one.say("user", f"prompt {n}")
    records = [one.record() for one in made]
    members = {
        "user.json": {"id": "u"},
        "conversations-001.json": records[3:],
        "conversations-000.json": records[:3],
        "shared_conversations.json": [],
        "chat.html": b"<html>",
    }
    path = put(tmp_path / "export.zip", packed(members))
    known = recognise(path)
    assert known is not None
    assert known.name == "chatgpt"
    assert list(chats(path)) == [uuid(n) for n in range(6)]


def test_a_document_longer_than_is_looked_at_is_recognised_by_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Gpt()
    made.say("user", "x" * 3_000_000)
    path = put(tmp_path / "conversations.json", [made.record()])
    monkeypatch.setattr("chattui.sources.head.LONGEST_DOCUMENT", 1000)
    known = recognise(path)
    assert known is not None
    assert known.name == "chatgpt"


def test_only_what_has_changed_is_read_again(tmp_path: Path) -> None:
    made = [Gpt(n) for n in range(3)]
    for one in made:
        one.say("user", "first")
    path = put(tmp_path / "c.json", [one.record() for one in made])
    known = {chunk.chat.source_id: chunk.version or "" for chunk in ChatGpt().read_chats(path, {})}
    assert len(known) == 3
    assert not list(ChatGpt().read_chats(path, known))
    made[1].say("assistant", "second")
    put(path, [one.record() for one in made[1:]])
    [chunk] = ChatGpt().read_chats(path, known)
    assert chunk.chat.source_id == uuid(1)
    assert [m.content for m in chunk.messages] == ["first", "second"]


def test_what_is_damaged_is_told_after_what_stands_before_it(tmp_path: Path) -> None:
    made = [Gpt(n) for n in range(3)]
    for one in made:
        one.say("user", "words " * 1000)
    raw = json.dumps([one.record() for one in made]).encode()
    found = ChatGpt().read_chats(put(tmp_path / "c.json", raw[:-9]), {})
    assert [next(found).chat.source_id, next(found).chat.source_id] == [uuid(0), uuid(1)]
    with pytest.raises(SourceError, match="cannot be read beyond byte"):
        next(found)


@pytest.mark.parametrize("packs", [False, True])
def test_a_chat_that_is_too_long_is_cut_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, packs: bool
) -> None:
    monkeypatch.setattr(exports, "LONGEST_CHAT", 200_000)
    monkeypatch.setattr(bounded, "MOST_COST", 600_000)
    made = [Gpt(1), Gpt(2), Gpt(3)]
    for n, one in enumerate(made, 1):
        one.say("user", f"question {n}")
        one.say("assistant", f"answer {n} " + "x" * (400_000 if n == 2 else 900))
    records = [one.record() for one in made]
    path = put(
        tmp_path / ("c.zip" if packs else "c.json"), packed({"conversations.json": records}) if packs else records
    )
    whole = put(tmp_path / "w.json", [records[0], records[2]])
    found = list(ChatGpt().read_chats(path, {}))
    by_chat = {chunk.chat.source_id: [m.content for m in chunk.messages] for chunk in found}
    others = {chunk.chat.source_id: [m.content for m in chunk.messages] for chunk in ChatGpt().read_chats(whole, {})}
    [(cut, texts)] = [(name, texts) for name, texts in by_chat.items() if name not in others]
    assert {name: by_chat[name] for name in others} == others
    assert texts[0] == "question 2"
    assert texts[1].startswith("answer 2 xxx")
    assert "[cut: this text has" in texts[1]
    [problem] = [problem for chunk in found for problem in chunk.problems]
    assert (problem.line, problem.lasting) == (2, True)
    assert problem.long is not None
    assert json.loads(b"".join(map(zlib.decompress, problem.long.pieces()))) == records[1]
    known = {chunk.chat.source_id: chunk.version for chunk in found if chunk.version}
    assert cut in known
    assert list(ChatGpt().read_chats(path, known)) == []


def test_large_attachments_are_only_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Gpt()
    made.say("user", {"content_type": "multimodal_text", "parts": ["look", SEE]})
    monkeypatch.setattr("chattui.sources.exports.LARGEST_ASSET", 10)
    monkeypatch.setattr("chattui.sources.chatgpt.conversation.LARGEST_ASSET", 10)
    path = put(tmp_path / "e.zip", packed({"conversations.json": [made.record()], "file-abc123-b.png": PNG}))
    [(_chat, messages)] = chats(path).values()
    assert "too large to be kept" in messages[1].content
    assert not messages[1].attachments
