#!/bin/sh
# Says whether the Sentinel answers.
set -eu
tls=
[ -z "${TLS:-}" ] || tls="--tls --cacert $SECRET/ca.crt"
# shellcheck disable=SC2086
[ "$(redis-cli $tls -p "${PORT:-26379}" ping)" = PONG ]
