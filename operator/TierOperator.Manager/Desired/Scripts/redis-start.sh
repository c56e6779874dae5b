#!/bin/sh
# Adds to redis.conf what must not stand in a ConfigMap or is known only in the pod, and starts the server.
# CONFIG, SECRET and DATA are folders; HOST is this node's name, NODES all nodes, SENTINEL where the Sentinels are.
set -eu
umask 077
port=${PORT:-6379}
password=$(cat "$SECRET/password")
mkdir -p "$DATA/run"
printf 'user default off\nuser tier on >%s ~* &* +@all\n' "$password" > "$DATA/run/users.acl"
export REDISCLI_AUTH="$password"
tls=
[ -z "${TLS:-}" ] || tls="--tls --cacert $SECRET/ca.crt"

# The Sentinels know who is primary now. Where none answers, nobody was promoted yet, and the first node is.
primary() {
  # shellcheck disable=SC2086
  known=$(env -u REDISCLI_AUTH redis-cli $tls -h "${SENTINEL%:*}" -p "${SENTINEL##*:}" --raw sentinel get-master-addr-by-name tier 2>/dev/null || true)
  case $known in
    *[0-9]) echo "$known" | tr '\n' ' ' ;;
    *) first=${NODES%% *}; echo "${first%:*} ${first##*:}" ;;
  esac
}

{
  cat "$CONFIG/redis.conf"
  printf 'dir %s\naclfile %s/run/users.acl\nmasteruser tier\nmasterauth %s\n' "$DATA" "$DATA" "$password"
  if [ -n "$tls" ]; then
    printf 'port 0\ntls-port %s\ntls-cert-file %s/tls.crt\ntls-key-file %s/tls.key\ntls-ca-cert-file %s/ca.crt\n' "$port" "$SECRET" "$SECRET" "$SECRET"
  else
    printf 'port %s\n' "$port"
  fi
  if [ -n "${SENTINEL:-}" ]; then
    printf 'replica-announce-ip %s\nreplica-announce-port %s\n' "$HOST" "$port"
    set -- $(primary)
    [ "$1:$2" = "$HOST:$port" ] || printf 'replicaof %s %s\n' "$1" "$2"
  fi
  if [ -n "${CLUSTER:-}" ]; then
    printf 'cluster-announce-ip %s\ncluster-announce-hostname %s\n' "$POD_IP" "$HOST"
  fi
} > "$DATA/run/redis.conf"

# Nodes that all came back with new addresses would look for each other at the old ones for ever.
if [ -n "${CLUSTER:-}" ] && grep -q ' connected ' "$DATA/nodes.conf" 2>/dev/null; then
  (
    sleep 5
    for node in $NODES; do
      address=$(getent hosts "${node%:*}" | awk '{ print $1; exit }')
      # shellcheck disable=SC2086
      [ -z "$address" ] || redis-cli $tls --user tier -p "$port" cluster meet "$address" "${node##*:}" || true
    done
  ) > /dev/null 2>&1 &
fi
exec redis-server "$DATA/run/redis.conf"
