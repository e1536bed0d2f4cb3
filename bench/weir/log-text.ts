const line = '0123456789 the quick brown fox jumps over the lazy dog, again and again '
  .repeat(2)
  .slice(0, 79);

/** A script that prints a time stamp, then so many megabytes of lines of 80 bytes. */
export function printingScript(mb: number, text: 'yes' | 'varied'): string {
  const stamp = 'date +%s%N';
  if (text === 'yes') return `${stamp}\nyes '${line}' | head -c ${mb * 1_000_000}`;
  // 2 MB, written once before the stamp, and printed again and again.
  return `awk 'BEGIN {
  srand(7)
  for (i = 0; i < 3000; i++) words[i] = sprintf("%x", 256 ^ (1 + int(3 * rand())) * rand())
  for (n = 0; n < 25000; n++) {
    line = ""
    while (length(line) < 79) line = line words[int(3000 * rand())] " "
    print substr(line, 1, 79)
  }
}' > varied.txt
${stamp}
i=0; while [ $i -lt ${mb / 2} ]; do cat varied.txt; i=$((i+1)); done`;
}
