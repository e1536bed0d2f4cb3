#!/usr/bin/env bash
# Makes the one image that stands for all public images of docker-compose.yml in its test (Node, PostgreSQL,
# Redis, nginx), of this machine's own Debian packages: no registry is asked. It also holds what npm fetches for
# docker/Dockerfile, so that nothing is fetched while that is built. Prints the image's name; one that is there
# is kept.
#
# Needs root, a container engine that answers `docker`, the packages below, and npm.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(
  base-files base-passwd bash bubblewrap ca-certificates coreutils dash debianutils findutils git grep gzip hostname libc-bin
  mawk nginx passwd postgresql-15 postgresql-client-15 redis-tools sed tar tini tzdata util-linux
)
node=$(command -v node)
npm=$(dirname "$(readlink -f "$(command -v npm)")")/..
recipe=$({
  dpkg-query -W "${packages[@]}"
  "$node" --version
  cat "$npm/package.json" package-lock.json "${BASH_SOURCE[0]}" test/docker/compose-entrypoint.sh
} | sha256sum | cut -c 1-16)
# With `localhost` as its registry an image that is absent is looked for nowhere else.
image=localhost/weir-test/compose:$recipe
if docker image inspect "$image" >/dev/null 2>&1; then
  echo "$image"
  exit
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{usr/{bin,sbin,lib,lib64,local/bin,local/lib/node_modules},etc,run,proc,sys,dev,var/lib/weir}
ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"

# What the packages hold, but for what only people read, and PostgreSQL's compiler, which needs 110 MB of LLVM.
dpkg -L "${packages[@]}" |
  grep -vE '^/(etc/(init|systemd|logrotate|cron)|usr/share/(doc|man|locale|info|lintian|bug|bash-completion)/)' |
  grep -vE '/postgresql/15/lib/(bitcode|llvmjit)' |
  sort -u >"$root/files"
# A folder of a package stands for itself here, not for all that is in it.
while read -r path; do [[ -d $path && ! -L $path ]] || echo "$path"; done <"$root/files" >"$root/list"
# And the libraries that their programs load: by the names that are looked for, and what these lead to.
{ grep -E '/s?bin/|/lib/' "$root/list" && echo "$node"; } | xargs ldd 2>/dev/null | grep -o '/[^ )]*' |
  grep -F .so | sort -u >"$root/libraries" || true
xargs readlink -f <"$root/libraries" | cat "$root/libraries" - >>"$root/list"
tar -C / --create --files-from="$root/list" --ignore-failed-read 2>/dev/null |
  tar -C "$root" --extract --keep-directory-symlink
rm "$root"/{files,list,libraries}

ln -sf bash "$root/usr/bin/sh"
ln -sf mawk "$root/usr/bin/awk"
ln -sf redis-check-rdb "$root/usr/bin/redis-server"
ln -sf /usr/lib/postgresql/15/bin/{initdb,pg_ctl,pg_isready,postgres,psql} "$root/usr/bin/"
install "$node" "$root/usr/local/bin/node"
cp -a "$npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
install test/docker/compose-entrypoint.sh "$root/usr/local/bin/"

printf 'root:x:0:0::/root:/bin/sh\nservice:x:999:999::/:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nservice:x:999:\n' >"$root/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
: >"$root/etc/shadow"
: >"$root/etc/gshadow"
mkdir -p -m 1777 "$root/tmp" "$root/run/postgresql"
install -d -m 0700 -o 999 -g 999 "$root/data" "$root/var/lib/postgresql/data"

# What npm needs of its registry for the Dockerfile's own `npm ci`.
work=$root/npm-work
mkdir "$work"
git ls-files package.json package-lock.json 'packages/*/package.json' | tar -c -T - | tar -x -C "$work"
(
  cd "$work"
  npm pkg delete devDependencies optionalDependencies
  npm ci --omit=dev --omit=peer --ignore-scripts --no-audit --no-fund --prefer-offline --cache "$root/npm-cache"
) >&2
rm -rf "$work"

tar -C "$root" --numeric-owner -c . | docker import \
  --change 'ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin' \
  --change 'ENV PGDATA=/var/lib/postgresql/data' \
  --change "ENV npm_config_registry=$(npm config get registry)" \
  --change 'ENV npm_config_cache=/npm-cache' \
  --change 'ENV npm_config_offline=true' \
  --change 'ENTRYPOINT ["compose-entrypoint.sh"]' \
  - "$image" >/dev/null
# Those of older recipes, where nothing is made of them any more.
docker image ls --format '{{.Repository}}:{{.Tag}}' "${image%:*}" | { grep -vxF "$image" || true; } |
  xargs -r docker image rm >/dev/null 2>&1 || true
echo "$image"
