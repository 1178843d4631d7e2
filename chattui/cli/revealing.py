"""The options about secrets, the same for every verb that prints or reads chats. Without them the configuration decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

reveal_option: Final[Callable[[Any], Any]] = click.option(
    "--reveal/--mask-secrets",
    default=None,
    help="Show keys, tokens and passwords as they are, or hide them.  [default: hide, or secrets.mask in the config file]",
)

mask_option: Final[Callable[[Any], Any]] = click.option(
    "--mask-secrets/--store-secrets",
    "mask",
    default=None,
    help="Replace keys, tokens and passwords before they are stored, or do not.  "
    "[default: do not, or secrets.at-import in the config file]",
)
