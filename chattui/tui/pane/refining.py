"""A reader that makes itself better in idle time: colours, heights of what comes next, times that grow older."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from chattui.tui.pane.idle import IdleWork
from chattui.tui.pane.reader import Reader

_AHEAD = 2
"""Pages before and after the window that are measured."""


class Refining(Reader):
    """Between keys: colours what is seen, measures what is near."""

    @cached_property
    def _idle(self) -> IdleWork:
        return IdleWork(self, self._use_idle_time)

    def on_mount(self) -> None:
        """Keep "3m ago" true."""
        self.set_interval(60, self._age)

    def moved(self) -> None:
        """Refine what is seen now when there is time."""
        super().moved()
        if self.feed is not None and self.viewport.height:
            self._idle.wait()

    def restyled(self) -> None:
        """Code has its colours to get anew."""
        super().restyled()
        if self.feed is not None and self.viewport.height:
            self._idle.wait()

    def _use_idle_time(self, until: float) -> bool:
        if self.feed is None or not self.typeset.width:
            return True
        if not self._colour(until):
            return False
        done = self.viewport.look_ahead(until)
        self.sync()
        return done

    def _colour(self, until: float) -> bool:
        """Colour the code in the window; False when there is more to do."""
        for seq in self.viewport.messages():
            laid = self.typeset.laid(seq)
            if laid is None or not laid.plain_codes:
                continue
            if not all(self.typeset.colours.work(code, language, until) for code, language in laid.plain_codes):
                return False
            self.typeset.drop(seq)
            self._painter.drop(seq, 0, len(laid.lines))
            self.refresh()
        return True

    def _age(self) -> None:
        """Times in headers grow older."""
        if self.feed is None:
            return
        now = self._now()
        for seq in self.viewport.messages():
            message = self.feed.get(seq)
            if message is not None and now - message.created_at < timedelta(days=1):
                self.typeset.drop(seq)
                self._painter.drop(seq, 0, 2)
                self.refresh()
