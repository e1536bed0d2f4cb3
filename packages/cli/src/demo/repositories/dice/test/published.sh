#!/bin/sh
# The package index must have every version of dice that was released.
set -e
tags=$(git ls-remote --tags "$PEBBLE_INDEX/dice.git")
for version in 1.0; do
  case $tags in
    *"refs/tags/v$version"*) echo "ok - $version is published" ;;
    *) echo "not ok - $version is not published"; exit 1 ;;
  esac
done
