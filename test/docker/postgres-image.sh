#!/usr/bin/env bash
# Makes the container image that the store's tests run, of this machine's own PostgreSQL (Debian's) and
# bash, with a cluster in it whose user `weir` needs no password: no registry is asked. Needs a container
# engine that answers `docker`. Takes seconds; an image that is there is kept.
set -euo pipefail

# With `localhost` as its registry an image that is absent is looked for nowhere else.
image=localhost/weir-test/postgres:1
docker image inspect "$image" >/dev/null 2>&1 && exit

version=$(ls /usr/lib/postgresql | sort -n | tail -n 1)
programs=/usr/lib/postgresql/$version
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
{
  for program in /bin/bash "$programs"/bin/{postgres,pg_isready} "$programs"/lib/{plpgsql,dict_snowball}.so; do
    echo "$program"
    ldd "$program" | grep -o '/[^ )]*'
  done
  find -L "/usr/share/postgresql/$version" /usr/lib/locale/C.utf8 /usr/share/zoneinfo/UTC -type f
  # Compiling queries takes a library of 110 MB, and small databases no time worth it.
  find "$programs/lib" -maxdepth 1 -name '*.so' ! -name 'llvmjit*'
} | sort -u | xargs cp --parents --dereference -t "$root"
ln -s bash "$root/bin/sh"

# It refuses to run as root, as does what makes a cluster.
as_user=()
uid=$(id -u)
if ((uid == 0)); then
  uid=$(id -u postgres)
  as_user=(setpriv "--reuid=$uid" "--regid=$(id -g postgres)" --clear-groups)
fi
mkdir -p -m 1777 "$root/tmp" "$root/var/run/postgresql" "$root/etc"
getent passwd "$uid" >"$root/etc/passwd"
chmod 755 "$root"
install -d -m 700 -o "$uid" "$root/data"
(cd / && TZ=UTC "${as_user[@]}" "$programs/bin/initdb" --pgdata="$root/data" --username=weir --auth=trust \
  --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null)
echo 'host all all all trust' >>"$root/data/pg_hba.conf"
tar -C "$root" -c . | docker import --change "USER $uid" --change 'ENV PGDATA=/data' \
  --change "ENV PATH=$programs/bin:/usr/bin:/bin" --change 'CMD ["postgres", "-c", "listen_addresses=*"]' \
  - "$image"
