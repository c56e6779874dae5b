#!/bin/sh
# Makes the database where there is none, and starts the server. CONFIG, SECRET and DATA are folders, BACKUP is where
# backups stand, if there are any.
set -eu
umask 077
pgdata=$DATA/pgdata
if [ ! -s "$pgdata/PG_VERSION" ]; then
  # Under another name until it is whole: a start that was interrupted begins anew.
  rm -rf "$pgdata.new"
  initdb --pgdata="$pgdata.new" --username=tier --pwfile="$SECRET/password" --auth=scram-sha-256 --encoding=UTF8 --no-locale --data-checksums > /dev/null
  echo 'CREATE DATABASE tier' | postgres --single -D "$pgdata.new" postgres > /dev/null
  mv "$pgdata.new" "$pgdata"
fi
[ -z "${BACKUP:-}" ] || mkdir -p "$BACKUP/wal"
export BACKUP="${BACKUP:-}"
set -- -c config_file="$CONFIG/postgresql.conf" -c hba_file="$CONFIG/pg_hba.conf" -c port="${PORT:-5432}"
if [ -n "${TLS:-}" ]; then
  # The server refuses a key that its group may read unless root owns it, so it gets a copy of its own.
  cp "$SECRET/tls.key" "$DATA/tls.key"
  set -- "$@" -c ssl=on -c ssl_cert_file="$SECRET/tls.crt" -c ssl_key_file="$DATA/tls.key"
fi
exec postgres -D "$pgdata" "$@"
