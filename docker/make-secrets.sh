#!/bin/sh
# Makes the secrets of a farm in the folder given: files of one line. What is there already stays.
set -eu
dir=$1
umask 022

random() {
  head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'
}

# Whole or not at all, however this ends.
keep() {
  [ -s "$dir/$1" ] && return
  printf '%s\n' "$2" >"$dir/.$1.new"
  mv "$dir/.$1.new" "$dir/$1"
  echo "made $dir/$1"
}

keep admin-token "$(random)"
keep hook-secret "$(random)"
keep database-password "$(random)"
keep database-url "postgres://weir:$(cat "$dir/database-password")@postgres/weir"
