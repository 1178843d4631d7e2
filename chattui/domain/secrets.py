"""Secrets in text: keys and tokens known by their shape, hidden without moving anything behind them.

The rules follow detect-secrets (Apache-2.0), held against it by a test, and know further kinds. Each has a literal, which
is looked for first: text without any costs some microseconds. No rule may take more than linear time: the text is hostile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.domain.chat import Chat, ChatRow, Message
    from chattui.domain.marks import Mark
    from chattui.domain.search import Hit

HIDDEN: Final = "•"
CUT: Final = "…"
SHOWN: Final = 4
"""Characters that are left of a key whose beginning says what it is; of the rest of them nothing is."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of secret. It can only be where one of ``literals`` is; ``pattern``'s group ``secret``, or else all, is hidden."""

    name: str
    literals: tuple[str, ...]
    pattern: str


RULES: Final = (
    Rule("Anthropic key", ("sk-ant-",), r"\bsk-ant-[\w-]{20,}"),
    Rule("OpenAI key", ("T3BlbkFJ",), r"\bsk-[\w-]{0,60}[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}[\w-]*"),
    Rule("OpenAI key", ("sk-proj-", "sk-svcacct-", "sk-admin-"), r"\bsk-(?:proj|svcacct|admin)-[\w-]{20,}"),
    Rule("OpenRouter key", ("sk-or-v1-",), r"\bsk-or-v1-[0-9a-f]{40,}"),
    Rule("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9_]{36,}"),
    Rule("GitHub token", ("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
    Rule(
        "GitLab token",
        ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glcbt-", "glptt-", "glimt-", "glagent-", "gloas-"),
        r"gl(?:pat|dt|ft|soat|rt|cbt|ptt|imt|agent|oas)-[\w-]{20,}",
    ),
    Rule("AWS key id", ("AKIA", "ASIA", "ABIA", "ACCA", "A3T"), r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}"),
    Rule(
        "AWS secret key",
        ("aws", "AWS", "Aws"),
        r"(?i:aws).{0,20}?(?i:key|pwd|pw|password|pass|token).{0,20}?['\"= ](?P<secret>[0-9a-zA-Z/+]{40})(?![0-9a-zA-Z/+])",
    ),
    Rule("Google key", ("AIza",), r"\bAIza[\w-]{35}"),
    Rule("Google token", ("ya29.",), r"\bya29\.[\w-]{20,}"),
    Rule("Slack token", ("xox", "XOX"), r"(?i:xox(?:[abposr]|e\.xox[bp])-[a-z0-9-]{8,})"),
    Rule(
        "Slack webhook",
        ("hooks.slack.com/services/",),
        r"hooks\.slack\.com/services/(?P<secret>T[A-Za-z0-9_]+/B[A-Za-z0-9_]+/[A-Za-z0-9_]+)",
    ),
    Rule("Stripe key", ("k_live_", "k_test_"), r"\b[rsp]k_(?:live|test)_[0-9a-zA-Z]{24,}"),
    Rule("Square key", ("sq0csp-", "sq0atp-"), r"sq0(?:csp-[\w\\-]{43}|atp-[\w-]{22})"),
    Rule("SendGrid key", ("SG.",), r"SG\.[\w-]{22}\.[\w-]{43}"),
    Rule("Twilio key", ("AC", "SK"), r"(?:AC|SK)(?<![A-Za-z0-9]..)[a-z0-9]{32}(?![A-Za-z0-9])"),
    Rule("Mailchimp key", ("-us",), r"\b[0-9a-z]{32}-us[0-9]{1,2}\b"),
    Rule("npm token", ("_authToken",), r":_authToken=\s*[\"']?(?P<secret>npm_\w+|[A-Fa-f0-9-]{36})"),
    Rule("npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}"),
    Rule("PyPI token", ("pypi-AgE",), r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[\w-]{70,}"),
    Rule("Hugging Face token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,}"),
    Rule("Groq key", ("gsk_",), r"\bgsk_[A-Za-z0-9]{40,}"),
    Rule("xAI key", ("xai-",), r"\bxai-[A-Za-z0-9]{40,}"),
    Rule("DigitalOcean token", ("_v1_",), r"\bdo[opr]_v1_[a-f0-9]{64}"),
    Rule("Discord token", ("M", "N", "O"), r"[MNO](?<![\w-].)[a-zA-Z\d_-]{23,25}\.[a-zA-Z\d_-]{6}\.[a-zA-Z\d_-]{27}"),
    Rule("Telegram token", (":AA",), r"\b\d{8,10}:AA[0-9A-Za-z_-]{33}(?![\w-])"),
    Rule("Azure storage key", ("AccountKey=",), r"AccountKey=(?P<secret>[a-zA-Z0-9+/=]{88})"),
    Rule("Artifactory token", ("AKC",), r"(?:(?<=[=:\"\s])|^)AKC[a-zA-Z0-9]{10,}(?=[\s\"]|$)"),
    Rule("JSON web token", ("eyJ",), r"\beyJ[\w=-]{10,}\.[\w=-]{10,}(?:\.[\w.+/=-]*)?"),
    Rule(
        "password in an address", ("://",), r"://[^\s:/?#\[\]@\"'<>]{1,80}:(?P<secret>[^\s:/?#\[\]@\"'<>$*{]{3,200})@"
    ),
    Rule("bearer token", ("earer ",), r"\b[Bb]earer\s+(?P<secret>[\w.~+/-]{20,}=*)"),
    Rule("age key", ("AGE-SECRET-KEY-1",), r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    Rule(
        "private key",
        ("PRIVATE KEY",),
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<secret>(?:\s|\\[nr]|[A-Za-z-]{1,40}: [^\n]{0,200}\n)*[A-Za-z0-9+/=\s\\]{40,20000})",
    ),
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a text: its kind, where it begins and ends, and how many of its first characters may be seen."""

    name: str
    start: int
    end: int
    shown: int = 0


def secrets_in(text: str) -> Iterator[Secret]:
    """Every secret in a text, by rule; they may lie over each other."""
    for rule, literals, pattern in _compiled():
        if any(literal in text for literal in literals):
            for found in pattern.finditer(text):
                if "secret" in pattern.groupindex:
                    yield Secret(rule, *found.span("secret"))
                else:
                    yield Secret(rule, *found.span(), SHOWN)


def masked(text: str) -> str:
    """The text with its secrets hidden, of the same length and with the same lines.

    Of a text that was cut off, which ends in ``…``, what may be the beginning of a secret is hidden too.
    """
    found = list(secrets_in(text))
    if text.endswith(CUT):
        found += _cut_off(text)
    if not found:
        return text
    pieces: list[str] = []
    at = 0
    for secret in sorted(found, key=lambda s: (s.start, -s.end)):
        if secret.end <= at:
            continue
        start = max(at, secret.start)
        shown = start if start > secret.start else start + secret.shown
        pieces += (text[at:shown], _NOT_BLANK.sub(HIDDEN, text[shown : secret.end]))
        at = secret.end
    return "".join((*pieces, text[at:]))


_NOT_BLANK: Final = re.compile(r"\S")
_BULLETS: Final = re.compile(f"{HIDDEN}+")
_EVERYWHERE: Final = frozenset({"M", "N", "O", "AC", "SK", "-us", "://", "aws", "AWS", "Aws", "_v1_"})
"""What secrets of some kinds hold, and ordinary words too."""

_LAST_WORD: Final = re.compile(r"[^\s\"'<>]{1,400}…\Z")


def _cut_off(text: str) -> Iterator[Secret]:
    """What may be a secret without its end, right before the end of the text."""
    if last := _LAST_WORD.search(text, max(0, len(text) - 400)):
        for rule in RULES:
            for literal in rule.literals:
                if literal not in _EVERYWHERE and (at := last[0].find(literal)) >= 0:
                    yield Secret(rule.name, last.start() + at, len(text) - 1, SHOWN)


def masked_beginning(text: str) -> str:
    """The same of the beginning of a text that may go on."""
    return masked(text + CUT)[:-1]


def restored(edited: str, original: str) -> str:
    """A text that was written by changing ``masked(original)``, with what is hidden in it as it was."""
    hidden = masked(original)
    for found in _BULLETS.finditer(hidden):
        piece = hidden[max(0, found.start() - SHOWN) : found.end()]
        edited = edited.replace(piece, original[max(0, found.start() - SHOWN) : found.end()], 1)
    return edited


def masked_message(message: Message) -> Message:
    """The message with the secrets in its content and in its tool call's facts hidden; itself, where there are none."""
    tool = message.tool
    if tool is not None:
        target, error = masked(tool.target), masked(tool.error) if tool.error else tool.error
        if (target, error) != (tool.target, tool.error):
            tool = replace(tool, target=target, error=error)
    content = masked(message.content)
    metadata = masked_json(message.metadata) if message.metadata else message.metadata
    if content == message.content and tool is message.tool and metadata == message.metadata:
        return message
    return replace(message, content=content, tool=tool, metadata=metadata)


def masked_chat(chat: Chat) -> Chat:
    """The chat with the secrets in its title, its note, its tags and its issue hidden."""
    return replace(
        chat,
        title=masked(chat.title),
        description=masked(chat.description) if chat.description else chat.description,
        tags=tuple(map(masked, chat.tags)),
        metadata=masked_json(chat.metadata),
        settings=masked_json(chat.settings),
    )


def masked_row(row: ChatRow) -> ChatRow:
    """The chat of a list with the secrets in its title and its tags hidden."""
    return replace(row, title=masked(row.title), tags=tuple(map(masked, row.tags)))


def masked_hit(hit: Hit) -> Hit:
    """The hit with the secrets in its snippet and its title hidden; the matches are where they were."""
    return replace(hit, snippet=masked(hit.snippet), title=masked(hit.title))


def masked_mark(mark: Mark) -> Mark:
    """The mark with the secrets in its note and its excerpt hidden."""
    return replace(mark, note=masked(mark.note), excerpt=masked(mark.excerpt))


def masked_data(data: bytes) -> bytes:
    """The bytes of a file with the secrets in them hidden, where they are text in UTF-8; others as they are."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    return data if "\0" in text else masked(text).encode()


def masked_json(value: Any) -> Any:
    """A value that JSON can hold, with the secrets in its texts hidden."""
    match value:
        case str():
            return masked(value)
        case dict():
            return {key: masked_json(inner) for key, inner in value.items()}
        case list() | tuple():
            return [masked_json(inner) for inner in value]
    return value


def shown_line(text: str, masks: bool = True) -> str:
    """As ``visible_line``, with secrets hidden where that is wanted: for titles and the like."""
    return visible_line(masked(text) if masks else text)


@cache
def _compiled() -> tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]:
    return tuple((rule.name, rule.literals, re.compile(rule.pattern)) for rule in RULES)
