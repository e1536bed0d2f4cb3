#!/bin/sh
# Builds Pebble: build.sh PREFIX [full | small]
# A small Pebble is for machines with little memory: calls nest at most 40 deep.
set -e
prefix=${1:?build.sh PREFIX}
kind=${2:-full}
mkdir -p "$prefix/bin" "$prefix/lib"
cp lib/* "$prefix/lib/"
cp bin/pebble "$prefix/bin/"
chmod 755 "$prefix/bin/pebble"
case $kind in
  small) echo 40 ;;
  *) echo 1000 ;;
esac > "$prefix/lib/deepest"
echo "A $kind Pebble is in $prefix"
