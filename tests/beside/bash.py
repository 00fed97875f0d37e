#!/usr/bin/env python3
"""bash.py WORDS [COUNT [SEED]]: made shell scripts, run by bash with a llama-server that tells its words, beside what llwhy reads on paper.

What llwhy is certain of must be what bash does: every real start is one that llwhy found, with \\x01 standing for anything, and
where a script has no branch that depends on something outside there is no other."""
import random
import re
import sys
import tempfile

import box

WORDS, COUNT, SEED = sys.argv[1], int((sys.argv[2:] or [400])[0]), int((sys.argv[3:] or [1])[0])
FLAGS = ["-c", "-ngl", "-b", "-ub", "-np", "-t", "--port", "--threads", "-ctk", "-m", "--alias"]


class Maker:
    """Scripts of a few lines: variables, lists, branches and functions, then a start that uses them."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names, self.lists, self.keyed, self.depth = [], [], False, 0

    def pick(self, *of):
        return self.r.choice(of)

    def value(self):
        return self.pick("4096", "q8_0", "/m/a b.gguf", "model-Q4_K_M.gguf", "8", "on", "x=1", "a,b", "99", "/models/dir/m.gguf", "", " a ", "1:2", ",b,", "}")

    def name(self):
        return self.pick("A", "B", "MODEL", "CTX", "N_GPU", "EXTRA", "i")

    def known(self):
        return self.r.choice(self.names) if self.names and self.r.random() < 0.85 else self.name()

    def number(self):
        return self.pick("0", "1", "2", "4096", "8", "99")

    def expansion(self):
        v = self.known()
        return self.pick(f"${v}", f"${{{v}}}", f"${{{v}:-{self.plain()}}}", f"${{{v}-{self.plain()}}}", f"${{{v}:+{self.plain()}}}", f"${{{v}+set}}",
                         f"${{{v}%.gguf}}", f"${{{v}##*/}}", f"${{{v}%/*}}", f"${{{v}/a/Z}}", f"${{{v}//0/1}}", f"${{#{v}}}", f"${{{v}:0:2}}", f"${{{v}^^}}",
                         f"${{{v},,}}", f"${{{v}:={self.plain()}}}", f"${{{v}#model-}}", f"${{{v}: -2}}", f"${{{v}/#\\/m/X}}", f"${{{v}/%gguf/bin}}", self.default())

    def default(self):
        """With a word that holds quotes, braces or lists."""
        v, op, name = self.known(), self.pick("-", ":-", "+", ":+"), self.pick("ARGS", "OPTS")
        word = self.pick('"{\\"a\\":1}"', "{}", '"}"', "\\}", "a\\ b", '"$@"', "a,b:c", f'"${{{name}[@]}}"', "$(case x in x) echo 3;; esac)", '""', "'a b'", f"${{{self.name()}-{{}}}}")
        return self.pick(f"${{{v}{op}{word}}}", f"${{{v}{op}{word}}}", f"${{{name}[@]{op}{word}}}", f"${{@{op}{word}}}", f"${{{name}[{self.pick('0', '1', '2')}]{op}{word}}}")

    def plain(self):
        return self.pick("4096", "8", "off", "q4_0", "m.gguf", "x")

    def arithmetic(self):
        return self.pick(f"$(({self.number()} * {self.number()} + 1))", f"$(({self.number()} << 2))", f"$(( {self.number()} > 1 ? 7 : 3 ))",
                         "$((1024*8))", "$((0x10))", f"$((-{self.number()} % 3))", "$((17/4))")

    def word(self):
        """One piece of a command line, quoted or not."""
        return self.pick(lambda: self.plain(), lambda: f"'{self.value()}'", lambda: f'"{self.value()}"', self.expansion, lambda: f'"{self.expansion()}"',
                         lambda: f'"{self.expansion()}-{self.expansion()}"', self.arithmetic, lambda: f'pre{self.expansion()}post',
                         lambda: "$'a\\tb'", lambda: "a\\ b", lambda: '"a\\"b"', lambda: "{1,2}x", lambda: "'it'\\''s'", lambda: f'"$(echo {self.plain()})"',
                         lambda: f"$(printf '%s' {self.plain()})", self.substitution, lambda: f'{self.expansion()}""', lambda: f'"$@{self.pick("", "$A", chr(34) * 2)}"', lambda: '""', lambda: "'$A'", lambda: "x{a,b{c,d}}")()

    def substitution(self):
        return self.pick("$(case x in x) echo 3;; esac)", "`echo \\`echo 3\\``", '"$(case x in (y) ;; *) (echo ")") ;; esac)"', "$(echo 4 # don't )\n)",
                         "$(cat <<'E'\ndon't )\nE\n)", "$(echo in case of)", '"`echo \\"a b\\"`"', "$((1 << 2))", "$(echo \"a $(echo ')') b\")", "${A:-$(echo '}')}")

    def words(self, n):
        out = []
        for _ in range(self.r.randint(0, n)):
            out += [self.r.choice(FLAGS), self.word()]
        return out

    def start(self):
        words = self.words(3)
        for name in self.lists:
            if self.r.random() < 0.5:
                words.append(self.pick(f'"${{{name}[@]}}"', f'"${{{name}[@]}}"', f"${{{name}[@]}}", f'"${{{name}[0]}}"', f'"${{{name}[*]}}"', f"${{#{name}[@]}}", f'"${{{name}[@]+"${{{name}[@]}}"}}"', f'${{{name}[@]+"${{{name}[@]}}"}}', f'"${{{name}[@]+f}}"',
                                       f'"${{{name}[1]-u}}"', f"${{{name}[2]+-y 1}}", f"${{{name}[*]}}", f'"${{{name}[@]:-d}}"', f"${name}"))
        if self.keyed and self.r.random() < 0.5:
            words.append(self.pick('"${M[a]-9}"', "${M[b]+-b 2}", '"${M[c]:-}"', '"${M[$A]-z}"', '"${M[@]}"', "${M[a]}", '"${M[a]:-"${M[b]}"}"', "$M"))
        self.r.shuffle(words)
        front = self.pick("", "", "", "exec ", "command ", "env A=1 ", "CUDA_VISIBLE_DEVICES=0 ", f"A={self.plain()} B=$A ", f"IFS={self.pick(',', ':')} ", "nohup ", "( ", "{ ")
        end = {"( ": " )", "{ ": "; }"}.get(front, self.pick("", "", " 2>&1", " >/dev/null", " </dev/null", " & wait", " || true"))
        gap = self.pick(" ", " ", " \\\n  ")
        return front + "llama-server" + "".join(gap + w for w in words) + end

    def test(self):
        v = self.known()
        return self.pick(f'[ -n "${v}" ]', f'[ -z "${v}" ]', f'[ "${v}" = "{self.plain()}" ]', f'[[ ${v} == *gguf ]]', f'[[ -n ${v} && ${v} != x ]]', f'[ "{self.number()}" -gt 3 ]',
                         "true", "false", f'[[ "${v}" =~ ^[0-9]+$ ]]', f'(( {self.number()} > 2 ))', f'! [ -n "${{{v}:-}}" ]', f'[ "${v}" != "8" ] && [ -n "${v}" ]', f'test "${v}" -eq 8 2>/dev/null',
                         f'[ -z "${{{v}+x}}" ]', f'[[ ${v} = [0-9]* || -z ${v} ]]')

    def assign(self):
        v = self.name()
        self.names.append(v)
        return self.pick(f"{v}={self.word()}", f"{v}={self.word()}", f"export {v}={self.word()}", f'{v}+={self.word()}', f'{v}="{self.expansion()} {self.plain()}"', f": ${{{v}:={self.plain()}}}",
                         f"declare {v}={self.word()}", f"readonly_{v}={self.plain()}", f"printf -v {v} '%s-%d' {self.plain()} 3", f"{v}=$(({self.number()}+1))", f"unset {v}",
                         f"read -r {v} <<< '{self.plain()} {self.plain()}'", f"let {v}=3+4", f"(( {v} = 5 ))",
                         f"let i=1,{v}=6", f"((\t{v}\t+= 2))", f"declare -i {v}=4", f"typeset {v}={self.plain()}", f"(( {v} == 3 ))")

    def list_line(self):
        if self.lists and self.r.random() < 0.4:
            name = self.r.choice(self.lists)
            return self.pick(f"{name}+=({' '.join(self.words(2))})", f"{name}+=({self.word()})", f"{name}=()", f"{name}[1]={self.word()}", f'{name}=("${{{name}[@]:1}}")', f"{name}[{self.number()}]+={self.plain()}", f"{name}={self.word()}", f"{name}+={self.word()}",
                             f"unset {name}[1]", f'{name}+=("$@")', f'{name}=([1]={self.word()} [0]="$@")')
        name = self.pick("ARGS", "OPTS")
        if name not in self.lists:
            self.lists.append(name)
        return f"{name}=({self.pick(' ', chr(10)).join(self.words(3) or ['-v'])})"

    def keyed_line(self):
        first, self.keyed = not self.keyed, True
        value = self.word()
        return self.pick(f"declare -A M=([a]={value} [b]={self.word()})", f"declare -A M; M[{self.pick('a', 'b', 'x y')}]={value}") if first else self.pick(
            f"M[{self.pick('a', 'b', '$A')}]={value}", f"M+=([{self.pick('a', 'c')}]={value})", f"M[a]+={value}", f"M=([c]={value})", "unset M[b]", "M[c]+=z", "M=()")

    def separators(self):
        return self.pick("IFS=,", "IFS=:", "IFS=$'\\n\\t'", "IFS=', '", "IFS=", "unset IFS", "IFS=$(echo ,)", "IFS='a '", "[ -f x ] && IFS=,", "IFS=, read -r A B <<< '1,2'",
                         f"g() {{ local IFS=,; llama-server {self.expansion()} \"$*\"; }}; g {self.word()} {self.word()}")

    def block(self, n):
        return "\n".join(self.line() for _ in range(self.r.randint(1, n)))

    def line(self):
        if self.depth > 2:
            return self.pick(self.assign, self.list_line)()
        self.depth += 1
        try:
            return self.r.choices([self.assign, self.list_line, self.branch, self.loop, self.case, self.function, self.listed, self.here, self.positional, self.start, self.keyed_line, self.separators, self.rounds],
                                  [8, 5, 4, 2, 2, 1, 3, 1, 2, 1, 2, 2, 2])[0]()
        finally:
            self.depth -= 1

    def branch(self):
        return f"if {self.test()}; then\n{self.block(2)}\n" + self.pick("", f"else\n{self.block(2)}\n", f"elif {self.test()}; then\n{self.block(1)}\nelse\n{self.block(1)}\n") + "fi"

    def listed(self):
        return f"{self.test()} {self.pick('&&', '||')} {self.assign()}"

    def loop(self):
        v = "i"
        self.names.append(v)
        body = self.pick(self.assign, self.list_line, lambda: f"ARGS+=(-x ${v})", lambda: f'EXTRA="$EXTRA -y ${v}"')()
        if "ARGS" in body and "ARGS" not in self.lists:
            self.lists.append("ARGS")
        return f"for {v} in {self.pick('1 2 3', 'a b', '{1..3}', '$A', '')}; do\n{body}\n{self.pick('', '', 'break', 'continue', 'break 2', '[ -f x ] && break', 'continue 1')}\ndone"

    def rounds(self):
        """A loop whose rounds llwhy does not count."""
        self.names += ["l", "A"]
        k = f"K{self.depth}"
        head, end = self.pick(("while read -r l; do", "done <<< $'7\\n8'"), (f'{k}=; while [ "${k}" != xx ]; do {k}=x${k}', "done"), (f'{k}=; until [ "${k}" = xxx ]; do {k}=x${k}', "done"), ("for l in /e*c /b*n; do", "done"))
        return f"{head}\n{self.block(2)}\n{self.pick('', 'A=$B B=$l', 'ARGS+=($A)', '[ -f x ] && break', 'continue')}\n{end}"

    def case(self):
        v = self.known()
        return f'case "${v}" in\n{self.pick("4096|8", "*.gguf", "[0-9]*", "on", "x=*")}) {self.assign()} ;;\n{self.pick("*", "q*", "?")}) {self.assign()} ;;\nesac'

    def function(self):
        name = self.pick("launch", "setup")
        body = self.pick(lambda: f"declare -g{self.pick('', 'x')} {self.name()}={self.plain()}", lambda: f'local L="${{1:-none}}"\nA=$L', lambda: self.assign(), lambda: 'local A; llama-server -c "$A" $B', lambda: "llama-server --alias \"$1\" -c \"$2\" $#", lambda: 'shift; llama-server "$@"', lambda: f"llama-server \"$*\"\nreturn 0\n{self.start()}")()
        call = f"{self.pick('', '', f'A={self.plain()} ')}{name} " + " ".join(self.word() for _ in range(self.r.randint(0, 3)))
        return f"{self.pick(f'{name}() {{', f'function {name} {{', f'function {name}() {{')}\n{body}\n}}\n{call}"

    def here(self):
        return f"cat <<{self.pick('EOF', chr(39) + 'EOF' + chr(39))} >/dev/null\nllama-server -c 1 {self.expansion()}\nEOF"

    def positional(self):
        return f"set -- {' '.join(self.word() for _ in range(3))}\n" + self.pick('shift\nA="$1"', 'B="$2" A=$#', f'llama-server "$@"', 'EXTRA="$*"', "shift 2", "A=$*", "B=$@", 'llama-server "$*" $*', 'llama-server $@ "$@"""')

    def script(self):
        lines = [self.line() for _ in range(self.r.randint(2, 8))]
        return "#!/bin/bash\n" + "\n".join(lines) + "\n" + self.start() + "\n"


def matches(read, real):
    """What is unknown may be anything: a part of a word, none at all, or several."""
    pattern = ""
    for word in read:
        inside = re.sub("^\x01 | ?\x01", lambda m: {"\x01": ".*", " \x01": "( .*)?"}.get(m[0], "(.* )?"), re.escape(word).replace("\\ ", " "))
        pattern += "(.*\t)?" if not word.strip("\x01") and word else inside + "\t"
    return re.fullmatch(pattern, "".join(word + "\t" for word in real), re.S) is not None


def main():
    wrong = known = words = starts = 0
    with tempfile.TemporaryDirectory() as place:
        inside = box.Box(place)
        paths = [inside.path / f"{i}.sh" for i in range(COUNT)]
        for i, path in enumerate(paths):
            path.write_text(Maker(SEED * 1_000_000 + i).script())
        for i, (path, got) in enumerate(zip(paths, box.read(WORDS, paths))):
            real, _ = inside.run(["bash", str(path)], inside.path)
            starts += len(real)
            missed = [r for r in real if not any(matches(g, r) for g in got)]
            branches = re.search(r"\bif |\bcase |&&|\|\||\bfor |\bdone\b", path.read_text())
            invented = [] if branches else [g for g in got if not any(matches(g, r) for r in real)]
            words += sum(len(g) for g in got)
            known += sum(w.count("\x01") == 0 for g in got for w in g)
            if missed or invented:
                wrong += 1
                if wrong <= 20:
                    print(f"--- script {SEED}:{i}\n{path.read_text()}")
                    for r in missed:
                        print("bash starts, llwhy does not read:", r)
                    for g in invented if invented else got:
                        print("llwhy reads:                      ", g)
    print(f"{COUNT} scripts, {starts} starts, {wrong} with a difference; {known} of {words} words known")
    return wrong > 0 or not starts or known < words / 2 # what is never certain is never wrong either


sys.exit(main())
