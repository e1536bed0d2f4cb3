#!/bin/sh
# What the public image of PostgreSQL does before its server starts, as far as docker-compose.yml asks for it.
set -eu
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=trust --auth-host=scram-sha-256
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  # By the socket alone: nobody takes it for the real server.
  pg_ctl -w start -o "-c listen_addresses=''"
  psql --username="$POSTGRES_USER" --dbname=postgres --command="create database $POSTGRES_DB"
  pg_ctl -w stop -m fast
fi
exec "$@"
