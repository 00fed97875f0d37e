#!/usr/bin/env python3
"""make.py LAUNCHES [COUNT [SEED]]: made Makefiles, run by make with a llama-server that tells its words, beside what llwhy reads on paper.

What llwhy is certain of must be what make does: every real start is one that llwhy found, with \\x01 standing for words that it does not know;
where a Makefile has no condition there is no other. -m is left out: of a path whose beginning is unknown llwhy knows the end."""
import random
import re
import shutil
import sys
import tempfile

import box

LAUNCHES, COUNT, SEED = sys.argv[1], int((sys.argv[2:] or [300])[0]), int((sys.argv[3:] or [1])[0])
FLAGS = ["-c", "-ngl", "-b", "-ub", "-np", "-t", "--port", "-ctk", "-ctv", "--alias"]
# A recursive variable holds only names behind its own: make refuses one that holds itself.
NAMES = ["A", "B", "MODEL", "CTX", "AR", "N_GPU", "EXTRA", "model-dir", "ctx.size"]


class Maker:
    """Variables in all their forms, conditions, included files, targets with variables of their own, then recipes that use them."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names, self.canned, self.named, self.behind = [], [], [], None
        self.prefix = self.pick(*"\t" * 19, ">") # of recipes
        self.exports_all = self.chance(0.15) # a name that is not known would be one of the shell's, too

    def pick(self, *of):
        return self.r.choice(of)

    def chance(self, p):
        return self.r.random() < p

    def name(self):
        return self.r.choice(NAMES)

    def known(self):
        """A name, most often one that is set."""
        among = NAMES[NAMES.index(self.behind) + 1:] if self.behind else NAMES
        used = [n for n in self.names if n in among]
        return self.r.choice(used) if used and self.chance(0.85) else self.r.choice(among) if among else "NOBODY"

    def plain(self):
        return self.pick("4096", "8", "off", "q8_0", "model-Q4_K_M.gguf", "/m/x.gguf", "99", "a,b", "x=1", "")

    def use(self):
        v = self.known()
        return self.pick(f"$({v})", f"${{{v}}}", f"$({v})", f"$({v})", f"$({v}:.gguf=.bin)", f"$(notdir $({v}))", f"$(or $({v}),7)", f"$(if $({v}),yes,no)",
                         f"$(subst 0,1,$({v}))", f"$(firstword $({v}) z)", f"$(addprefix p-,$({v}))", f"$(strip $({v}))",
                         f"${v}" if len(v) == 1 else f"$({v})")

    def text(self):
        parts = [self.r.choice([self.plain, self.plain, self.use])() for _ in range(self.pick(1, 1, 1, 2, 3))]
        return self.pick("", " ", "-").join(parts)

    def value(self, name, at_once):
        """What stands behind the sign, with a comment or on two lines."""
        self.behind = None if at_once else name
        text = self.text() + self.pick("", "", "", "", " # why", "x\\# no", " \\\n  -fa on", "\\\n\t \\\n-fa")
        self.behind = None
        return text

    def assignment(self):
        name, sign = self.name(), self.pick("=", "=", ":=", "::=", "?=", "+=", ":=", "?=")
        line = f"{name}{self.pick(' ', '')}{sign}{self.pick(' ', '')}{self.value(name, ':' in sign)}"
        self.names.append(name)
        return self.pick("", "", "", "", "export ", "override ", "private ") + line

    def slashes(self):
        """A value with backslashes, which is used in quotes alone."""
        return "SLASHES = " + self.plain() + self.pick("\\\\# why", "\\\\\\# no", "\\\\", "\\\\\\\n 1", "\\a", "$(or \\#,#)")

    def block(self):
        test = self.pick(f"ifdef {self.known()}", f"ifndef {self.known()}", f"ifeq ($({self.known()}),{self.plain()})", f"ifneq ($({self.known()}),)",
                         f'ifeq "$({self.known()})" "8"')
        lines = [test, self.assignment()]
        if self.chance(0.5):
            lines += ["else", self.assignment()]
        return "\n".join(lines + ["endif"])

    def definition(self):
        name, sign = self.name(), self.pick("", "", " =", " :=", " +=", "?=")
        self.behind = None if ":" in sign else name
        body = self.pick("", self.text(), f"{self.text()}x# text", f"{self.text()} \\\n  8", f"\tendef {self.text()}")
        self.behind = None
        self.names.append(name)
        if not self.canned and not self.exports_all and self.chance(0.3): # behind a name that is not known every value is unknown
            return f"define {self.pick(f'$(or {name})', *self.named)}{sign}\n{body}\nendef"
        return f"{self.pick('', '', 'export ', 'override ')}define {name}{sign}\n{body}\nendef"

    def canned_recipe(self):
        """Commands in a variable, each with a shell of its own."""
        name = f"commands{len(self.canned)}"
        lines = [self.pick("", "@", "\t-") + self.command() for _ in range(self.pick(1, 2))]
        self.canned.append(name)
        return f"define {name}\n" + "\n".join(lines) + "\nendef"

    def indirect(self):
        """A variable whose value is a name."""
        self.named.append(f"$(NAME{len(self.named)})")
        return f"{self.named[-1][2:-1]} = {self.name()}"

    def directive(self):
        return self.pick(f"undefine {self.known()}", f"unexport {self.known()}", f"export {self.known()}", "export" if self.exports_all else "unexport", "unexport", self.indirect(),
                         "include inc.mk", "include inc.mk inc.mk", "-include nowhere.mk inc.mk")

    def statement(self):
        return self.r.choices([self.assignment, self.block, self.definition, self.canned_recipe, self.directive, self.slashes, lambda: "# " + self.assignment(), lambda: ""],
                              [12, 2, 2, 1, 2, 1, 1, 1])[0]()

    def word(self):
        v, flag = self.known(), self.r.choice(FLAGS)
        return self.pick(f"{flag} {self.text()}", f"{flag} \"{self.use()}\"", self.use(), f"{flag} {self.plain()}", f"--alias $@-{self.plain()}", "-t $$((2*4))",
                         f"-ctv $${{{v}:-d}}" if "-" not in v and "." not in v else "-t 1", f"-ctv '$({v})'", f"-ctv '$(value {v})'", "-ctv '$(SLASHES)'", "-b $$X", "--alias \"a\\\n\t b\"", "--alias 'a\\\n\tb'", "--alias \"a \\\n  \tb\"")

    def command(self):
        return self.pick("", "X=5; ", "cd . && ", "X=3 && ") + "llama-server " + " ".join(self.word().replace("\\\n", "") for _ in range(self.pick(1, 2)))

    def recipe(self, canned=True):
        """One line, with those that it goes on in."""
        start = self.pick("", "@", "-", "@-", " @ - ", "X=5; ", "cd . && ", "X=3 && ", "X=7\n\t") + "llama-server"
        words = [self.word() for _ in range(self.pick(1, 2, 3))]
        if canned and self.canned and self.chance(0.2):
            return f"{self.prefix}$({self.r.choice(self.canned)})"
        out = start + self.pick(" ", " \\\n\t", "\\\n  ") + words[0]
        for word in words[1:]: # make loses an empty word in quotes in front of a backslash; of $X a shell makes a longer name there
            out += " " * out.endswith(("'", '"', "$X")) + self.pick(" ", " ", " \\\n\t  ", " \\\n", "\\\n\t ", "\\\n  ", " \\\n\t\t", "\\\n") + word
        out += self.pick("", "", "", " ", " \\ ", " \\\n", " # it")
        return self.prefix + out.replace("\n\t", "\n" + self.prefix)

    def rule(self, target):
        """A rule with its recipe; the target's own variables before or behind."""
        lines = []
        name, computed = target, self.r.random()
        if computed < 0.08:
            name = f"$({self.pick('T', 'U')}-{target})"
            lines.append(f"{name[2:-1]} := {self.pick(target, f'$(shell echo {target})', f'./{target}')}")
        elif computed < 0.14 and target != "run":
            name = target[:-1] + "%"
        elif computed < 0.2:
            name = f"{target} other-{target}"
        own = [f"{self.pick(target, target, target, 'all', f'run serve', './' + target, '%')}: {self.assignment()}" for _ in range(self.pick(0, 0, 0, 0, 1, 1, 2))]
        first = self.pick("", "", "", " ; " + self.recipe()[1:], " dep;X=5 " + self.recipe(canned=False)[1:].lstrip("@- ").replace("$$X", "1"), " dep", " # it")
        recipe = [self.recipe() for _ in range(self.pick(1, 1, 2, 3))]
        between = self.pick([], [], [""], [self.prefix], ["# no recipe"])
        rule = [f"{name}:{first}", *between, *recipe]
        if name == target and self.chance(0.05): # make takes the last
            rule = [f"{name}:", self.recipe(), *rule]
        return lines + (own + rule if self.chance(0.8) else rule + own)

    def files(self):
        lines = [self.statement() for _ in range(self.pick(1, 2, 3, 4))]
        targets = ["run"] + ["serve"] * self.chance(0.4)
        lines = [f".PHONY: all dep {' '.join(targets[:1])}", f"all: {' '.join(targets)}", "dep: ; @true"] + lines
        for target in targets:
            if self.chance(0.05):
                lines.append(self.pick(".EXPORT_ALL_VARIABLES:" if self.exports_all else "", ".ONESHELL:", ".ONESHELL:"))
            lines += self.rule(target)
            if self.chance(0.3):
                lines.append(self.statement())
        text = "\n".join(lines) + "\n"
        if self.prefix != "	":
            text = f".RECIPEPREFIX = {self.prefix}\n{text}"
        return {"Makefile": text, "inc.mk": "\n".join(self.assignment() for _ in range(2)) + "\n"}


def matches(said, real):
    """Words of llwhy against those of make: \\x01 is any number of words."""
    if not said:
        return not real
    if said[0] == "\x01":
        return any(matches(said[1:], real[n:]) for n in range(len(real) + 1))
    return bool(real) and said[0] == real[0] and matches(said[1:], real[1:])


def main():
    make = shutil.which("make")
    if not make:
        print("skipped: make is not here")
        return 77
    wrong = starts = known = words = refused = 0
    with tempfile.TemporaryDirectory() as place:
        inside = box.Box(place)
        paths = [inside.path / str(i) / "Makefile" for i in range(COUNT)]
        for i, path in enumerate(paths):
            path.parent.mkdir()
            for name, text in Maker(SEED * 1_000_000 + i).files().items():
                (path.parent / name).write_text(text)
        for i, (path, got) in enumerate(zip(paths, box.read(LAUNCHES, paths))):
            real, said = inside.run([make, "-s", "-k", "-i"], path.parent)
            if "***" in said: # no Makefile at all
                refused += 1
                continue
            starts += len(real)
            words += sum(map(len, got))
            known += sum(w != "\x01" for g in got for w in g)
            missed = [r for r in real if not any(matches(g, r) for g in got)]
            condition = re.search(r"^(if|else)", path.read_text(), re.M)
            invented = [] if condition else [g for g in got if not any(matches(g, r) for r in real)]
            if missed or invented:
                wrong += 1
                if wrong <= 12:
                    print(f"--- Makefile {SEED}:{i}\n{path.read_text()}--- inc.mk\n{(path.parent / 'inc.mk').read_text()}")
                    for r in missed:
                        print("make starts, llwhy does not read:", r)
                    for g in invented or got:
                        print("llwhy reads:                     ", g)
    print(f"{COUNT} Makefiles, {refused} refused by make, {starts} starts, {wrong} with a difference; {known} of {words} words known")
    # what is never certain is never wrong either
    return wrong > 0 or refused > COUNT / 20 or not starts or known < words / 2


if __name__ == "__main__":
    sys.exit(main())
