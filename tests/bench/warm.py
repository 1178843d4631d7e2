"""The files that a program is made of, brought into the page cache: a system may drop them between two runs."""

from __future__ import annotations

import os
import re
import sysconfig
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


def warm() -> None:
    """Write out what other programs left to be written, and read everything that the program is made of."""
    os.sync()
    for path in _files():
        try:
            path.read_bytes()
        except OSError:
            continue


@cache
def _files() -> tuple[Path, ...]:
    """Files of the program, of all that it depends on, and of the interpreter's library."""
    found, wanted = set(), ["chattui"]
    for name in wanted:
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # for another system
        found.update(Path(str(f.locate())) for f in package.files or ())
        for requirement in package.requires or ():
            needed = re.match(r"[\w.-]+", requirement)
            if needed and "extra ==" not in requirement and needed[0] not in wanted:
                wanted.append(needed[0])
    library = Path(sysconfig.get_path("stdlib"))
    found.update(p for p in library.rglob("*.pyc") if "site-packages" not in p.parts and "test" not in p.parts)
    found.update(library.rglob("lib-dynload/*.so"))
    found.update(Path(__file__).resolve().parents[2].glob("chattui/**/*"))
    return tuple(sorted(p for p in found if p.is_file()))
