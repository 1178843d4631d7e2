"""Helpers of the store, the sources and the verbs, for tests that take chats along."""

from __future__ import annotations

import sys
from pathlib import Path

for _room in ("sources", "store", "sync", "cli"):
    sys.path.insert(0, str(Path(__file__).parent.parent / _room))
