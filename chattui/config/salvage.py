"""What can still be read of a TOML file that is not valid: every table but the broken ones."""

from __future__ import annotations

from typing import Any

_MOST = 20


def salvaged(text: str) -> tuple[dict[str, Any], list[tuple[int, str, str]]]:
    """The tables that can be read, and for each broken part its line (0: unknown), its table and what is wrong with it.

    A part goes from one table's header to the next. Where a part is broken it is left out whole, and the rest read
    again: what is left out is always named, never taken as if it were not there. "" is a table whose name cannot be read.
    """
    import re
    import tomllib

    lines = text.split("\n")
    broken: list[tuple[int, str, str]] = []
    for _ in range(_MOST):
        try:
            return tomllib.loads("\n".join(lines)), broken
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"at line (\d+)", str(error))
            at = min(int(where[1]), len(lines)) - 1 if where else _last_filled(lines)
            starts = [nr for nr, line in enumerate(lines) if re.match(r"\s*\[", line)]
            begin = max((nr for nr in starts if nr <= at), default=0)
            end = next((nr for nr in starts if nr > at), len(lines))
            header = re.match(r"\s*\[+\s*[\"']?([\w-]+)", lines[begin]) if lines else None
            broken.append((at + 1 if where else begin + 1, header[1] if header else "", str(error)))
            lines[begin:end] = [""] * (end - begin)
        except RecursionError:
            break
    return {}, [*broken, (0, "", "it has too many mistakes")]


def _last_filled(lines: list[str]) -> int:
    """The last line that holds something: where a text that ends too early has gone wrong."""
    return max((nr for nr, line in enumerate(lines) if line.strip()), default=0)
