#!/bin/sh
# Puts DATA back to how it was at the time TO (2026-01-01 02:03:04+00), or to the newest that is known where TO is empty.
# The server must be stopped. What stood there before is kept beside it.
set -eu
umask 077
limit=${TO:+$(date -u -d "$TO" +%Y%m%dT%H%M%SZ)}
base=
for candidate in $(ls -1d "$BACKUP"/base-* | sort); do
  stamp=${candidate##*/base-}
  if [ -z "$limit" ] || [ "$(printf '%s\n%s\n' "$stamp" "$limit" | sort | head -n 1)" = "$stamp" ]; then base=$candidate; fi
done
[ -n "$base" ] || { echo "no backup is older than $TO" >&2; exit 1; }
pgdata=$DATA/pgdata
rm -rf "$pgdata.restored"
mkdir -p "$pgdata.restored"
chmod 700 "$pgdata.restored"
tar -xzf "$base/base.tar.gz" -C "$pgdata.restored"
mkdir -p "$pgdata.restored/pg_wal"
{
  printf "restore_command = 'cp \"%s/wal/%%f\" \"%%p\"'\n" "$BACKUP"
  printf "recovery_target_timeline = 'latest'\nrecovery_target_action = 'promote'\n"
  [ -z "${TO:-}" ] || printf "recovery_target_time = '%s'\n" "$TO"
} >> "$pgdata.restored/postgresql.auto.conf"
touch "$pgdata.restored/recovery.signal"
[ ! -d "$pgdata" ] || mv "$pgdata" "$pgdata.before-$(date -u +%Y%m%dT%H%M%SZ)"
mv "$pgdata.restored" "$pgdata"
echo "${base##*/}"
