"""Transcripts: cues and dialogues as turns of speakers, with their times; and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from export_makers import put
from histories import told

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, NewMessage
from chattui.sources.registry import recognise
from chattui.sources.transcripts import Transcripts

VTT = """\
\ufeffWEBVTT - Harbour talk
Language: en

NOTE Recorded: 2026-03-01T10:00:00Z

NOTE
Summary: They spoke of boats.

1
00:00:01.000 --> 00:00:02.000 align:start
<v Ann>How do boats <i>float</i>?</v>

00:00:02.500 --> 00:00:03.000
<v Ann>I mean &lt;these&gt;.

00:01:00.000 --> 00:01:05.500
<v.loud ChatGPT>They push water.</v>

02:00:00.000 --> 02:00:01.000
<v ChatGPT>Still there?</v>
"""
SRT = """\
1
00:00:01,000 --> 00:00:02,000
User: How do boats float?

2
00:00:02,100 --> 00:00:03,000
I wonder.

3
00:00:04,000 --> 00:00:05,000
Assistant: They push: water.
"""
README = """\
# Boats

A library. User: this is not a prompt.

## Usage

Note: run it.

Example: `boats float`

## User guide

Warning: water.

## Assistant

Nobody.
"""


def read(path: Path) -> tuple[ChatInfo, list[NewMessage]]:
    chunks = list(Transcripts().read(path))
    return chunks[-1].chat, [m for chunk in chunks for m in chunk.messages]


def said(tmp_path: Path, text: str, name: str = "talk.md") -> tuple[ChatInfo, list[NewMessage]]:
    path = put(tmp_path / name, text.encode())
    known = recognise(path)
    assert known is not None
    assert known.name == "transcript"
    return read(path)


def test_webvtt_with_voices_notes_and_times(tmp_path: Path) -> None:
    chat, messages = said(tmp_path, VTT, "talk.vtt")
    begun = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (chat.source, chat.title, chat.created_at) == ("transcript", "Harbour talk", begun)
    assert told(messages) == [
        ("system", "summary", "They spoke of boats."),
        ("user", "text", "Ann: How do boats float?\nI mean <these>."),
        ("assistant", "text", "They push water."),
        ("assistant", "text", "Still there?"),
    ]
    assert [m.created_at for m in messages[1:]] == [begun + timedelta(seconds=s) for s in (1, 60, 7200)]
    assert messages[1].metadata == {"speaker": "Ann", "start": 1.0, "end": 3.0}


def test_subrip_with_names_in_front(tmp_path: Path) -> None:
    chat, messages = said(tmp_path, SRT.replace("\n", "\r\n"), "2026-03-01 10-30 boats.srt")
    assert chat.title == "2026-03-01 10-30 boats"
    assert told(messages) == [
        ("user", "text", "How do boats float?\nI wonder."),
        ("assistant", "text", "They push: water."),
    ]
    assert messages[0].created_at == datetime(2026, 3, 1, 10, 30, 1).astimezone()


def test_cues_of_nobody_are_joined_until_a_pause(tmp_path: Path) -> None:
    cues = "".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nwords {n}\n\n" for n in (1, 2, 3, 40))
    _chat, messages = said(tmp_path, cues, "memo.srt")
    assert told(messages) == [("user", "text", "words 1\nwords 2\nwords 3"), ("user", "text", "words 40")]


@pytest.mark.parametrize(
    "text",
    [
        "## User\n\nHow?\n\n## Assistant\n\nSo:\n\n### Details\n\nUser: no turn\n",
        "#### You said:\nHow?\n#### ChatGPT said:\nSo:\n\n##### Details\n\nUser: no turn\n",
        "**User:** How?\n\n**Assistant:** So:\n\n### Details\n\nUser: no turn\n",
        "**Human**\n\nHow?\n\n**Claude**\n\nSo:\n\n**Details:** yes\n\nUser: no turn\n",
        "User: How?\n\nAssistant: So:\n\n```\nUser: no turn\n```\n",
        "User (10:02): How?\nAssistant (10:03): So:\nNote: this is\nNote: no turn\n",
    ],
)
def test_a_dialogue_in_many_forms(tmp_path: Path, text: str) -> None:
    _chat, messages = said(tmp_path, text)
    assert [(str(m.role), m.content[:4]) for m in messages] == [("user", "How?"), ("assistant", "So:\n")]
    assert "no turn" in messages[1].content


def test_times_title_date_and_summaries(tmp_path: Path) -> None:
    text = (
        "# Voice session\n\nDate: 2026-03-01\n\nRecorded on a boat.\n\n## Summary\n\nThey spoke.\n\n## Transcript\n\n"
        "[23:58] Ann: Ahoy.\n[23:59:30] Ben: Ahoy yourself.\n[00:01] Ann: Late.\n[00:02] Ben: Yes.\n"
    )
    chat, messages = said(tmp_path, text)
    assert chat.title == "Voice session"
    assert told(messages) == [
        ("system", "event", "Recorded on a boat."),
        ("system", "summary", "They spoke."),
        ("user", "text", "Ann: Ahoy."),
        ("user", "text", "Ben: Ahoy yourself."),
        ("user", "text", "Ann: Late."),
        ("user", "text", "Ben: Yes."),
    ]
    times = [m.created_at for m in messages[2:]]
    first = datetime(2026, 3, 1, 23, 58).astimezone()
    assert [time - first for time in times if time] == [timedelta(minutes=m) for m in (0, 1.5, 3, 4)]


def test_a_summary_after_the_dialogue_is_one_and_one_inside_of_an_answer_is_not(tmp_path: Path) -> None:
    text = "## User\nHow?\n## Assistant\nSo.\n### Summary\nInside.\n## Summary\nAfterwards.\n"
    _chat, messages = said(tmp_path, text)
    assert told(messages) == [
        ("user", "text", "How?"),
        ("assistant", "text", "So.\n### Summary\nInside."),
        ("system", "summary", "Afterwards."),
    ]


def test_a_message_keeps_its_id_when_others_come(tmp_path: Path) -> None:
    before = said(tmp_path, "User: How?\nAssistant: So.\nUser: How?\n")
    after = said(tmp_path, "User: How?\nAssistant: So.\nUser: How?\nAssistant: So.\n")
    ids = [m.source_id for m in after[1]]
    assert ids[:3] == [m.source_id for m in before[1]]
    assert len(set(ids)) == 4
    assert before[0].source_id == after[0].source_id


def test_what_is_no_dialogue_is_not_recognised_even_when_named(tmp_path: Path) -> None:
    for name, text in {
        "README.md": README,
        "notes.txt": "Shopping: milk\nTodo: boats\nTodo: ropes\nShopping: tar\n",
        "log.txt": "10:00 INFO: started\n10:01 INFO: stopped\n",
        "one.md": "User: only one speaks\n",
        "empty.md": "",
    }.items():
        path = put(tmp_path / name, text.encode())
        assert recognise(path) is None, name
        if text:
            with pytest.raises(SourceError, match="nobody takes turns in it"):
                list(Transcripts().read(path))


def test_a_dialogue_that_nobody_named_is_left_alone_and_cues_of_speakers_are_not(tmp_path: Path) -> None:
    talk = put(tmp_path / "talk.md", b"User: How?\nAssistant: So.\n")
    film = put(tmp_path / "film.srt", b"1\n00:00:01,000 --> 00:00:02,000\nIt was a dark night.\n")
    spoken = put(tmp_path / "talk.vtt", VTT.encode())
    assert [recognise(path, named=False) is not None for path in (talk, film, spoken)] == [False, False, True]
    assert all(recognise(path) is not None for path in (talk, film, spoken))


def test_other_encodings(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", "User: Größe?\nAssistant: Groß.\n".encode("cp1252"))
    assert read(path)[1][0].content == "Größe?"
    path = put(tmp_path / "b.txt", "User: Größe?\nAssistant: Groß.\n".encode("utf-16"))
    assert read(path)[1][0].content == "Größe?"
