#!/bin/sh
# Makes what profile prod needs: in compose/secrets passwords, a certificate authority of its own, certificates of the server and
# of PgBouncer; and .env. What is there already stays as it is.
#
#   compose/prepare.sh            makes what is missing
#   compose/prepare.sh --renew    makes the two certificates again (they are good for 825 days); restart the services then
#   CHATTUI_NAMES="db.example.org 10.0.0.5" compose/prepare.sh --renew     … also for these names
#
# The directory is for its owner only. The files in it can be read by everybody, as the services run under other users; the
# authority's key cannot, and no service sees it.
set -eu
cd "$(dirname "$0")"

fail() {
  echo "compose/prepare.sh: $1" >&2
  exit 1
}

password() { # file
  if [ ! -s "$1" ]; then
    openssl rand -hex 24 >"$1"
    echo "made compose/secrets/$1"
  fi
}

certificate() { # name without its ending, the host's name
  if [ -s "$1.key" ] && [ -s "$1.crt" ] && [ "$renew" = no ]; then return; fi
  names="DNS:$2,DNS:localhost,IP:127.0.0.1"
  for name in ${CHATTUI_NAMES:-}; do
    case $name in
      *[!0-9.]*) names="$names,DNS:$name" ;;
      *) names="$names,IP:$name" ;;
    esac
  done
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key.new"
  openssl req -new -key "$1.key.new" -subj "/CN=$2" -out "$1.csr"
  printf 'subjectAltName=%s\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' \
    "$names" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA public/ca.crt -CAkey authority.key -set_serial "0x$(openssl rand -hex 16)" -days 825 -sha256 \
    -extfile "$1.ext" -out "$1.crt.new" 2>"$1.log" || fail "$(cat "$1.log")"
  rm "$1.csr" "$1.ext" "$1.log"
  mv "$1.key.new" "$1.key"
  mv "$1.crt.new" "$1.crt"
  chmod 644 "$1.key"
  echo "made compose/secrets/$1.crt for $names"
}

case ${1:-} in
  '') renew=no ;;
  --renew) renew=yes ;;
  *) fail "it takes no argument but --renew." ;;
esac
command -v openssl >/dev/null || fail "openssl is needed for the certificates. Install it, then run this again."
umask 022
mkdir -p secrets/postgres secrets/owner secrets/admin secrets/backup secrets/pool secrets/public
chmod 700 secrets
cd secrets

password postgres/postgres_password
password owner/owner_password
password backup/backup_password
password pool/pool_password
cp owner/owner_password backup/backup_password pool/pool_password postgres/
cp postgres/postgres_password admin/

if [ ! -s authority.key ] || [ ! -s public/ca.crt ]; then
  openssl ecparam -name prime256v1 -genkey -noout -out authority.key
  chmod 600 authority.key
  openssl req -x509 -new -key authority.key -sha256 -days 3650 -subj '/CN=chattui: certificates of this installation' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' -out public/ca.crt
  renew=yes
  echo 'made compose/secrets/public/ca.crt, which clients need, and authority.key'
fi
for directory in owner admin backup pool; do cp public/ca.crt "$directory/"; done
certificate postgres/server postgres-prod
certificate pool/server pgbouncer

if [ ! -e ../../.env ]; then
  sed -e 's/^COMPOSE_PROFILES=.*/COMPOSE_PROFILES=prod/' -e "s/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=$(openssl rand -hex 24)/" \
    ../../.env.example >../../.env.new
  chmod 600 ../../.env.new
  mv ../../.env.new ../../.env
  echo 'made .env for profile prod. POSTGRES_PASSWORD in it is of the profiles dev and tools only'
fi
