"""Trust in the connection, held against real servers: passwords, certificates, service files, several hosts, limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from program import Program
from servers import Guarded, guarded, standby_of
from sqlalchemy import text

from chattui.config.pool import PoolLimits
from chattui.domain.errors import DatabaseError, Unreachable
from chattui.server.asking import is_on_this_machine, without_password
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.startup import prepare

SECRET = "s3cret-ann"


@pytest.fixture(scope="module")
def server() -> Iterator[Guarded]:
    with guarded() as found:
        with connect(found.admin, autocommit=True) as conn:
            conn.execute("CREATE EXTENSION pg_stat_statements")
            prepare(conn)
            for name in ("ann", "tess", "cert"):
                conn.execute(f"GRANT chattui_user TO {name}")
        yield found


@pytest.fixture
def chattui(tmp_path: Path) -> Program:
    (tmp_path / "h").mkdir()
    return Program(tmp_path / "h", "")


def url(server: Guarded, user: str = "ann", password: str = ":" + SECRET, **options: str) -> str:
    rest = "&".join(f"{key}={value}" for key, value in options.items())
    return f"postgresql://{user}{password}@127.0.0.1:{server.port}/chattui" + (f"?{rest}" if rest else "")


def tls(server: Guarded, user: str = "tess", **options: str) -> str:
    if not server.has_tls:
        pytest.skip("needs the system's PostgreSQL 15 and openssl")
    pairs = {
        "host": "localhost",
        "port": str(server.port),
        "user": user,
        "dbname": "chattui",
        "password": f"s3cret-{user}",
    }
    return psycopg.conninfo.make_conninfo("", **{**pairs, "hostaddr": "127.0.0.1", **options})


def encrypted(conninfo: str) -> bool:
    with connect(conninfo) as conn:
        row = conn.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        return row is not None and bool(row[0])


def test_a_password_opens_the_door_and_is_told_to_nobody(server: Guarded, chattui: Program) -> None:
    said = []
    for verb in (["db", "status"], ["db", "health"], ["db", "stats"], ["db", "env"], ["db", "url"], ["list"]):
        done = chattui("--verbose", *verb, database=url(server))
        assert done.code == 0, done.err
        said += [done.out, done.err]
    for verb in ("status", "stats", "env", "health"):
        said.append(chattui("db", verb, "--json", database=url(server)).out)
    pairs = f"host=127.0.0.1 port={server.port} user=ann password='{SECRET}' dbname=chattui"
    assert chattui("db", "status", database=pairs).code == 0
    said += [chattui("db", "env", database=pairs).out, chattui.log()]
    assert f'"target": "postgresql://ann:***@127.0.0.1:{server.port}/chattui"' in "".join(said)
    assert SECRET not in "".join(said)


@pytest.mark.parametrize("verb", [["db", "status"], ["db", "health"], ["db", "stats"], ["list"], ["db", "migrate"]])
def test_a_wrong_password_is_a_sentence_without_it(server: Guarded, chattui: Program, verb: list[str]) -> None:
    done = chattui(*verb, database=url(server, password=":wr0ng-one"))
    assert done.code == 3
    assert "password" in done.out + done.err
    assert "wr0ng-one" not in done.out + done.err + chattui.log()


@pytest.mark.parametrize(
    "address",
    ["postgresql://ann:s3cret@[h/db", "postgresql://ann:s3cret/x@h/db", "host=h password=s3cret port"],
)
def test_an_address_that_cannot_be_read_is_not_repeated(chattui: Program, address: str) -> None:
    said = []
    for verb in (["db", "status"], ["list"], ["db", "env"], ["db", "shell"]):
        done = chattui(*verb, database=address)
        assert done.code in (2, 3), verb
        said += [done.out, done.err]
    assert "s3cret" not in "".join([*said, chattui.log()])


def test_the_password_may_be_in_a_password_file(server: Guarded, chattui: Program) -> None:
    file = chattui.home / "pgpass"
    file.write_text(f"127.0.0.1:{server.port}:*:ann:{SECRET}\n")
    file.chmod(0o600)
    address = url(server, password="")
    assert chattui("db", "status", database=address).code == 3
    assert chattui.bare("--database", address, "db", "status", PGPASSFILE=str(file)).code == 0
    assert chattui.bare("--database", address, "list", PGPASSFILE=str(file)).code == 0
    named = f"host=127.0.0.1 port={server.port} user=ann dbname=chattui passfile='{file}'"
    assert chattui("db", "health", database=named).code == 0


def test_a_service_file_names_server_user_and_password(server: Guarded, chattui: Program) -> None:
    file = chattui.home / "services"
    file.write_text(f"[chats]\nhost=127.0.0.1\nport={server.port}\nuser=ann\ndbname=chattui\npassword={SECRET}\n")
    done = chattui.bare("db", "status", "--json", PGSERVICEFILE=str(file), PGSERVICE="chats")
    assert (done.code, done.json["kind"]) == (0, "url")
    assert chattui.bare("--database", "service=chats", "db", "env", PGSERVICEFILE=str(file)).out.endswith(
        "PGSERVICE=chats\n"
    )
    assert chattui.bare("--database", "service=chats", "list", PGSERVICEFILE=str(file)).code == 0
    lost = chattui.bare("--database", "service=nobody", "db", "status", PGSERVICEFILE=str(file))
    assert lost.code == 3
    assert SECRET not in lost.err


def test_of_several_hosts_the_one_that_fits_is_taken(server: Guarded, chattui: Program) -> None:
    hosts = f"postgresql://ann:{SECRET}@127.0.0.1:1,127.0.0.1:{server.port}/chattui"
    for kind in ("read-write", "primary", "any"):
        assert chattui("db", "status", database=f"{hosts}?target_session_attrs={kind}").code == 0
    with connect(f"{hosts}?target_session_attrs=read-write") as conn:
        assert conn.info.port == server.port
    done = chattui("list", database=f"{hosts}?target_session_attrs=standby")
    assert done.code == 3
    assert "of the kind that its target_session_attrs asks for" in done.err
    assert SECRET not in done.err


def test_encryption_is_used_and_checked_as_the_address_says(server: Guarded) -> None:
    root = str(server.certificates / "ca.crt")
    assert encrypted(tls(server, sslmode="verify-full", sslrootcert=root))
    assert encrypted(tls(server, sslmode="require"))
    assert encrypted(tls(server, "ann", sslmode="prefer"))
    assert not encrypted(tls(server, "ann", sslmode="disable"))
    refused = {
        "certificates": {"sslmode": "verify-ca", "sslrootcert": str(server.certificates / "stranger.crt")},
        r"pg_hba\.conf": {"sslmode": "disable"},
    }
    for words, options in refused.items():
        with pytest.raises(Unreachable, match=words):
            connect(tls(server, **options))
    with pytest.raises(Unreachable, match="certificates"):
        connect(tls(server, host="elsewhere.example", sslmode="verify-full", sslrootcert=root))


def test_a_certificate_stands_for_a_password(server: Guarded, chattui: Program) -> None:
    place = server.certificates
    of = {"sslmode": "verify-full", "sslrootcert": f"{place}/ca.crt", "sslcert": f"{place}/client.crt"}
    address = tls(server, "cert", password="", **of, sslkey=f"{place}/client.key")
    assert encrypted(address)
    done = chattui("db", "status", database=address)
    assert done.code == 0, "what the packaged psql cannot do the driver does"
    env = chattui("db", "env", "--json", database=address).json
    assert (env["PGSSLMODE"], env["PGSSLCERT"]) == ("verify-full", f"{place}/client.crt")
    with pytest.raises(Unreachable):
        connect(tls(server, "cert", sslmode="require"))


def test_scram_alone_is_taken_where_the_address_asks_for_it(server: Guarded) -> None:
    connect(url(server, require_auth="scram-sha-256")).close()
    with pytest.raises(Unreachable):
        connect(url(server, require_auth="none"))


def test_a_keys_password_is_not_put_on_a_command_line(server: Guarded, chattui: Program) -> None:
    done = chattui("db", "shell", database=url(server, sslpassword="k3y"))
    assert done.code == 3
    assert "service file" in done.err
    assert "k3y" not in done.err + chattui.log()


def test_only_what_is_here_and_plain_is_asked_without_the_driver() -> None:
    here = [
        "",
        "postgresql://a@localhost/x",
        "postgresql://a:b@127.0.0.1:5/x",
        "host=/run/pg dbname=x",
        "postgresql://a@/x?host=/r",
    ]
    there = ["postgresql://a@db.example/x", "postgresql://a@localhost,far/x", "host=far", "host=/run,far", "service=x"]
    there += ["postgresql://a@localhost/x?sslmode=require", "postgresql://a@/x?host=far", "hostaddr=10.0.0.1"]
    assert [a for a in here if not is_on_this_machine(a, {})] == []
    assert [a for a in there if is_on_this_machine(a, {})] == []
    assert not is_on_this_machine("", {"PGHOST": "far"})
    assert not is_on_this_machine("", {"PGSERVICE": "x"})
    assert without_password("postgresql://a:b%40c@h/x") == ("postgresql://a@h/x", {"PGPASSWORD": "b@c"})
    assert without_password("postgresql://a@h/x?password=b") is None
    assert without_password("host=h password=b") is None


def test_statements_locks_and_connections_are_waited_for_as_long_as_is_set(server: Guarded) -> None:
    limits = PoolLimits(
        pool_min=1, pool_max=1, pool_timeout=0.05, statement_timeout=0.1, lock_timeout=0.05, keepalive=7
    )
    db = Database(server.admin, limits=limits)
    try:
        with pytest.raises(DatabaseError, match="took too long"):
            db.read(lambda conn: conn.execute(text("SELECT pg_sleep(5)")).all())
        with db.raw() as conn:
            known = conn.info.get_parameters()
            assert (known["keepalives_idle"], known["keepalives_count"]) == ("7", "3")
            with pytest.raises(DatabaseError, match="are busy"), db.raw():
                pass
    finally:
        db.close()
    with connect(server.admin + " keepalives_idle=99") as conn:
        assert conn.info.get_parameters()["keepalives_idle"] == "99"


def test_slow_statements_come_from_the_servers_own_record_where_it_keeps_one(server: Guarded, chattui: Program) -> None:
    with connect(server.admin) as conn:
        conn.execute("SELECT 'a secret', pg_sleep(0.06)")
    found = chattui("db", "stats", "--json", database=server.admin).json
    assert found["slow_from"] == "pg_stat_statements"
    assert any("pg_sleep" in one["text"] and one["mean_ms"] >= 60 for one in found["slow"])
    assert "a secret" not in str(found)


def test_with_a_standby_the_primary_is_found_and_both_are_told_of(server: Guarded, chattui: Program) -> None:
    with standby_of(server) as port:
        standby = f"postgresql://ann:{SECRET}@127.0.0.1:{port}/chattui"
        both = f"postgresql://ann:{SECRET}@127.0.0.1:{port},127.0.0.1:{server.port}/chattui?target_session_attrs="
        for kind, expected in (("read-write", server.port), ("prefer-standby", port), ("standby", port)):
            with connect(both + kind) as conn:
                assert conn.info.port == expected
        assert chattui("new", "kept", database=both + "read-write").code == 0
        found = chattui("db", "stats", "--json", database=server.admin).json
        assert [one["state"] for one in found["replicas"]] == ["streaming"]
        assert {c["name"]: c["level"] for c in found["checks"]}["replication"] == "good"
        done = chattui("db", "health", "--json", database=standby)
        assert (done.code, [c["check"] for c in done.json["checks"] if c["level"] == "bad"]) == (1, ["writable"])
        assert chattui("db", "stats", "--json", database=standby).json["held"]["read_only"] is True
        assert chattui("list", database=standby).code == 0
        for verb in (
            ["db", "upkeep"],
            ["db", "schema", "--diff"],
            ["db", "migrate", "--down", "--yes"],
            ["new", "lost"],
        ):
            done = chattui(*verb, database=standby)
            assert done.code == 1, (verb, done)
            assert "standby" in done.err, (verb, done)
