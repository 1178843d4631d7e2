"""The app for tests: real, headless, on a database of its own that holds the sample chats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_driver import AppMaker
from filelock import FileLock
from model_server import ModelServer, serving
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chattui.config import load_settings
from chattui.replies import process
from chattui.samples import BASE
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.tui.demo import fill
from chattui.tui.habits import HABITS

SAMPLES = "chattui_samples"
OF_THE_TERMINAL = ("NO_COLOR", "TMUX", "WAYLAND_DISPLAY", "DISPLAY", "COLORTERM")


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever terminal the tests are started from, the app sees the same one."""
    for name in OF_THE_TERMINAL:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def usual_habits() -> Iterator[None]:
    """What the settings of one test make of days and symbols is no business of the next one, which may have no app."""
    yield
    HABITS.dates, HABITS.icons, HABITS.density = "words", True, "normal"


@pytest.fixture(scope="session")
def samples_template(server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database that holds the samples; imported once for the whole run."""
    place = tmp_path_factory.mktemp("samples")
    with FileLock(Path(os.environ["CHATTUI_TEST_HOME"]) / "samples.lock"), connect(server, autocommit=True) as conn:
        if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (SAMPLES,)).fetchone():
            half = f"{SAMPLES}_new"
            conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE chattui_template").format(sql.Identifier(half)))
            settings = load_settings({"CHATTUI_HOME": str(place / "app")}, database=make_conninfo(server, dbname=half))
            fill(settings, place / "home", BASE)
            conn.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(half), sql.Identifier(SAMPLES))
            )
    return SAMPLES


@pytest.fixture
def samples(server: str, samples_template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Conninfo of a database with the sample chats, for this test alone."""
    name = f"s_{os.getpid()}_{abs(hash(request.node.nodeid)):x}"
    made, source = sql.Identifier(name), sql.Identifier(samples_template)
    with connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(made, source))
    yield make_conninfo(server, dbname=name)
    with connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(made))


@pytest.fixture
def other(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Database]]:
    """Opens a second door to a database: what another program would see and do."""
    opened: list[Database] = []

    def open_it(conninfo: str) -> Database:
        opened.append(Database(conninfo, pool_size=1))
        return opened[-1]

    yield open_it
    for each in opened:
        each.close()


@pytest.fixture
def store(samples: str, other: Callable[[str], Database]) -> Database:
    """Another program's door to the samples of this test."""
    return other(samples)


@pytest.fixture
def app_on(tmp_path: Path) -> Iterator[AppMaker]:
    """Makes apps on a database; apps of one test share their directories, as on one machine."""
    maker = AppMaker(tmp_path / "chattui")
    yield maker
    maker.close()


@pytest.fixture(scope="module")
def model_server() -> Iterator[ModelServer]:
    """The models' server."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def asker() -> Iterator[process.Asker]:
    """One process for all tests: importing the library takes most of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLM_USER_PATH", "/nowhere/at/all")
        made = process.Asker()
        yield made
        made.close()


@pytest.fixture
def speaking(
    app_on: AppMaker, model_server: ModelServer, asker: process.Asker, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Configures apps to ask a model of the server."""
    monkeypatch.setattr(process, "Asker", lambda: asker)
    monkeypatch.setattr(asker, "close", lambda: None)
    model_server.go.clear()
    model_server.said, model_server.held_after = "Hello **there**", None
    model_server.asked.clear()

    def configure(model: str = "", *, titles: bool = False, **more: str) -> None:
        place = app_on.home / "config"
        place.mkdir(parents=True, exist_ok=True)
        lines = [f'url = "{model_server.url}"', f'default = "{model}"' if model else ""]
        lines += [f"titles = {str(titles).lower()}", *(f'{key} = "{value}"' for key, value in more.items())]
        (place / "config.toml").write_text("[models]\n" + "\n".join(lines) + "\n")

    return configure


def database_name(conninfo: str) -> str:
    """The database in a conninfo."""
    return str(conninfo_to_dict(conninfo)["dbname"])
