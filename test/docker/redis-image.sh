#!/usr/bin/env bash
# Makes the container image that the tests of services run, of this machine's own Redis and bash: no
# registry is asked. Needs a container engine that answers `docker`, and Debian's redis-tools (its
# redis-check-rdb is the server under another name). Takes a second; an image that is there is kept.
set -euo pipefail

# With `localhost` as its registry an image that is absent is looked for nowhere else.
image=localhost/weir-test/redis:1
docker image inspect "$image" >/dev/null 2>&1 && exit

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
programs=(/bin/bash /usr/bin/redis-cli /usr/bin/redis-check-rdb)
for program in "${programs[@]}"; do
  ldd "$program" | grep -o '/[^ )]*'
done | sort -u | xargs cp --parents --dereference -t "$root" "${programs[@]}"
ln -s bash "$root/bin/sh"
ln -s redis-check-rdb "$root/usr/bin/redis-server"
mkdir -p -m 1777 "$root/tmp" "$root/data"
tar -C "$root" -c . | docker import --change 'WORKDIR /data' --change 'VOLUME /data' \
  --change 'ENV PATH=/usr/bin:/bin' --change 'CMD ["redis-server", "--protected-mode", "no"]' \
  - "$image"
