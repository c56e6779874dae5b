#!/bin/sh
# Starts a Sentinel. It rewrites its own file, so the file is made once and lives as long as the pod.
set -eu
umask 077
port=${PORT:-26379}
tls=
[ -z "${TLS:-}" ] || tls="--tls --cacert $SECRET/ca.crt"
if [ ! -s "$DATA/sentinel.conf" ]; then
  # A Sentinel that comes late asks its siblings: the primary may be another one by now.
  # shellcheck disable=SC2086
  known=$(redis-cli $tls -h "${SENTINEL%:*}" -p "${SENTINEL##*:}" --raw sentinel get-master-addr-by-name tier 2>/dev/null || true)
  case $known in
    *[0-9]) set -- $known ;;
    *) first=${NODES%% *}; set -- "${first%:*}" "${first##*:}" ;;
  esac
  {
    cat "$CONFIG/sentinel.conf"
    if [ -n "$tls" ]; then
      printf 'port 0\ntls-port %s\ntls-cert-file %s/tls.crt\ntls-key-file %s/tls.key\ntls-ca-cert-file %s/ca.crt\n' "$port" "$SECRET" "$SECRET" "$SECRET"
    else
      printf 'port %s\n' "$port"
    fi
    printf 'dir %s\nsentinel announce-ip %s\nsentinel announce-port %s\n' "$DATA" "$HOST" "$port"
    printf 'sentinel monitor tier %s %s 2\n' "$1" "$2"
    printf 'sentinel auth-user tier tier\nsentinel auth-pass tier %s\n' "$(cat "$SECRET/password")"
    printf 'sentinel down-after-milliseconds tier %s\nsentinel failover-timeout tier %s\nsentinel parallel-syncs tier 1\n' "${DOWN_AFTER:-5000}" "${FAILOVER_TIMEOUT:-30000}"
  } > "$DATA/sentinel.conf.new"
  mv "$DATA/sentinel.conf.new" "$DATA/sentinel.conf"
fi
exec redis-server "$DATA/sentinel.conf" --sentinel
