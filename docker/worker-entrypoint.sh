#!/bin/sh
# Joins the farm $WEIR_URL at the first start of a container's data folder, and runs the worker from then on.
# Arguments are passed on to `join`.
set -eu
agent=/opt/weir/weir-worker.mjs
stop_within=${WEIR_STOP_WITHIN:-60}

# The farm's fingerprint as it says itself: for a farm and a network that whoever set $WEIR_INSECURE trusts.
claimed_key() {
  node -e '
    fetch(new URL("/.well-known/weir", process.argv[1]))
      .then((answer) => answer.json())
      .then(({ fingerprint }) => console.log(fingerprint))
      .catch((error) => {
        console.error(`no farm answers at ${process.argv[1]} yet: ${error.cause ?? error}`);
        process.exit(1);
      });
  ' "$WEIR_URL"
}

if [ ! -e "$WEIR_DATA/worker.json" ]; then
  set -- --name "${WEIR_WORKER_NAME:-$(hostname)}" --slots "${WEIR_WORKER_SLOTS:-1}" --stop-within "$stop_within" "$@"
  [ -z "${WEIR_WORKER_OWNER:-}" ] || set -- --owner "$WEIR_WORKER_OWNER" "$@"
  [ -z "${WEIR_SANDBOX:-}" ] || set -- --sandbox "$WEIR_SANDBOX" "$@"
  [ -z "${WEIR_INVITE:-}" ] || set -- --invite "$WEIR_INVITE" "$@"
  key=${WEIR_FARM_KEY:-}
  if [ -n "${WEIR_INSECURE:-}" ]; then
    set -- --insecure "$@"
    [ -n "$key" ] || key=$(claimed_key)
  fi
  [ -z "$key" ] || set -- --key "$key" "$@"
  exec node "$agent" join "$WEIR_URL" "$@"
fi
exec node "$agent" run --stop-within "$stop_within"
