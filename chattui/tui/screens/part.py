"""What a part of the main screen is a part of: for the type checker the shell; at run time nothing, for every further class
of Textual's costs the first paint a tenth of a millisecond and more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chattui.tui.screens.shell import Shell as Part
else:

    class Part:
        """Goes before ``Shell`` among the bases of ``MainScreen``. Messages reach its ``on_…`` methods, ``@on`` does not work."""


__all__ = ["Part"]
