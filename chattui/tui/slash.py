"""Commands that are typed where a message is written: a line that begins with a slash and a word that is one of them."""

from __future__ import annotations

from dataclasses import dataclass

WORDS = {
    "model": "/model NAME  ask this model from now on; without a name choose one",
    "system": "/system TEXT  the system prompt of this chat; without a text it has none",
    "set": "/set OPTION VALUE  an option of the model; without a value as the model has it",
    "attach": "/attach PATH  send a file along; a file can also be dragged into the terminal",
    "detach": "/detach  send no files along",
    "retry": "/retry  ask again for a reply to the last prompt",
    "edit": "/edit  change the last prompt and send it as a branch of its own",
    "continue": "/continue  let the last reply go on",
    "stop": "/stop  end the reply that is being written",
}
"""The commands and what they do."""


@dataclass(frozen=True, slots=True)
class Slash:
    """A command and what is written behind it."""

    name: str
    argument: str


def parse(text: str) -> Slash | None:
    """The command that a text is; None for a message, which may well begin with a slash, as paths do."""
    first, _, rest = text.strip().partition(" ")
    if first.startswith("/") and "\n" not in first and first[1:] in WORDS:
        return Slash(first[1:], rest.strip())
    return None


def hint(text: str) -> str:
    """What can be meant by what is typed so far; empty for anything but the beginning of a command."""
    first, blank, _ = text.partition(" ")
    if not first.startswith("/") or "\n" in text:
        return ""
    found = [words for name, words in WORDS.items() if name.startswith(first[1:]) and (not blank or name == first[1:])]
    return found[0] if len(found) == 1 else "  ".join(words.split("  ")[0].split(" ")[0] for words in found)
