#!/bin/sh
# Makes a base backup, keeps the newest KEEP of them, and the log that they need.
set -eu
umask 077
PGPASSWORD=$(cat "$SECRET/password")
export PGPASSWORD
name=base-$(date -u +%Y%m%dT%H%M%SZ)
[ -z "${TLS:-}" ] || export PGSSLMODE=verify-full PGSSLROOTCERT="$SECRET/ca.crt"
rm -rf "$BACKUP"/.base-*
pg_basebackup --host="$HOST" --port="${PORT:-5432}" --username=tier --pgdata="$BACKUP/.$name" --format=tar --gzip --wal-method=none --checkpoint=fast
# The log of the backup's own time is in the archive only after the next switch.
psql -h "$HOST" -p "${PORT:-5432}" -U tier -d tier -qAtc 'select pg_switch_wal()' > /dev/null
mv "$BACKUP/.$name" "$BACKUP/$name"
for old in $(ls -1d "$BACKUP"/base-* | sort -r | tail -n +$((KEEP + 1))); do rm -rf "$old"; done
oldest=$(ls -1d "$BACKUP"/base-* | sort | head -n 1)
first=$(tar -xzOf "$oldest/base.tar.gz" backup_label | sed -n 's/^START WAL LOCATION: .* (file \([0-9A-F]*\))$/\1/p')
pg_archivecleanup "$BACKUP/wal" "$first"
echo "$name"
