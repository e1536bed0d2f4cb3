#!/bin/sh
# Puts Pebble into a folder: build.sh PREFIX
set -e
prefix=${1:?build.sh PREFIX}
mkdir -p "$prefix/bin" "$prefix/lib"
cp pebble.awk "$prefix/lib/"
cp pebble "$prefix/bin/"
chmod 755 "$prefix/bin/pebble"
echo "Pebble is in $prefix"
