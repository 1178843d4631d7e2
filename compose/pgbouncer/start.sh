#!/bin/sh
# PgBouncer in transaction mode before the server of whichever profile runs: with TLS on both sides before postgres-prod, as it is
# before postgres. Whoever logs in is known to it by what the server knows (chattui_pool.secret_of).
set -eu

until { server=postgres-prod && getent hosts $server; } || { server=postgres && getent hosts $server; }; do sleep 1; done >/dev/null

config=/tmp/pgbouncer.ini
if [ $server = postgres-prod ]; then
  for name in pool_password server.key server.crt ca.crt; do
    [ -s "/run/secrets/$name" ] || { echo "chattui: compose/secrets/pool/$name is missing. Run compose/prepare.sh." >&2 && exit 1; }
  done
  password=$(cat /run/secrets/pool_password)
  umask 077
  cp /run/secrets/server.key /tmp/server.key
  tls='server_tls_sslmode = verify-full
server_tls_ca_file = /run/secrets/ca.crt
client_tls_sslmode = require
client_tls_ca_file = /run/secrets/ca.crt
client_tls_key_file = /tmp/server.key
client_tls_cert_file = /run/secrets/server.crt'
else
  password=${POSTGRES_PASSWORD:-}
  tls=''
fi

umask 077
printf '"chattui_pool" "%s"\n' "$(printf %s "$password" | sed 's/"/""/g')" >/tmp/users.txt
cat >$config <<INI
[databases]
${POSTGRES_DB:-chattui} = host=$server port=5432
[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
pool_mode = transaction
default_pool_size = ${CHATTUI_POOL_SIZE:-20}
max_client_conn = ${CHATTUI_POOL_CLIENTS:-500}
max_db_connections = ${CHATTUI_POOL_SERVERS:-60}
server_idle_timeout = 300
query_wait_timeout = 20
auth_type = scram-sha-256
auth_user = chattui_pool
auth_query = SELECT name, secret FROM chattui_pool.secret_of(\$1)
auth_file = /tmp/users.txt
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
$tls
INI
exec pgbouncer $config
