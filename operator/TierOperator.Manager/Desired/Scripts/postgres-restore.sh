#!/bin/sh
# Puts DATA back to how it was at the time TO (2026-01-01 02:03:04+00), or at the named moment POINT, or to the newest that
# is known where both are empty.
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
# A backup of a server that was itself restored remembers where that one was to end.
sed -i '/^recovery_target/d; /^restore_command/d' "$pgdata.restored/postgresql.auto.conf"
{
  printf "restore_command = 'cp \"%s/wal/%%f\" \"%%p\"'\n" "$BACKUP"
  printf "recovery_target_timeline = 'latest'\nrecovery_target_action = 'promote'\n"
  # Configuration files are read before the server knows the names of zones: a Z would not be understood.
  [ -z "${TO:-}" ] || printf "recovery_target_time = '%s'\n" "$(date -u -d "$TO" '+%Y-%m-%d %H:%M:%S.%6N+00')"
  [ -z "${POINT:-}" ] || printf "recovery_target_name = '%s'\n" "$POINT"
} >> "$pgdata.restored/postgresql.auto.conf"
touch "$pgdata.restored/recovery.signal"
[ ! -d "$pgdata" ] || mv "$pgdata" "$pgdata.before-$(date -u +%Y%m%dT%H%M%SZ)"
mv "$pgdata.restored" "$pgdata"
echo "${base##*/}"
