#!/bin/sh
# Shows that the backups are good: restores them into a scratch server on DATA, and compares it, table by table, with the
# server at HOST as both stood at one moment. Ends with 0 only where they are equal.
set -eu
umask 077
PGPASSWORD=$(cat "$SECRET/password")
export PGPASSWORD
scratch=${SCRATCH_PORT:-5433}
tls=prefer
[ -z "${TLS:-}" ] || tls=verify-full

live() { PGSSLMODE=$tls PGSSLROOTCERT="$SECRET/ca.crt" psql -h "$HOST" -p "${PORT:-5432}" -U tier -d tier -XqAt -v ON_ERROR_STOP=1 "$@"; }
restored() { PGSSLMODE=disable psql -h 127.0.0.1 -p "$scratch" -U tier -d tier -XqAt -v ON_ERROR_STOP=1 "$@"; }

# Waits until the command after the number of seconds and the words holds.
await() {
  left=$1 what=$2
  shift 2
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "$what" >&2; exit 1; }
    sleep 1
  done
}

[ "$(live -c 'select coalesce(last_failed_time > coalesce(last_archived_time, $$-infinity$$), false) from pg_stat_archiver')" = f ] || {
  echo "the archive refuses what the server writes: see the server's log, and the room on the backups' volume" >&2
  exit 1
}

# Nobody writes while the moment is named and the snapshot taken; the lock is given back at once, and what is summed up
# afterwards is the snapshot.
point=verify-$(date -u +%Y%m%dT%H%M%SZ)
tables=$(live -c "select string_agg(format('%I.%I', nspname, relname), ', ') from pg_class c join pg_namespace n on n.oid = relnamespace
  where relkind = 'r' and relpersistence = 'p' and nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_toast'")
sums=$(live -c "select coalesce(string_agg(format('select %L, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from %I.%I t', nspname || '.' || relname, nspname, relname), ' union all '), 'select 0') || ' order by 1'
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where relkind = 'r' and relpersistence = 'p' and nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_toast'")
expected=$(live <<SQL
begin isolation level repeatable read;
savepoint held;
set local lock_timeout = '10s';
${tables:+lock table $tables in share mode;}
select pg_create_restore_point('$point') as named \gset
rollback to savepoint held;
$sums;
commit;
SQL
)
segment=$(live -c 'select pg_walfile_name(pg_switch_wal())')
await 120 "the archive has no $segment yet" test -f "$BACKUP/wal/$segment"

started=$(date +%s)
rm -rf "$DATA/pgdata"
base=$(TO='' POINT="$point" sh "$CONFIG/postgres-restore.sh")
# The restored server serves nobody, and must not write into the archive that it came from.
pg_ctl -D "$DATA/pgdata" -s -w -t "${PATIENCE:-14400}" -l "$DATA/scratch.log" \
  -o "-c config_file='$CONFIG/postgresql.conf' -c hba_file='$CONFIG/pg_hba.conf' -c listen_addresses=127.0.0.1 -c port=$scratch -c archive_mode=off" start || { tail -n 20 "$DATA/scratch.log" >&2; exit 1; }
recovered() { [ "$(restored -c 'select pg_is_in_recovery()')" = f ]; }
await "${PATIENCE:-14400}" "the restored server does not come to the end of its log" recovered
got=$(restored -c "$sums")
pg_ctl -D "$DATA/pgdata" -s -m immediate stop
rm -rf "$DATA/pgdata"
[ "$got" = "$expected" ] || { printf 'restored from %s, and not equal (table, rows, sum). Live:\n%s\nRestored:\n%s\n' "$base" "$expected" "$got" >&2; exit 1; }
echo "restored from $base in $(($(date +%s) - started)) s, and equal: $(echo "$expected" | awk -F'|' '{ rows += $2 } END { print NR " tables, " rows " rows" }')"
