# Pebble, a small language: runs the program named on the command line. Any POSIX awk will do.
#
# A program becomes tokens, the tokens become instructions for a stack machine, and the machine
# runs them. Instruction i is code[i] with operand[i], and came from the token origin[i].

BEGIN {
  CONVFMT = OFMT = "%.15g"
  frame = 0
  many = split("use let fn if else while return print and or not", words, " ")
  for (i = 1; i <= many; i++) keyword[words[i]] = 1
  many = split("or and == != < <= > >= & + - * / %", words, " ")
  split("1 2 3 3 3 3 3 3 4 5 5 6 6 6", strengths, " ")
  for (i = 1; i <= many; i++) strength[words[i]] = strengths[i]
  many = split("length 1 part 3 find 2 whole 1 check 3", words, " ")
  for (i = 1; i < many; i += 2) wanted[words[i]] = words[i + 1]
  if (deepest == "") deepest = 1000

  compile_file(ARGV[1])
  run()
  if (checks > 0) print "1.." checks
  exit failures > 0
}

# --- Tokens

function read_tokens(file,    line, number, status) {
  while ((status = (getline line < file)) > 0) {
    number++
    while (1) {
      sub(/^[ \t\r]+/, "", line)
      if (line == "" || line ~ /^#/) break
      if (!match(line, /^("[^"]*"|[a-z_][a-z_0-9]*|[0-9]+(\.[0-9]+)?|==|!=|<=|>=)/)) RLENGTH = 1
      add_token(substr(line, 1, RLENGTH), file ":" number)
      line = substr(line, RLENGTH + 1)
    }
  }
  if (status < 0) complain("can't read " file)
  close(file)
  add_token("end of file", file ":" number)
}

function add_token(text, where) {
  token[++tokens] = text
  place[tokens] = where
}

# Takes the token that must come here.
function expect(text) {
  if (token[now] != text) fail(now, "expected " text ", got " token[now])
  now++
}

# Takes a name, which is any word but a keyword.
function expect_name() {
  if (token[now] in keyword) fail(now, token[now] " is a keyword, so nothing can be called " token[now])
  if (token[now] !~ /^[a-z_]/) fail(now, "expected a name, got " token[now])
  return token[now++]
}

# --- From tokens to instructions

function compile_file(file,    here) {
  here = now
  now = tokens + 1
  read_tokens(file)
  while (token[now] != "end of file") compile_statement()
  now = here
}

function emit(what, with, where) {
  code[++instructions] = what
  operand[instructions] = with
  origin[instructions] = where
  return instructions
}

function compile_block() {
  expect("{")
  while (token[now] != "}") {
    if (token[now] == "end of file") fail(now, "expected }, got the end of the file")
    compile_statement()
  }
  now++
}

function compile_statement(    word, where, name, jump, top) {
  word = token[now]
  where = now
  if (!(word in keyword) && token[now + 1] == "=") {
    name = expect_name()
    now++
    compile_expression(1)
    emit("assign", name, where)
  } else if (!(word in keyword)) {
    compile_expression(1)
    emit("drop")
  } else if (word == "let") {
    now++
    name = expect_name()
    expect("=")
    compile_expression(1)
    emit("let", name, where)
  } else if (word == "print" || word == "return") {
    now++
    compile_expression(1)
    emit(word, "", where)
  } else if (word == "if") {
    compile_if()
  } else if (word == "while") {
    now++
    top = instructions + 1
    compile_expression(1)
    jump = emit("unless", "", where)
    compile_block()
    emit("jump", top)
    operand[jump] = instructions + 1
  } else if (word == "fn") {
    compile_function()
  } else if (word == "use") {
    now++
    use_module(expect_name(), where)
  } else {
    fail(where, "a statement can't begin with " word)
  }
}

function compile_if(    jump, out) {
  now++
  compile_expression(1)
  jump = emit("unless")
  compile_block()
  if (token[now] != "else") { operand[jump] = instructions + 1; return }
  now++
  out = emit("jump")
  operand[jump] = instructions + 1
  if (token[now] == "if") compile_if()
  else compile_block()
  operand[out] = instructions + 1
}

# The arguments lie on the stack, the last one on top.
function compile_function(    name, jump, list, many, i) {
  now++
  name = expect_name()
  jump = emit("jump")
  expect("(")
  while (token[now] != ")") {
    list[++many] = expect_name()
    if (token[now] != ")") expect(",")
  }
  now++
  entry[name] = instructions + 1
  wanted[name] = many + 0
  for (i = many; i > 0; i--) emit("let", list[i])
  compile_block()
  emit("push", "")
  emit("return")
  operand[jump] = instructions + 1
}

# Reads NAME.peb, the first time that it is used, from the first folder of PEBBLE_PATH that has it.
function use_module(name, where,    folders, many, i, line, found) {
  if (name in used) return
  used[name] = 1
  many = split(ENVIRON["PEBBLE_PATH"], folders, ":")
  for (i = 1; i <= many; i++) {
    found = (getline line < (folders[i] "/" name ".peb")) >= 0
    close(folders[i] "/" name ".peb")
    if (found) { compile_file(folders[i] "/" name ".peb"); return }
  }
  fail(where, "there is no module " name " in " ENVIRON["PEBBLE_PATH"])
}

# Operators at least as strong as `least`; what is stronger on their right goes first.
function compile_expression(least,    sign, where, jump) {
  compile_operand()
  while ((token[now] in strength) && strength[token[now]] >= least) {
    where = now
    sign = token[now++]
    if (sign == "and" || sign == "or") jump = emit(sign)
    compile_expression(strength[sign] + 1)
    if (sign == "and" || sign == "or") operand[jump] = instructions + 1
    else emit(sign, "", where)
  }
}

function compile_operand(    where, text, many) {
  where = now
  text = token[now]
  if (text ~ /^"./) { now++; emit("push", substr(text, 2, length(text) - 2)) }
  else if (text ~ /^[0-9]/) { now++; emit("push", text + 0) }
  else if (text == "(") { now++; compile_expression(1); expect(")") }
  else if (text == "not") { now++; compile_expression(3); emit("not") }
  else if (text == "-") { now++; emit("push", 0); compile_operand(); emit("-", "", where) }
  else {
    expect_name()
    if (token[now] != "(") { emit("load", text, where); return }
    now++
    while (token[now] != ")") {
      compile_expression(1)
      many++
      if (token[now] != ")") expect(",")
    }
    now++
    emit("call", text, where)
    given[instructions] = many + 0
  }
}

# --- The machine. A call has a frame of its own for its names; frame 0 is the program's.

function run(    what, with) {
  for (pc = 1; pc <= instructions; pc++) {
    what = code[pc]
    with = operand[pc]
    if (what == "push") push(with)
    else if (what == "load") push(lookup(with))
    else if (what == "let") declare(frame, with, pop())
    else if (what == "assign") assign(with, pop())
    else if (what == "jump") pc = with - 1
    else if (what == "unless") { if (!is_true(pop())) pc = with - 1 }
    else if (what == "and") { if (is_true(stack[top])) top--; else pc = with - 1 }
    else if (what == "or") { if (is_true(stack[top])) pc = with - 1; else top-- }
    else if (what == "not") push(!is_true(pop()))
    else if (what == "drop") top--
    else if (what == "print") print pop()
    else if (what == "call") call(with)
    else if (what == "return") leave()
    else operate(what)
  }
}

function push(value) { stack[++top] = value }

function pop() { return stack[top--] }

function pop_number(    value) {
  value = pop() ""
  if (value !~ /^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/) fail(origin[pc], "wants a number, got " value)
  return value + 0
}

function is_true(value) { return value "" != "" && value "" != "0" }

function operate(sign,    left, right) {
  if (sign == "&") { right = pop(); push(pop() "" right); return }
  if (sign == "==") { right = pop(); push(pop() "" == right ""); return }
  if (sign == "!=") { right = pop(); push(pop() "" != right ""); return }
  right = pop_number()
  left = pop_number()
  if (right == 0 && (sign == "/" || sign == "%")) fail(origin[pc], "division by zero")
  if (sign == "+") push(left + right)
  else if (sign == "-") push(left - right)
  else if (sign == "*") push(left * right)
  else if (sign == "/") push(left / right)
  else if (sign == "%") push(left % right)
  else if (sign == "<") push(left < right)
  else if (sign == "<=") push(left <= right)
  else if (sign == ">") push(left > right)
  else push(left >= right)
}

function declare(where, name, value) {
  if (!((where, name) in memory)) named[where, ++names[where]] = name
  memory[where, name] = value
}

function assign(name, value) {
  declare((frame, name) in memory ? frame : 0, name, value)
}

function lookup(name) {
  if ((frame, name) in memory) return memory[frame, name]
  if (!((0, name) in memory)) fail(origin[pc], "nothing is called " name)
  return memory[0, name]
}

function call(name) {
  if (!(name in wanted)) fail(origin[pc], "no function is called " name)
  if (given[pc] != wanted[name]) fail(origin[pc], name " wants " wanted[name] " arguments, got " given[pc])
  if (!(name in entry)) { call_builtin(name); return }
  if (frame == deepest) fail(origin[pc], "calls nest more than " deepest " deep")
  back[++frame] = pc
  pc = entry[name] - 1
}

function leave(    i) {
  if (frame == 0) fail(origin[pc], "return outside of a function")
  for (i = names[frame]; i > 0; i--) delete memory[frame, named[frame, i]]
  names[frame] = 0
  pc = back[frame--]
}

function call_builtin(name,    third, second) {
  if (name == "length") push(length(pop()))
  else if (name == "whole") push(int(pop_number()))
  else if (name == "find") { second = pop(); push(index(pop(), second)) }
  else if (name == "part") { third = pop_number(); second = pop_number(); push(substr(pop(), second, third)) }
  else { third = pop(); second = pop(); push(check(pop(), second, third)) }
}

# check(actual, expected, name) prints one line of the Test Anything Protocol.
function check(actual, expected, name) {
  checks++
  if (actual "" == expected "") { print "ok " checks " - " name; return 1 }
  failures++
  print "not ok " checks " - " name
  print "# " place[origin[pc]] ": expected " expected ", got " actual
  return 0
}

function fail(where, message) { complain(place[where] ": " message) }

function complain(message) {
  print "pebble: " message > "/dev/stderr"
  exit 2
}
