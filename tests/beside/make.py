#!/usr/bin/env python3
"""make.py LAUNCHES [COUNT [SEED]]: made Makefiles, run by make with a llama-server that tells its words, beside what llwhy reads on paper.

What llwhy is certain of must be what make does: every real start is one that llwhy found, with \\x01 standing for words that it does not know."""
import random
import shutil
import sys
import tempfile

import box

LAUNCHES, COUNT, SEED = sys.argv[1], int((sys.argv[2:] or [300])[0]), int((sys.argv[3:] or [1])[0])
FLAGS = ["-c", "-ngl", "-b", "-ub", "-np", "-t", "--port", "-ctk", "-m", "--alias"]


class Maker:
    """Variables in all their forms, conditions, targets with variables of their own, then recipes that use them."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names = []

    def pick(self, *of):
        return self.r.choice(of)

    def name(self):
        return self.pick("A", "B", "MODEL", "CTX", "N_GPU", "EXTRA", "model-dir", "ctx.size")

    def known(self):
        return self.r.choice(self.names) if self.names and self.r.random() < 0.85 else self.name()

    def plain(self):
        return self.pick("4096", "8", "off", "q8_0", "model-Q4_K_M.gguf", "/m/x.gguf", "99", "a,b", "x=1", "")

    def use(self):
        v = self.known()
        return self.pick(f"$({v})", f"${{{v}}}", f"$({v})", f"$({v}:.gguf=.bin)", f"$(notdir $({v}))", f"$(or $({v}),7)", f"$(if $({v}),yes,no)",
                         f"$(subst 0,1,$({v}))", f"$(firstword $({v}) z)", f"$(addprefix p-,$({v}))", "$A", "$B", f"$(value {v})", f"$(strip $({v}))")

    def text(self):
        parts = [self.r.choice([self.plain, self.plain, self.use])() for _ in range(self.pick(1, 1, 1, 2, 3))]
        return self.pick("", " ", "-").join(parts)

    def assignment(self):
        name = self.name()
        self.names.append(name)
        line = f"{name}{self.pick(' ', '')}{self.pick('=', '=', ':=', '::=', '?=', '+=', ':=', '?=')}{self.pick(' ', '')}{self.text()}"
        line += self.pick("", "", "", " # why", " \\\n  -fa on")
        return self.pick("", "", "", "export ", "override ") + line

    def block(self):
        test = self.pick(f"ifdef {self.known()}", f"ifndef {self.known()}", f"ifeq ($({self.known()}),{self.plain()})", f"ifneq ($({self.known()}),)",
                         f'ifeq "$({self.known()})" "8"')
        lines = [test, self.assignment()]
        if self.r.random() < 0.5:
            lines += ["else", self.assignment()]
        return "\n".join(lines + ["endif"])

    def definition(self):
        name = self.name()
        self.names.append(name)
        return f"define {name}\n{self.text()}\nendef"

    def directive(self):
        return self.pick(f"undefine {self.known()}", f"unexport {self.known()}", f"export {self.known()}", "export", f"unexport")

    def statement(self):
        return self.r.choices([self.assignment, self.block, self.definition, self.directive, lambda: "# " + self.assignment(), lambda: ""],
                              [12, 2, 1, 1, 1, 1])[0]()

    def word(self):
        v = self.known()
        return self.pick(f"{self.r.choice(FLAGS)} {self.text()}", f"{self.r.choice(FLAGS)} \"{self.use()}\"", self.use(), f"{self.r.choice(FLAGS)} {self.plain()}",
                         f"--alias $@-{self.plain()}", f"-t $$((2*4))", f"-m $${{{v}:-d}}", f"-m '$({v})'", f"-b $$X")

    def recipe(self):
        start = self.pick("", "@", "-", "@-", "X=5; ", "cd . && ", "X=3 && ") + "llama-server"
        words = [self.word() for _ in range(self.pick(1, 2, 3))]
        glue = self.pick(" ", " ", " \\\n\t  ", " \\\n")
        return "\t" + glue.join([start, *words])

    def file(self):
        lines = [self.statement() for _ in range(self.pick(1, 2, 3, 4))]
        targets = ["run"] + ["serve"] * (self.r.random() < 0.4)
        lines = [f".PHONY: all {' '.join(targets)}", f"all: {' '.join(targets)}"] + lines
        for target in targets:
            if self.r.random() < 0.3:
                own = self.assignment().replace("?=", "=")  # what ?= does to one that is exported, and += of nothing, is make's own secret
                lines.append(f"{target}: " + (own.replace("+=", "=") if own.rstrip().endswith("=") else own))
            if self.r.random() < 0.05:
                lines.append(".EXPORT_ALL_VARIABLES:")
            lines += [f"{target}:{self.pick('', ' ', ' ; ' + self.recipe().split(chr(92))[0].strip())}{self.pick('', ' # it')}"] + [self.recipe() for _ in range(self.pick(1, 1, 2))]
            if self.r.random() < 0.3:
                lines.append(self.statement())
        return "\n".join(lines) + "\n"


def matches(said, real):
    """Words of llwhy against those of make: \\x01 is any number of words. Of a path whose beginning is unknown llwhy knows the end."""
    if not said:
        return not real
    if said[0] == "\x01":
        return any(matches(said[1:], real[n:]) for n in range(len(real) + 1))
    if len(said) > 1 and said[0] == "-m" and real[:1] == ["-m"] and len(real) > 1 and real[1].endswith(said[1]):
        return matches(said[2:], real[2:])
    return bool(real) and said[0] == real[0] and matches(said[1:], real[1:])


def main():
    make = shutil.which("make")
    if not make:
        print("skipped: make is not here")
        return 77
    wrong = starts = known = words = 0
    with tempfile.TemporaryDirectory() as place:
        inside = box.Box(place)
        paths = [inside.path / str(i) / "Makefile" for i in range(COUNT)]
        for i, path in enumerate(paths):
            path.parent.mkdir()
            path.write_text(Maker(SEED * 1_000_000 + i).file())
        for i, (path, got) in enumerate(zip(paths, box.read(LAUNCHES, paths))):
            real, said = inside.run([make, "-s", "-k", "-i"], path.parent)
            if "***" in said: # no Makefile at all
                continue
            starts += len(real)
            words += sum(map(len, got))
            known += sum(w != "\x01" for g in got for w in g)
            missed = [r for r in real if not any(matches(g, r) for g in got)]
            if missed:
                wrong += 1
                if wrong <= 12:
                    print(f"--- Makefile {SEED}:{i}\n{path.read_text()}")
                    for r in missed:
                        print("make starts, llwhy does not read:", r)
                    for g in got:
                        print("llwhy reads:                     ", g)
    print(f"{COUNT} Makefiles, {starts} starts, {wrong} with a difference; {known} of {words} words known")
    return wrong > 0 or not starts or known < words / 2 # what is never certain is never wrong either


sys.exit(main())
