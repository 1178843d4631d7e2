"""What ``chattui import`` has found in the usual places, told before it reads any of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chattui.domain.visible import visible_line
from chattui.sync.overview import short

if TYPE_CHECKING:
    from chattui.sources.protocol import Source
    from chattui.sync.looking import Looked


def print_found(sources: Sequence[Source], looked: Looked) -> None:
    """A line for each source that has files: how many, of which size, and where."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for _, file in looked.found:
        counts[file.source] += 1
        sizes[file.source] += file.size
    home = Path.home()
    for source in sources:
        if not counts[source.name]:
            continue
        roots = [short(root, home) for root in source.roots(os.environ, home) if root.exists()]
        where = ", ".join(roots[:2]) + (f" and {len(roots) - 2} more" if len(roots) > 2 else "")
        size = sizes[source.name] / 1e6
        files = f"{counts[source.name]:,} file{'' if counts[source.name] == 1 else 's'}"
        click.echo(f"{source.label:<14} {files:>13} {size:>9,.1f} MB  {visible_line(where)}")
    if not counts:
        click.echo("No histories were found in the usual places.")
