"""The sample chats are read like real ones, and end a few minutes ago whenever that is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from chattui import samples
from chattui.domain.history import ChatInfo, NewMessage
from chattui.domain.kinds import Kind, Role, ToolStatus
from chattui.sources.registry import all_sources, recognise

STORED = Path(samples.__file__).parent
CHECKOUT = Path(__file__).resolve().parents[1]
TOKYO = timezone(timedelta(hours=9))
NOW = datetime(2031, 3, 5, 14, 30, 15, 250_000, tzinfo=TOKYO)

TIMES = {
    "timestamp": "iso",
    "updated_at": "iso",
    "started_at": 1,
    "completed_at": 1,
    "resets_at": 1,
    "started_at_ms": 1000,
    "completed_at_ms": 1000,
    "startTime": 1000,
}
"""Where the formats keep times: as ISO text, or so many to the second."""


@dataclass(frozen=True)
class Sample:
    path: Path
    chat: ChatInfo
    messages: tuple[NewMessage, ...]

    @property
    def last(self) -> datetime:
        return max(message.created_at for message in self.messages if message.created_at)


def read_all(home: Path) -> list[Sample]:
    """Every sample below ``home`` as the sources read it; fails on anything they complain about."""
    found = []
    for source in all_sources():
        for root in source.roots({}, home):
            for file in source.discover(root, lambda path, why: pytest.fail(f"{path}: {why}")):
                assert recognise(file.path) is source
                chunks = list(source.read(file.path))
                assert not [problem for chunk in chunks for problem in chunk.problems]
                messages = tuple(message for chunk in chunks for message in chunk.messages)
                found.append(Sample(file.path, chunks[-1].chat, messages))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("samples")
    samples.copy_to(place, NOW)
    return place


@pytest.fixture(scope="module")
def chats(home: Path) -> list[Sample]:
    return read_all(home)


def own(chats: list[Sample]) -> list[Sample]:
    """The chats that are not a subagent's."""
    return [sample for sample in chats if not sample.chat.parent_source_id]


def test_both_tools_are_there_with_fourteen_chats(chats: list[Sample]) -> None:
    assert Counter(sample.chat.source for sample in own(chats)) == {"claude-code": 9, "codex": 5}
    assert len({sample.chat.source_id for sample in chats}) == len(chats) == 15
    sizes = sorted(len(sample.messages) for sample in own(chats))
    assert sizes[0] == 4
    assert sizes[-1] > 60


def test_every_kind_of_message_is_there(chats: list[Sample]) -> None:
    messages = [message for sample in chats for message in sample.messages]
    assert {message.kind for message in messages} == set(Kind)
    ends = {message.tool.status for message in messages if message.kind is Kind.TOOL_RESULT and message.tool}
    assert ends == {ToolStatus.COMPLETED, ToolStatus.FAILED, ToolStatus.CANCELLED}
    assert [cut.data[:4] for message in messages for cut in message.attachments] == [b"\x89PNG"]


def test_every_chat_knows_its_project_branch_model_and_tokens(chats: list[Sample]) -> None:
    for sample in chats:
        assert sample.chat.title
        assert sample.chat.project
        assert sample.chat.git_branch
        assert sample.chat.model
        assert sum(message.tokens_in or 0 for message in sample.messages) > 0
        assert sum(message.tokens_out or 0 for message in sample.messages) > 0


def test_calls_and_results_belong_together(chats: list[Sample]) -> None:
    for sample in chats:
        calls = [m.tool.call_id for m in sample.messages if m.kind is Kind.TOOL_CALL and m.tool]
        results = [m.tool.call_id for m in sample.messages if m.kind is Kind.TOOL_RESULT and m.tool]
        assert calls == results


def test_the_subagent_hangs_on_the_call_that_started_it(chats: list[Sample]) -> None:
    (agent,) = (sample for sample in chats if sample.chat.parent_source_id)
    (parent,) = (sample for sample in chats if sample.chat.source_id == agent.chat.parent_source_id)
    calls = {m.tool.call_id: m.tool.name for m in parent.messages if m.kind is Kind.TOOL_CALL and m.tool}
    assert calls[agent.chat.parent_call_id] == "Agent"


def test_one_prompt_was_edited(chats: list[Sample]) -> None:
    edited = []
    for sample in chats:
        prompts = [m.parent_id for m in sample.messages if m.role is Role.USER and m.kind is Kind.TEXT]
        edited += [parent for parent, times in Counter(prompts).items() if parent and times > 1]
    assert len(edited) == 1


def test_codex_is_there_in_both_dialects_with_names_for_some(home: Path, chats: list[Sample]) -> None:
    rollouts = [sample.path for sample in chats if sample.chat.source == "codex"]
    heads = [json.loads(path.read_text(encoding="utf-8").split("\n", 1)[0])["payload"] for path in rollouts]
    assert Counter(head.get("history_mode", "legacy") for head in heads) == {"paginated": 2, "legacy": 3}
    (titles,) = (source.titles(home / ".codex") for source in all_sources() if source.name == "codex")
    assert set(titles) < {sample.chat.source_id for sample in chats}


@pytest.mark.parametrize(
    "now",
    [
        datetime(2027, 1, 2, 5, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        datetime(2028, 3, 1, 23, 59, tzinfo=timezone(timedelta(hours=-8))),
        datetime(2024, 7, 15, 9, 30, tzinfo=TOKYO),
    ],
    ids=lambda now: f"{now:%H:%M}",
)
def test_from_five_to_midnight_the_chats_lie_in_the_same_groups_of_days(tmp_path: Path, now: datetime) -> None:
    samples.copy_to(tmp_path, now)
    groups: Counter[str] = Counter()
    for sample in own(read_all(tmp_path)):
        days = (now.date() - sample.last.astimezone(now.tzinfo).date()).days
        ends = ((0, "today"), (1, "yesterday"), (7, "7 days"), (30, "30 days"))
        groups[next((name for end, name in ends if days <= end), "older")] += 1
    assert groups == {"today": 3, "yesterday": 2, "7 days": 4, "30 days": 3, "older": 2}


def test_the_newest_chat_is_minutes_old_and_nothing_is_in_the_future(chats: list[Sample]) -> None:
    assert max(sample.last for sample in chats) > NOW - timedelta(minutes=10)
    assert all(message.created_at < NOW for sample in chats for message in sample.messages if message.created_at)


def test_times_are_moved_everywhere_and_nothing_else_is_changed(home: Path) -> None:
    by = NOW - samples.BASE
    moved_files = {file.name.split("-", 7)[-1]: file for file in home.rglob("*") if file.is_file()}
    kept = 0
    for file in sorted(STORED.rglob("*.json*")):
        before = file.read_text(encoding="utf-8").splitlines()
        after = moved_files[file.name.split("-", 7)[-1]].read_text(encoding="utf-8").splitlines()
        for old, new in zip(before, after, strict=True):
            for name, was, now in pairs("", json.loads(old), json.loads(new)):
                assert now == (later(name, was, by) if name in TIMES else was), name
                kept += name not in TIMES
    assert kept > 5000


def pairs(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """All leaves of two JSON values of the same shape, with the names of their fields."""
    if isinstance(old, dict):
        assert list(old) == list(new)
        for key in old:
            yield from pairs(key, old[key], new[key])
    elif isinstance(old, list):
        for was, now in zip(old, new, strict=True):
            yield from pairs(name, was, now)
    else:
        yield name, old, new


def later(name: str, was: Any, by: timedelta) -> Any:
    unit = TIMES[name]
    if unit == "iso":
        moved = datetime.fromisoformat(was) + by
        return f"{moved:%Y-%m-%dT%H:%M:%S}.{moved.microsecond // 1000:03d}Z"
    return was + int(by.total_seconds() * int(unit))


def test_what_is_said_names_no_dates() -> None:
    for file in STORED.rglob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            for name, value, _ in pairs("", json.loads(line), json.loads(line)):
                if name not in TIMES and isinstance(value, str):
                    assert not re.search(r"\b20\d\d[-/][01]\d[-/][0-3]\d", value), (file.name, value)


def test_rollouts_are_named_by_the_local_time_of_their_beginning(chats: list[Sample]) -> None:
    for path in (sample.path for sample in chats if sample.chat.source == "codex"):
        begun = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8").split("\n", 1)[0])["timestamp"])
        local = begun.astimezone(TOKYO)
        assert path.name.startswith(f"rollout-{local:%Y-%m-%dT%H-%M-%S}-")
        assert path.parts[-5:-1] == ("sessions", f"{local:%Y}", f"{local:%m}", f"{local:%d}")


def test_files_were_last_modified_with_their_last_record(chats: list[Sample]) -> None:
    for sample in chats:
        assert abs(sample.path.stat().st_mtime - sample.last.timestamp()) < 1


@pytest.mark.parametrize("folder", [".claude", ".codex"])
def test_real_history_is_never_written_over(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    with pytest.raises(FileExistsError, match=re.escape(folder)):
        samples.copy_to(tmp_path, NOW)
    assert [path.name for path in tmp_path.rglob("*")] == [folder]


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        samples.copy_to(tmp_path, datetime(2026, 11, 20, 12))
    assert not list(tmp_path.iterdir())


def test_the_wheel_holds_all_of_them_in_less_than_400_kb() -> None:
    from hatchling.builders.wheel import WheelBuilder

    included = {Path(file.relative_path) for file in WheelBuilder(str(CHECKOUT)).recurse_included_files()}
    stored = [file for file in STORED.rglob("*.json*") if file.is_file()]
    assert {file.relative_to(CHECKOUT) for file in stored} <= included
    assert sum(file.stat().st_size for file in stored) < 400_000
