# Runs all test programs, also when one fails.
failed=0
for file in test/*.peb; do
  echo "# $file"
  "$0" "$file" || failed=1
done
exit $failed
