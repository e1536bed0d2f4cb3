#!/bin/sh
# Runs Pebble's own tests with the pebble first in PATH.
set -e
cd "${0%/*}"
pebble language.peb
pebble strings.peb

# A wrong program must fail, and say where.
echo '1 +' > "${TMPDIR:-/tmp}/wrong.$$.peb"
trap 'rm -f "${TMPDIR:-/tmp}/wrong.$$.peb"' EXIT
if message=$(pebble "${TMPDIR:-/tmp}/wrong.$$.peb" 2>&1); then
  echo "not ok - a wrong program succeeded"
  exit 1
fi
case $message in
  *"wrong.$$.peb:1: +: the stack is empty") echo "ok - a wrong program says where" ;;
  *) echo "not ok - the message was: $message"; exit 1 ;;
esac
