# Pebble, a small stack language. Runs the programs named on the command line, one after another,
# as one program. Any POSIX awk will do.

BEGIN {
  OFMT = CONVFMT = "%.15g"
  for (i = 1; i < ARGC; i++) load(ARGV[i])
  match_brackets()
  run(1, count)
  if (checks > 0) {
    print "1.." checks
    if (failures > 0) quit(1)
  }
}

# Splits a file into words. Strings keep their opening quote, to tell them from words.
function load(file,    line, number, word, status) {
  number = 0
  while ((status = (getline line < file)) > 0) {
    number++
    while (match(line, /^[ \t\r]*("[^"]*"|[^ \t\r]+)/)) {
      word = substr(line, 1, RLENGTH)
      sub(/^[ \t\r]*/, "", word)
      if (word == "#") break
      line = substr(line, RLENGTH + 1)
      if (word ~ /^"/) sub(/"$/, "", word)
      token[++count] = word
      place[count] = file ":" number
    }
  }
  if (status < 0) { print "pebble: can't read " file > "/dev/stderr"; quit(2) }
  close(file)
}

# Finds for each [ its ], and for each : its ; so that running never has to search.
function match_brackets(    i, open, depth) {
  depth = 0
  for (i = 1; i <= count; i++) {
    if (token[i] == "[" || token[i] == ":") open[++depth] = i
    else if (token[i] == "]" || token[i] == ";") {
      if (depth == 0 || token[open[depth]] != (token[i] == "]" ? "[" : ":")) fail(i, token[i] " without a beginning")
      last[open[depth--]] = i
    }
  }
  if (depth > 0) fail(open[depth], token[open[depth]] " without an end")
}

function run(from, to,    i, word) {
  for (i = from; i <= to; i++) {
    word = token[i]
    here = i
    if (word ~ /^"/) push(substr(word, 2))
    else if (word ~ /^-?[0-9]+(\.[0-9]+)?$/) push(word + 0)
    else if (word == "[") { push("[" i); i = last[i] }
    else if (word == ":") { defined[token[i + 1]] = i; i = last[i] }
    else if (word in defined) run(defined[word] + 2, last[defined[word]] - 1)
    else perform(word)
  }
}

# Runs what stands between [ and ].
function call(block,    at) {
  at = substr(block, 2) + 0
  if (block !~ /^\[[0-9]+$/ || !(at in last)) fail(here, "wants a block, got " block)
  run(at + 1, last[at] - 1)
}

function perform(word,    a, b, c, n) {
  if (word == "dup") { a = pop(); push(a); push(a) }
  else if (word == "drop") pop()
  else if (word == "swap") { b = pop(); a = pop(); push(b); push(a) }
  else if (word == "over") { b = pop(); a = pop(); push(a); push(b); push(a) }
  else if (word == "rot") { c = pop(); b = pop(); a = pop(); push(b); push(c); push(a) }
  else if (word == "+") { b = number(); push(number() + b) }
  else if (word == "-") { b = number(); push(number() - b) }
  else if (word == "*") { b = number(); push(number() * b) }
  else if (word == "/") { b = divisor(); push(int(number() / b)) }
  else if (word == "mod") { b = divisor(); push(number() % b) }
  else if (word == "<") { b = number(); push(number() < b) }
  else if (word == ">") { b = number(); push(number() > b) }
  else if (word == "=") { b = pop(); push(pop() "" == b "") }
  else if (word == "not") push(!number())
  else if (word == "and") { b = number(); a = number(); push(a && b) }
  else if (word == "or") { b = number(); a = number(); push(a || b) }
  else if (word == "cat") { b = pop(); push(pop() "" b) }
  else if (word == "length") push(length(pop()))
  else if (word == "slice") { n = number(); b = number(); push(substr(pop(), b, n)) }
  else if (word == "find") { b = pop(); push(index(pop(), b)) }
  else if (word == "call") call(pop())
  else if (word == "if") { c = pop(); b = pop(); call(number() ? b : c) }
  else if (word == "when") { b = pop(); if (number()) call(b) }
  else if (word == "times") { b = pop(); for (n = number(); n > 0; n--) call(b) }
  else if (word == "while") { b = pop(); c = pop(); for (call(c); number(); call(c)) call(b) }
  else if (word == "set") { b = pop(); memory[b] = pop() }
  else if (word == "get") { b = pop(); if (!(b in memory)) fail(here, "nothing is kept as " b); push(memory[b]) }
  else if (word == "print") print pop()
  else if (word == "check") { c = pop(); b = pop(); check(pop(), b, c) }
  else fail(here, "unknown word " word)
}

# ACTUAL EXPECTED NAME check: one line of the Test Anything Protocol.
function check(actual, expected, name) {
  checks++
  if (actual "" == expected "") { print "ok " checks " - " name; return }
  failures++
  print "not ok " checks " - " name
  print "# " place[here] ": expected " expected ", got " actual
}

function push(value) { stack[++depth] = value }

function pop() {
  if (depth == 0) fail(here, "the stack is empty")
  return stack[depth--]
}

function number(    value) {
  value = pop()
  if (value !~ /^-?[0-9]+(\.[0-9]+)?$/) fail(here, "wants a number, got " value)
  return value + 0
}

function divisor(    value) {
  value = number()
  if (value == 0) fail(here, "division by zero")
  return value
}

function fail(at, message) {
  print "pebble: " place[at] ": " token[at] ": " message > "/dev/stderr"
  quit(2)
}

function quit(status) {
  exit status
}
