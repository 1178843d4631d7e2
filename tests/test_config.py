"""Settings: which database, which directories, and what a wrong value is answered with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chattui.config import DatabaseTarget, load_settings
from chattui.domain.errors import ConfigError
from chattui.server import open_database


@pytest.fixture
def load(tmp_path):
    def load(env=None, *, file=None, **arguments):
        if file is not None:
            (tmp_path / "config").mkdir(exist_ok=True)
            (tmp_path / "config" / "config.toml").write_text(file)
        return load_settings({"CHATTUI_HOME": str(tmp_path), **(env or {})}, **arguments)

    return load


OURS, GENERIC = "postgresql://a@ours/x", "postgres://b@generic/y"
CONFIG = '[database]\nurl = "postgresql://c@configured/z"\n'


def test_the_first_source_that_speaks_is_taken(load):
    env = {"CHATTUI_DATABASE_URL": OURS, "DATABASE_URL": GENERIC, "PGHOST": "h"}
    argument = load(env, file=CONFIG, database="host=arg dbname=d").database
    assert argument == DatabaseTarget("url", "host=arg dbname=d", "--database")
    assert load(env, file=CONFIG).database == DatabaseTarget("url", OURS, "CHATTUI_DATABASE_URL")
    del env["CHATTUI_DATABASE_URL"]
    assert load(env, file=CONFIG).database == DatabaseTarget("url", "postgresql://b@generic/y", "DATABASE_URL")
    del env["DATABASE_URL"]
    assert load(env, file=CONFIG).database == DatabaseTarget("url", "", "PGHOST and the other PG* variables")
    configured = load({}, file=CONFIG).database
    assert configured.conninfo == "postgresql://c@configured/z"
    assert configured.origin.endswith("config.toml")
    assert load({}, file="").database == DatabaseTarget("embedded", None, "the default")


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"])
def test_libpq_variables_that_name_a_server_are_left_to_libpq(load, name):
    target = load({name: "x"}).database
    assert (target.kind, target.conninfo) == ("url", "")
    assert name in target.origin


def test_a_user_or_password_alone_names_no_server(load):
    assert load({"PGUSER": "me", "PGPASSWORD": "x", "PGPORT": "5"}).database.kind == "embedded"


def test_empty_values_are_unset(load):
    env = {"CHATTUI_DATABASE_URL": "", "DATABASE_URL": "", "PGHOST": "", "CHATTUI_LINGER": "", "CHATTUI_PG_BIN": ""}
    settings = load(env, database="")
    assert settings.database.kind == "embedded"
    assert settings.pg_bin is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me@host/db?sslmode=require",
        "postgresql+asyncpg://me@host/db?sslmode=require",
        "postgres+psycopg2://me@host/db?sslmode=require",
        "POSTGRESQL://me@host/db?sslmode=require",
    ],
)
def test_urls_of_other_tools_are_understood(load, url):
    assert load({"DATABASE_URL": url}).database.conninfo == "postgresql://me@host/db?sslmode=require"


def test_embedded_can_be_asked_for(load):
    target = load({"DATABASE_URL": GENERIC}, database="embedded").database
    assert (target.kind, target.origin) == ("embedded", "--database")
    assert load({"DATABASE_URL": GENERIC, "CHATTUI_DATABASE_URL": "Embedded"}).database.kind == "embedded"


def test_another_programs_database_url_is_passed_over_but_ours_has_to_be_right(load):
    assert load({"DATABASE_URL": "mysql://root@localhost/shop"}).database.kind == "embedded"
    with pytest.raises(ConfigError, match=r"CHATTUI_DATABASE_URL names a mysql database.*PostgreSQL 15"):
        load({"CHATTUI_DATABASE_URL": "mysql://root@localhost/shop"})
    with pytest.raises(ConfigError, match="--database is not a database address"):
        load(database="mydb")


@pytest.mark.parametrize(
    ("conninfo", "shown"),
    [
        ("postgresql://me:s3cret@h:5/db", "postgresql://me:***@h:5/db"),
        ("postgresql://me:p/w@s3cret@h/db", "postgresql://me:***@h/db"),
        ("postgresql://:s3cret@h/db", "postgresql://:***@h/db"),
        ("postgresql://h/db?user=me&password=s3cret&x=y", "postgresql://h/db?user=me&password=***&x=y"),
        ("postgresql://h/db?sslpassword=s3cret", "postgresql://h/db?sslpassword=***"),
        ("postgresql://me@h:5432/db", "postgresql://me@h:5432/db"),
        ("host=h password=s3cret user=me", "host=h password=*** user=me"),
        ("password = 's3 cr\\'et' host=h", "password = *** host=h"),
        ("host=h password='s3cret", "host=h password=***"),
        ("PASSWORD=s3cret host=h", "PASSWORD=*** host=h"),
    ],
)
def test_no_password_is_shown(load, conninfo, shown):
    target = load(database=conninfo).database
    assert target.redacted() == shown
    assert "s3" not in repr(target)
    assert "s3" not in str(load(database=conninfo))


def test_targets_without_an_address_are_named_for_people(load):
    assert load().database.redacted() == "embedded PostgreSQL"
    assert "PG*" in load({"PGHOST": "h"}).database.redacted()


def test_one_home_holds_everything(load, tmp_path):
    settings = load()
    found = (settings.data_dir, settings.config_dir, settings.state_dir, settings.log_dir)
    assert found == (tmp_path / "data", tmp_path / "config", tmp_path / "state", tmp_path / "log")
    assert load(data_dir=Path("/elsewhere")).data_dir == Path("/elsewhere")
    assert list(tmp_path.iterdir()) == []


def test_without_a_home_the_systems_places_are_used(monkeypatch, tmp_path):
    for name in ("DATA", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    settings = load_settings({})
    if sys.platform == "linux":
        assert settings.data_dir == tmp_path / "DATA" / "chattui"
    for path in (settings.data_dir, settings.config_dir, settings.state_dir, settings.log_dir):
        assert path.is_absolute()
        assert "chattui" in path.parts


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("45", 45), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400), (" Forever ", None)],
)
def test_linger_is_read_as_people_write_it(load, text, seconds):
    assert load({"CHATTUI_LINGER": text}).linger == seconds
    assert load(file=f'[server]\nlinger = "{text}"\n').linger == seconds


def test_linger_is_ten_minutes_or_a_number_in_the_file_or_the_variable(load):
    assert load().linger == 600
    assert load(file="[server]\nlinger = 30\n").linger == 30
    assert load({"CHATTUI_LINGER": "0"}, file="[server]\nlinger = 30\n").linger == 0


@pytest.mark.parametrize("text", ["soon", "-5", "1.5h", "m", "٣"])
def test_a_linger_that_is_no_time_is_explained(load, text):
    with pytest.raises(ConfigError, match=r"CHATTUI_LINGER.*10m.*forever"):
        load({"CHATTUI_LINGER": text})


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("[databse]\n", "line 1, has an unknown key 'databse': known are appearance, keys"),
        ("[databse]\n", "did you mean 'database'?"),
        ('[database]\nurls = "x"\n', "unknown key 'database.urls': [database] knows url"),
        ("[database]\nurl = 5\n", "'database.url' must be text in quotes"),
        ('[database]\n\nurl = "mysql://a@b/c"\n', "line 3, 'database.url' names a mysql database"),
        ("database = 5\n", "'database' is a table"),
        ("[database\n", "not valid TOML"),
        ("a = = 1\n", "not valid TOML"),
        ('[projects]\nexclude = ["~/secret"\n[log]\nlevel = "debug"\n', "not valid TOML: Unclosed array"),
        ('[project]\nexclude = ["~/secret"]\n', "did you mean 'projects'?"),
    ],
)
def test_after_a_mistake_nobody_guesses_which_database_is_meant_or_what_is_left_out(load, tmp_path, file, words):
    with pytest.raises(ConfigError) as caught:
        load(file=file)
    assert words in str(caught.value)
    assert str(tmp_path / "config" / "config.toml") in str(caught.value)


MISTAKES = """\
[server]
linger = true

[apearance]
[appearance]
theem = "nord"
density = "compct"
icons = "yes"
dates = "iso"

[keys]
app.new = 5

[themes.mine]
primry = "#fff"

[log
level = "debug"
"""


def test_every_other_mistake_is_named_with_its_line_and_a_suggestion_and_the_default_holds(load):
    settings = load(file=MISTAKES)
    told = {p.line: p.sentence for p in settings.problems}
    assert list(told) == [2, 4, 6, 7, 8, 12, 14, 15, 17]
    for line, words in {
        2: "line 2, 'server.linger' must be text in quotes or a whole number",
        4: "unknown key 'apearance': known are appearance",
        6: "[appearance] knows theme, other_theme, density, icons, dates, mouse (did you mean 'theme'?)",
        7: "'appearance.density' must be one of compact, normal, comfortable (did you mean 'compact'?)",
        8: "'appearance.icons' must be true or false",
        12: "'keys.app.new' must be text in quotes",
        14: "the theme 'mine' needs a colour",
        15: "(did you mean 'primary'?)",
        17: "not valid TOML: Expected ']'",
    }.items():
        assert words in told[line]
    assert (settings.linger, settings.log_level) == (600, "info")
    assert settings.appearance == load(file="").appearance._replace(dates="iso"), "what is right holds"


def test_a_mistake_about_the_database_is_none_where_something_else_names_it(load):
    assert load({"DATABASE_URL": GENERIC}, file="[database]\nurl = 5\n").database.kind == "url"


def test_the_app_starts_with_any_file_and_opens_no_database_that_may_be_the_wrong_one(load):
    settings = load(file="[database]\nurl = 5\n[projects]\nexclude = 5\n", lenient=True)
    assert [p.guards for p in settings.problems] == ["database", "import"]
    with pytest.raises(ConfigError, match=r"line 2, 'database.url' must be text"):
        open_database(settings)
    assert load({"DATABASE_URL": GENERIC}, file="[database]\nurl = 5\n", lenient=True).undecided == ""


def test_a_config_file_can_be_named(load, tmp_path):
    other = tmp_path / "other.toml"
    with pytest.raises(ConfigError, match=r"CHATTUI_CONFIG names .*other.toml, which does not exist"):
        load({"CHATTUI_CONFIG": str(other)})
    other.write_text('[server]\nbinaries = "/opt/pg/bin"\n')
    settings = load({"CHATTUI_CONFIG": str(other)})
    assert settings.config_file == other
    assert settings.pg_bin == Path("/opt/pg/bin")
    assert load({"CHATTUI_CONFIG": str(other), "CHATTUI_PG_BIN": "/usr/pg/bin"}).pg_bin == Path("/usr/pg/bin")
    other.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load({"CHATTUI_CONFIG": str(other)})


def test_importing_it_brings_nothing_heavy():
    script = (
        "import sys; from chattui.config import load_settings; load_settings({'CHATTUI_HOME': '/nonexistent'});"
        "print(*[m for m in ('tomllib', 'psycopg', 'platformdirs', 'subprocess', 'asyncio') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"
