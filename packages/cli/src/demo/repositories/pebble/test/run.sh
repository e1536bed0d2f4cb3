#!/bin/sh
# Runs Pebble's own tests with the pebble first in PATH.
failed=0
pebble test || failed=1

# says NAME PROGRAM MESSAGE: the program must fail with that message.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
says() {
  echo "$2" > "$dir/wrong.peb"
  message=$(pebble "$dir/wrong.peb" 2>&1)
  case "$?$message" in
    "2pebble: $dir/wrong.peb:$3") echo "ok - $1" ;;
    *) echo "not ok - $1"; echo "# $message"; failed=1 ;;
  esac
}
echo "# wrong programs"
says "an unknown name" 'print pebbel' "1: nothing is called pebbel"
says "an unknown function" 'print dubble(2)' "1: no function is called dubble"
says "too few arguments" 'fn f(a, b) { } f(1)' "1: f wants 2 arguments, got 1"
says "a keyword as a name" 'let while = 1' "1: while is a keyword, so nothing can be called while"
says "a text as a number" 'print "a" + 1' "1: wants a number, got a"
says "division by zero" 'print 1 / 0' "1: division by zero"
says "a block without an end" 'if 1 { print 1' "1: expected }, got the end of the file"
says "endless recursion" 'fn f() { f() } f()' "1: calls nest more than $(cat "$(dirname "$(command -v pebble)")/../lib/deepest") deep"
exit $failed
