"""Secrets are found by their shape and hidden without moving anything; all of those here are made up."""

from __future__ import annotations

import random
import string
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chattui.domain.chat import Message, ToolUse
from chattui.domain.kinds import Kind, Role, ToolStatus
from chattui.domain.secrets import HIDDEN, masked, masked_beginning, masked_message, restored, secrets_in

_WORD = string.ascii_letters + string.digits
_MADE = random.Random(7)


def some(count: int, of: str = _WORD) -> str:
    """Characters of a key that nobody has; made here, so that no scanner takes this file for a leak."""
    return "".join(_MADE.choice(of) for _ in range(count))


_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits

LIKE_THE_LIBRARY = {
    "AWS key id": "AKIA" + some(16, _UPPER),
    "GitHub token": "ghp" + "_" + some(36),
    "GitLab token": "glpat" + "-" + some(20),
    "JSON web token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    + ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6Ik5vcmEifQ."
    + some(43),
    "Mailchimp key": some(32, "0123456789abcdef") + "-us12",
    "npm token": "//registry.example/:_authToken=" + "npm" + "_" + some(36),
    "OpenAI key": "sk" + "-" + some(20) + "T3Blbk" + "FJ" + some(20),
    "private key": "-----BEGIN RSA PRIVATE " + "KEY-----\n" + "\n".join(some(64) for _ in range(12)),
    "PyPI token": "pypi" + "-AgEIcHlwaS5vcmc" + some(80),
    "SendGrid key": "SG" + "." + some(22) + "." + some(43),
    "Slack token": "xoxb" + "-" + some(12, string.digits) + "-" + some(24, _LOWER),
    "Slack webhook": "https://hooks.slack.com/services/" + "T" + some(8) + "/B" + some(8) + "/" + some(24),
    "Square key": "sq0csp" + "-" + some(43),
    "Stripe key": "sk_live" + "_" + some(24),
    "Twilio key": "AC" + some(32, _LOWER),
    "Discord token": "MT" + some(22) + "." + some(6) + "." + some(27),
    "Azure storage key": "AccountKey" + "=" + some(86) + "==",
    "Artifactory token": "AKC" + some(20),
    "password in an address": "postgres://nora:" + some(12) + "@db.example/main",
}
OURS_ALONE = {
    "Anthropic key": "sk-ant" + "-api03-" + some(80),
    "OpenAI key": "sk-proj" + "-" + some(60),
    "GitHub token": "github_pat" + "_" + some(60),
    "Google key": "AIza" + some(35),
    "Hugging Face token": "hf" + "_" + some(34),
    "bearer token": "Authorization: Bearer " + some(40),
    "AWS secret key": "aws_secret_access_key = " + some(40),
    "private key": '"-----BEGIN PRIVATE ' + "KEY-----\\n" + some(64) + '\\n"',
}
ALL = [*LIKE_THE_LIBRARY.items(), *OURS_ALONE.items()]


@pytest.mark.parametrize(("name", "secret"), ALL, ids=[name for name, _ in ALL])
@pytest.mark.parametrize("around", ["{}", "before {} after", 'x = "{}"', "a\n{}\nb"])
def test_a_secret_is_hidden_in_its_place(name: str, secret: str, around: str) -> None:
    text = around.format(secret)
    assert name in {found.name for found in secrets_in(text)}
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert [len(line) for line in hidden.split("\n")] == [len(line) for line in text.split("\n")]
    assert hidden.count(HIDDEN) >= 12
    found = next(s for s in secrets_in(text) if s.name == name)
    rest = text[found.start + found.shown : found.end]
    assert not any(piece in hidden for piece in rest.split() if len(piece) > 5)
    assert masked(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ordinary prose about a task-list, an API key and a password, in https://example.org/path@2x.png.",
        "git@github.com:nora/boat.git and ssh://git@host:22/x and http://localhost:8000/a@b",
        "postgresql://$USER:$PASSWORD@host/db and redis://{user}:{password}@host",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "5e551011-0000-4000-8000-000000000001 commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "def bearer_token(self) -> str: ...  # -----BEGIN CERTIFICATE-----",
        "The Bearer scheme; risk-free disk-based desk-top; ghp_short; AKIAshort; eyJ.",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert masked(text) == text


def test_secrets_beside_and_over_each_other_are_all_hidden() -> None:
    one, two = LIKE_THE_LIBRARY["GitHub token"], OURS_ALONE["Google key"]
    hidden = masked(f"Bearer {one} {two} https://n:{one}@h")
    assert one[4:] not in hidden
    assert two[4:] not in hidden
    assert len(hidden) == len(f"Bearer {one} {two} https://n:{one}@h")


def test_a_message_is_hidden_with_what_its_tool_was_called_with() -> None:
    key = LIKE_THE_LIBRARY["GitHub token"]
    tool = ToolUse("c", "Bash", ToolStatus.FAILED, f"curl -H {key}", error=f"bad {key}")
    message = Message(1, 1, Role.TOOL, Kind.TOOL_CALL, f"a {key}", datetime.now(UTC), tool=tool, metadata={"x": [key]})
    assert key not in repr(masked_message(message))
    plain = Message(1, 1, Role.USER, Kind.TEXT, "nothing", datetime.now(UTC))
    assert masked_message(plain) is plain


@pytest.mark.parametrize(
    "piece",
    [
        "sk-",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n ",
        "eyJ",
        "aws ",
        "://a:",
        "bearer ",
        "xoxb-1-",
        "M",
        "ghp_",
        "A-b: c\n",
        "a" * 31 + "-us1 ",
        "1",
        "SG.",
        "T3BlbkFJ sk-",
    ],
)
def test_no_text_takes_more_than_linear_time(piece: str) -> None:
    text = ("T3BlbkFJ PRIVATE KEY :AA " + piece * (400_000 // len(piece)))[:400_000]
    began = time.process_time()
    masked(text)
    assert time.process_time() - began < 4  # a quadratic one takes minutes


TOKEN = "ghp" + "_" + some(36)


@pytest.mark.parametrize("kept", [4, 5, 12, 39])
def test_the_beginning_of_a_secret_that_was_cut_off_is_hidden_too(kept: int) -> None:
    cut = f"use {TOKEN[:kept]}…"
    assert masked(cut) == f"use ghp_{HIDDEN * (kept - 4)}…"
    assert masked_beginning(cut[:-1]) == masked(cut)[:-1]


@pytest.mark.parametrize(
    "text", ["a new Mode…", "see AC and SK for it…", "https://example.org/path…", "…", "it goes on …"]
)
def test_what_was_cut_off_and_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (lambda t: t, "a {0} b {1}"),
        (lambda t: t.replace("a ", "A new "), "A new {0} b {1}"),
        (lambda t: " ".join(reversed(t.split(" "))), "{1} b {0} a"),
        (lambda t: t.split(" b ")[1], "{1}"),
        (lambda t: t.replace(HIDDEN, "x", 1), "a ghp_x" + HIDDEN * 35 + " b {1}"),
        (lambda _: "none", "none"),
    ],
)
def test_what_is_hidden_stays_as_it_was_while_the_text_around_it_is_changed(
    change: Callable[[str], str], result: str
) -> None:
    key = "AKIA" + some(16, _UPPER)
    assert restored(change(masked(f"a {TOKEN} b {key}")), f"a {TOKEN} b {key}") == result.format(TOKEN, key)


def test_it_finds_what_detect_secrets_finds() -> None:
    """Held against the library where it is installed: each of its rules that goes by the shape of a secret."""
    pytest.importorskip("detect_secrets")
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import transient_settings

    plugins = [
        "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "DiscordBotTokenDetector",
        "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector", "MailchimpDetector", "NpmDetector", "OpenAIDetector",
        "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector", "SquareOAuthDetector", "StripeDetector",
        "TwilioKeyDetector",
    ]  # fmt: skip
    with transient_settings({"plugins_used": [{"name": name} for name in plugins]}):
        for name, secret in LIKE_THE_LIBRARY.items():
            theirs = [found for line in secret.split("\n") for found in scan_line(line)]
            assert theirs, f"the library knows no {name}: {secret}"
            assert any(True for _ in secrets_in(secret)), name
