#!/bin/sh
# Forms a Redis Cluster of NODES (SHARDS primaries, REPLICAS each), or takes new nodes into the one that is there.
# It looks first and does only what is missing, so that it may be run again at any time.
set -eu
REDISCLI_AUTH=$(cat "$SECRET/password")
export REDISCLI_AUTH
tls=
[ -z "${TLS:-}" ] || tls="--tls --cacert $SECRET/ca.crt"

cli() {
  # shellcheck disable=SC2086
  redis-cli $tls --user tier "$@"
}

# CLUSTER MEET takes addresses only.
addresses=
for node in $NODES; do
  address=$(getent hosts "${node%:*}" | awk '{ print $1; exit }')
  [ -n "$address" ] || { echo "no address yet for ${node%:*}" >&2; exit 1; }
  [ "$(cli -h "$address" -p "${node##*:}" ping)" = PONG ] || { echo "$node does not answer yet" >&2; exit 1; }
  addresses="$addresses $address:${node##*:}"
done
set -- $addresses
host=${1%:*} port=${1##*:}

field() { cli -h "$host" -p "$port" cluster info | tr -d '\r' | awk -F: -v name="$1" '$1 == name { print $2 }'; }
primaries() { cli -h "$host" -p "$port" cluster nodes | awk '$3 ~ /master/ && $3 !~ /fail|noaddr/' | wc -l; }
# A primary without slots: a new one, or one that an interrupted run left so.
empty() { cli -h "$host" -p "$port" cluster nodes | awk '$3 ~ /master/ && NF < 9' | wc -l; }
# A node that has just joined takes the cluster for down until it has heard of all slots.
serving() {
  for address in $addresses; do
    case $(cli -h "${address%:*}" -p "${address##*:}" cluster info) in
      *cluster_known_nodes:1[!0-9]*) ;;
      *cluster_state:ok*) ;;
      *) return 1 ;;
    esac
  done
}

# A node is a primary in the eyes of the others until it has told them whose replica it is.
settled() {
  tries=0
  until cli --cluster check "$host:$port" > /dev/null 2>&1 && [ "$(field cluster_known_nodes)" -ge "$1" ] && [ "$(primaries)" -eq "$2" ] && serving; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { echo "the nodes do not agree" >&2; exit 1; }
    sleep 1
  done
}

if [ "$(field cluster_slots_assigned)" = 0 ]; then
  # shellcheck disable=SC2086
  cli --cluster create $addresses --cluster-replicas "$REPLICAS" --cluster-yes
  settled $# "$SHARDS"
  exit 0
fi

known=$(cli -h "$host" -p "$port" cluster nodes | awk '$3 !~ /noaddr/ { split($2, at, "@"); split(at[1], name, ","); print name[1] }')
joined=$(echo "$known" | wc -l)
primary=$(primaries)
for node in $addresses; do
  echo "$known" | grep -qx "$node" && continue
  new() { cli -h "${node%:*}" -p "${node##*:}" "$@"; }
  [ "$(new cluster meet "$host" "$port")" = OK ]
  joined=$((joined + 1))
  settled "$joined" $((primary + 1))
  if [ "$primary" -lt "$SHARDS" ]; then
    primary=$((primary + 1))
    continue
  fi
  # A replica of the primary that has the fewest. The new node may hear of that one a moment later than the others.
  me=$(new cluster myid)
  target=$(cli -h "$host" -p "$port" cluster nodes | awk -v me="$me" '
    $3 ~ /master/ && $1 != me { replicas[$1] += 0 }
    $3 ~ /slave/ { replicas[$4]++ }
    END { for (id in replicas) if (best == "" || replicas[id] < replicas[best]) best = id; print best }')
  tries=0
  until [ "$(new cluster replicate "$target")" = OK ]; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { echo "$node cannot follow $target" >&2; exit 1; }
    sleep 1
  done
  settled "$joined" "$primary"
done
[ "$(empty)" = 0 ] || cli --cluster rebalance "$host:$port" --cluster-use-empty-masters
settled "$joined" "$primary"
