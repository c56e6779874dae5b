#!/bin/sh
# Says whether the server answers.
set -eu
tls=
[ -z "${TLS:-}" ] || tls="--tls --cacert $SECRET/ca.crt"
REDISCLI_AUTH=$(cat "$SECRET/password")
export REDISCLI_AUTH
# shellcheck disable=SC2086
[ "$(redis-cli $tls --user tier -p "${PORT:-6379}" ping)" = PONG ]
