# Puts a package where `use` finds it, after the packages that it needs. What a package is stands
# in its file `package`: lines of `name NAME`, `file FILE`, `needs NAME VERSION`.
set -e
modules=$PWD/.modules
shift
only_needs=
if [ "$1" = --needs ]; then only_needs=yes; shift; fi
folder=${1:?pebble install FOLDER}
mkdir -p "$modules"

sed -n 's/^needs //p' "$folder/package" | while read -r name version; do
  # What was fetched stays: the steps of a build after the first may have no network.
  if [ -d "$modules/$name" ]; then continue; fi
  echo "needs $name $version"
  git -c advice.detachedHead=false clone --quiet --branch "v$version" \
    "$PEBBLE_INDEX/$name.git" "$modules/$name"
  "$0" install "$modules/$name"
done
if [ "$only_needs" ]; then exit; fi

name=$(sed -n 's/^name //p' "$folder/package")
for file in "$folder"/*.peb; do
  cp "$file" "$modules/"
done

# What is installed must also load, away from the folder that it came from.
echo "use $name" > "$modules/.try"
PEBBLE_PATH=$modules "$0" "$modules/.try"
echo "installed $name"
