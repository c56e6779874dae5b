#!/bin/sh
# Says whether the server takes connections.
exec pg_isready -q -h 127.0.0.1 -p "${PORT:-5432}"
