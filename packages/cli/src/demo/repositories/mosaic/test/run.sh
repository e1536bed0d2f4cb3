#!/bin/sh
# Runs the tests with the pebble first in PATH.
set -e
cd "${0%/*}/.."
for test in test/*-test.peb; do
  echo "# $test"
  pebble mosaic.peb "$test"
done
