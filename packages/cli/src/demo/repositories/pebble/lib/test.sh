# Runs all test programs, also when one fails, and says so in one report: TAP 13.
programs() {
  for file in test/*.peb; do
    echo "# $file"
    "$0" "$file" || [ $? = 1 ] || echo "not ok - $file ended early"
  done
}
programs | awk '
  /^1\.\./ { next }
  /^(not )?ok / { sub(/ok [0-9 ]*/, "ok " ++tests " ") }
  /^not ok / { failed = 1 }
  { print }
  END { print "1.." tests + 0; exit failed }'
