"""Messages as laid out lines, at one width and in one palette, with bounded caches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.segment import Segment

from chattui.domain.attached import is_kept, is_only_named
from chattui.domain.chat import Fork, Message, Subagent
from chattui.domain.kinds import FOLDED_KINDS, ContentType, Kind
from chattui.domain.marks import Mark
from chattui.domain.markup import too_heavy
from chattui.tui.habits import HABITS
from chattui.tui.pane.cutting import UNWRAPPED
from chattui.tui.pane.feed import MessageFeed
from chattui.tui.pane.headline import folded, header, noted, parted
from chattui.tui.pane.highlight import Highlighter
from chattui.tui.pane.laid import Laid
from chattui.tui.pane.layout import Body, set_blocks
from chattui.tui.pane.lines import Line, line_of
from chattui.tui.pane.lru import Lru
from chattui.tui.pane.markdown import Block, parse
from chattui.tui.pane.output import understood
from chattui.tui.pane.palette import Palette, Palettes
from chattui.tui.pane.plain import rest_of, set_plain, size_of, window_at
from chattui.tui.pane.stream import Stream
from chattui.tui.pane.wrap import clip

MOST_ROWS = 8_000
"""Rows of one message that are laid out at a time. What is longer is shown in parts."""

_ROWS_AT_FIRST = {Kind.TEXT: 1_000}
_ROWS_OF_OTHERS = 200
_STREAM_FROM = 4_000
_TAIL_ROWS = 100
_INDENT = "  "
_ROW_WEIGHT = 100
"""Characters of an unwrapped message that count as a row in the cache."""

NARROWEST = 8
"""Columns of text below which rows are cut, not wrapped."""


@dataclass(slots=True)
class Look:
    """How a person wants to see one message. ``start`` is the character at which the shown part begins."""

    opened: bool | None = None  # None: as its kind is shown
    rows: int = 0  # 0: as many as its kind shows at first
    start: int = 0


class Typesetter:
    """Lays out the messages of one feed."""

    def __init__(self, palettes: Callable[[], Palettes], now: Callable[[], datetime]) -> None:
        self.feed: MessageFeed | None = None
        self.notes: dict[int, Mark] = {}  # bookmarks and notes, by seq
        self.width = 0
        self.before: Callable[[int], int] = lambda seq: seq - 1  # the message above one, 0 for none
        self.after: Callable[[int], int] = lambda seq: seq + 1
        self.wraps = True
        self.branch: Callable[[int], tuple[int, int] | None] = lambda seq: None  # noqa: ARG005  # which answer of how many
        self.colours = Highlighter(lambda: palettes().plain)
        self._palettes = palettes
        self._now = now
        self._looks: dict[int, Look] = {}
        self._flipped: set[Kind] = set()
        self._blocks: Lru[int, list[Block]] = Lru(600, most_weight=4_000_000)
        self._laid: Lru[int, Laid] = Lru(4_000, most_weight=20_000)
        self._stream: tuple[int, Stream] | None = None
        self._by_call: dict[str, Subagent] = {}
        self._by_agent: dict[str, Subagent] = {}
        self.forks: dict[int, list[Fork]] = {}

    def begin(self, feed: MessageFeed | None) -> None:
        """Another chat: forget everything about the one before."""
        self.feed = feed
        self.notes = {}
        self._looks.clear()
        self._flipped.clear()
        self.set_subagents(())
        self.restyle()

    def set_subagents(self, subagents: Iterable[Subagent], forks: Iterable[Fork] = ()) -> None:
        """The chats that tool calls of this one have started, and those that go on from one of its messages."""
        self.forks = {}
        for fork in forks:
            self.forks.setdefault(fork.seq, []).append(fork)
        known = list(subagents)
        self._by_call = {s.call_id: s for s in known if s.call_id}
        self._by_agent = {s.agent_id: s for s in known if s.agent_id}
        self._laid.clear()

    def subagent(self, message: Message) -> Subagent | None:
        """The chat that this call has started, or that this result comes from."""
        if message.tool is None or not self._by_agent:
            return None
        agent_id = (message.metadata or {}).get("agent_id")
        return self._by_call.get(message.tool.call_id) or self._by_agent.get(str(agent_id))

    def restyle(self) -> None:
        """The theme has changed: everything is made anew."""
        self._blocks.clear()
        self._laid.clear()
        self.colours.clear()
        self._stream = None

    def resize(self, width: int) -> None:
        """Lay out for ``width`` columns of text from now on."""
        self.width = width
        self._laid.clear()
        self._stream = None

    @property
    def columns(self) -> int:
        """Columns after which a line of text goes on in the next row."""
        return self.width if self.wraps else UNWRAPPED

    def wrap(self, *, wraps: bool) -> None:
        """Wrap lines at the width from now on, or not."""
        self.wraps = wraps
        self._laid.clear()
        self._stream = None

    def stands(self, laid: Laid, row: int) -> bool:
        """Whether a row is none of the text, and so not scrolled sideways."""
        return row < laid.body or row in (laid.before, laid.after)

    def look(self, seq: int) -> Look:
        """The look of one message, to be changed before ``drop``."""
        return self._looks.setdefault(seq, Look())

    def opened_by_hand(self) -> dict[int, bool]:
        """Messages that were opened (or folded: False) one by one."""
        return {seq: look.opened for seq, look in self._looks.items() if look.opened is not None}

    def regroup(self) -> None:
        """Other messages are shown: the gaps between them are made anew."""
        self._laid.clear()

    def drop(self, seq: int) -> None:
        """Lay the message out again when it is next needed; its text is the same."""
        self._laid.drop(seq)

    def changed(self, seq: int) -> None:
        """The message's text has changed."""
        self._blocks.drop(seq)
        self._laid.drop(seq)

    def finish(self) -> int | None:
        """Nothing more is written to the message that grew: its seq, now to be set as a whole."""
        if self._stream is None:
            return None
        seq, _ = self._stream
        self._stream = None
        self.changed(seq)
        return seq

    def is_folded(self, seq: int) -> bool:
        """Whether the message is one line. False while it is not loaded."""
        message = self.feed.get(seq) if self.feed is not None and seq >= 1 else None
        return message is not None and self._folds(message)

    def _folds(self, message: Message) -> bool:
        look = self._looks.get(message.seq)
        if look is not None and look.opened is not None:
            return not look.opened
        return (message.kind in FOLDED_KINDS) != (message.kind in self._flipped)

    def flip(self, kind: Kind, *, open_all: bool) -> None:
        """Show all messages of a kind open, or all folded."""
        if (kind in FOLDED_KINDS) == open_all:
            self._flipped.add(kind)
        else:
            self._flipped.discard(kind)
        for seq, look in self._looks.items():
            message = self.feed.get(seq) if self.feed is not None else None
            if message is not None and message.kind is kind:
                look.opened = None
        self._laid.clear()

    def laid(self, seq: int) -> Laid | None:
        """The message as lines; None while it is not loaded, or before the width is known."""
        laid = self._laid.get(seq)
        if laid is None and self.width:
            message = self.feed.get(seq) if self.feed is not None else None
            if message is None:
                return None
            laid = self._lay_out(message)
            self._put(message, laid)
        return laid

    def _put(self, message: Message, laid: Laid) -> None:
        characters = 0 if self.wraps else len(message.content) // _ROW_WEIGHT
        self._laid.put(message.seq, laid, max(len(laid.lines), characters))

    def lines(self, seq: int) -> list[Line] | None:
        """The message's lines; None while it is not loaded."""
        laid = self.laid(seq)
        return laid.lines if laid is not None else None

    def grow(self, seq: int) -> Laid | None:
        """The message's text has grown at its end: lay out what is new."""
        message = self.feed.get(seq) if self.feed is not None else None
        if message is None or self._folds(message) or not is_markdown(message) or len(message.content) < _STREAM_FROM:
            self._stream = None
            self.changed(seq)
            return self._laid_to_its_end(message) if message is not None else None
        width = self._room(message)
        if self._stream is None or self._stream[0] != seq or not self._stream[1].continues(message.content, width):
            self._stream = (seq, Stream(width, self.palette(message), self.colours))
        body = self._stream[1].update(message.content)
        self.changed(seq)
        self.look(seq).rows = MOST_ROWS
        if body is None:
            return self.laid(seq)
        laid = self._frame(message)
        kept = len(laid.lines) + self._stream[1].kept_rows
        self._add(laid, message, body, self.palette(message))
        laid.kept = kept
        self._put(message, laid)
        return laid

    def _laid_to_its_end(self, message: Message) -> Laid | None:
        """A message that grows, in the part that shows what was written last."""
        laid = self.laid(message.seq)
        if laid is not None and not self._folds(message) and laid.end < len(message.content):
            look = self.look(message.seq)
            look.start = window_at(message.content, len(message.content) - _TAIL_ROWS * self.width)
            self.drop(message.seq)
            laid = self.laid(message.seq)
        return laid

    def palette(self, message: Message) -> Palette:
        """The styles of a message: prompts stand on a background of their own."""
        prompt = message.is_prompt
        return self._palettes().prompt if prompt else self._palettes().plain

    def _frame(self, message: Message) -> Laid:
        """The gap and the headline."""
        palette, width = self.palette(message), self.width
        shut, mark = self._folds(message), self.notes.get(message.seq)
        laid = Laid([], foldable=message.kind in FOLDED_KINDS)
        above = self.before(message.seq)
        if above and HABITS.density != "compact" and not (shut and self.is_folded(above)):
            laid.lines.append(Line(fill=self._palettes().plain.text))
        laid.head = len(laid.lines)
        if shut or message.kind in FOLDED_KINDS:
            agent = self.subagent(message)
            branch = self.branch(message.seq)
            laid.lines.append(folded(message, width, palette, opened=not shut, mark=mark, agent=agent, branch=branch))
        else:
            laid.lines.append(header(message, self._now(), width, palette, mark=mark, branch=self.branch(message.seq)))
        if message.seq in self.forks:
            laid.lines.append(parted(self.forks[message.seq], width, palette))
        if mark is not None and mark.note:
            laid.lines.append(noted(mark, width, palette))
        laid.body = len(laid.lines)
        return laid

    def _lay_out(self, message: Message) -> Laid:
        laid = self._with_body(message)
        if message.kind is Kind.ATTACHMENT and not self._folds(message):
            self._offer(laid, message)
        return laid

    def _offer(self, laid: Laid, message: Message) -> None:
        """Say below an attachment what can be done with it."""
        laid.opens = is_kept(message)
        if laid.opens or is_only_named(message):
            words = (
                "s saves it · L opens it" if laid.opens else "the history had only its name: nothing to save or open"
            )
            laid.offer = len(laid.lines)
            laid.lines.append(_notice(clip(words, self.width), self.palette(message)))

    def _with_body(self, message: Message) -> Laid:
        laid = self._frame(message)
        if self._folds(message) or not message.content.strip(" \t\n"):
            return laid
        palette = self.palette(message)
        blocks = self._parsed(message, palette)
        if blocks is not None:
            body = set_blocks(blocks, self._room(message), palette, self.colours)
            if len(body.lines) <= MOST_ROWS:
                self._add(laid, message, body, palette)
                return laid
        self._add_plain(laid, message, palette)
        return laid

    def _parsed(self, message: Message, palette: Palette) -> list[Block] | None:
        look = self._looks.get(message.seq)
        if not is_markdown(message) and look is not None and look.start:
            return None  # a further part of a long text
        blocks = self._blocks.get(message.seq)
        make = _markdown if is_markdown(message) else understood
        if blocks is None and (blocks := make(message, palette)) is not None:
            self._blocks.put(message.seq, blocks, len(message.content))
        return blocks

    def _room(self, message: Message) -> int:
        """Columns for the text: under the headline of a folded kind it is indented."""
        indent = len(_INDENT) if self.wraps and message.kind in FOLDED_KINDS else 0
        return max(NARROWEST, self.columns - indent)

    def _rows(self, message: Message) -> int:
        look = self._looks.get(message.seq)
        return look.rows if look and look.rows else _ROWS_AT_FIRST.get(message.kind, _ROWS_OF_OTHERS)

    def _add(self, laid: Laid, message: Message, body: Body, palette: Palette) -> None:
        base, most = len(laid.lines), self._rows(message)
        laid.starts = [base + row for row in body.starts if row < most]
        laid.codes = [code._replace(row=base + code.row) for code in body.codes]
        laid.plain_codes = body.plain_codes
        laid.end = len(message.content)
        hidden = len(body.lines) - most
        if hidden <= 0:
            laid.lines.extend(_under(laid, body.lines, palette))
            return
        laid.lines.extend(_under(laid, body.lines[:most], palette))
        laid.after = len(laid.lines)
        laid.lines.append(_notice(f"… {hidden:,} more {'line' if hidden == 1 else 'lines'} · e shows them", palette))

    def _add_plain(self, laid: Laid, message: Message, palette: Palette) -> None:
        look = self._looks.get(message.seq)
        start = look.start if look else 0
        text = message.content
        most = self._rows(message)
        window = set_plain(text, start, self._room(message), most, palette.text)
        if start:
            laid.before = len(laid.lines)
            laid.lines.append(_notice(f"… {size_of(start)} above · E shows them", palette))
        laid.lines.extend(_under(laid, window.lines, palette))
        laid.end = window.end
        if window.end < len(text):
            laid.after = len(laid.lines)
            verb = "shows them" if most < MOST_ROWS else "goes on"
            laid.lines.append(_notice(f"… {rest_of(text, window.end)} · e {verb}", palette))


def is_markdown(message: Message) -> bool:
    """Whether the message's text is set as Markdown."""
    preformatted = (
        message.kind in {Kind.TOOL_CALL, Kind.TOOL_RESULT} or message.content_type is not ContentType.MARKDOWN
    )
    return not preformatted and not too_heavy(message.content)


def _markdown(message: Message, palette: Palette) -> list[Block] | None:
    """The message's Markdown."""
    return parse(message.content, palette)


def _under(laid: Laid, lines: list[Line], palette: Palette) -> list[Line]:
    """The lines of the text, where they stand below the headline."""
    if not laid.foldable:
        return lines
    indent = Segment(_INDENT, palette.text)
    return [Line((indent, *line.segments), line.lead + len(_INDENT), line.join, line.fill) for line in lines]


def _notice(text: str, palette: Palette) -> Line:
    return line_of([(text, palette.notice)], lead=len(text))
