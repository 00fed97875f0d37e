#!/usr/bin/env python3
"""llwhy as a part of a system: its options, completions, man page, directories and doctor: at_home.py LLWHY"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import runs

PROGRAM = ""
MODEL = "llama-3.1-8b-q4_k_m"
BOX = ["--gpu", "12282:11500", "--ram", "32000"]


def llwhy(*args, **more):
    return runs.llwhy(PROGRAM, *args, **more)


def commands():
    """The commands in --help, with the decision, "", in front."""
    block = llwhy("--help").stdout.split("\nCommands\n")[1].split("\n\n")[0]
    return [""] + [line.split()[0] for line in block.splitlines()]


def options(command):
    text = llwhy(*([command] if command else []), "--help").stdout
    return re.findall(r"^  --([a-z-]+)", text, re.M)


# A zsh in a terminal of its own, in which TAB is pressed behind each line of a file; what compadd is given goes into another.
ZSH_TAB = r"""
zmodload zsh/zpty || exit 1
zpty z zsh -f -i
zpty -w z "PROMPT= PS2= RPROMPT=; unsetopt zle_bracketed_paste 2>/dev/null; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w z "offers=$3; compadd() { if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd \"\$@\"; return \$?; fi; typeset -a hits; builtin compadd -A hits \"\$@\"; print -rl -- \$hits >>\$offers; builtin compadd \"\$@\" }"
zpty -w z "told() { print -- ---- >>$3; BUFFER= ; zle -R }; zle -N told; bindkey '^X' told; zstyle ':completion:*' list-prompt ''; zstyle ':completion:*' menu no; bindkey '^I' complete-word; LISTMAX=10000; print ready"
while zpty -r z line '*ready*'; do break; done
number=0
while IFS= read -r line; do
  zpty -w -n z "$line"$'\t\x18'
  (( number++ ))
  for wait in {1..400}; do
    while zpty -rt z more 2>/dev/null; do :; done
    [[ -e $3 && $(grep -c -- ---- $3) -ge $number ]] && break
    sleep 0.05
  done
done <$2
zpty -d z
"""


class Options(unittest.TestCase):
    def test_each_command_lists_what_it_reads(self):
        self.assertIn("--schema", llwhy("facts", "--help").stdout)
        self.assertNotIn("--baseline", llwhy("facts", "--help").stdout)
        self.assertEqual(options("models"), ["color", "ascii", "width", "help", "version"])
        for command in commands():
            self.assertIn("help", options(command), command)

    def test_every_option_belongs_to_somebody(self):
        table = set(re.findall(r"LLW_OPT_[A-Z_]+\] =\s*\{\"([a-z-]+)\"", (runs.ROOT / "engine/cli/options.c").read_text()))
        self.assertGreater(len(table), 40)
        self.assertEqual(table, {o for command in commands() for o in options(command)})

    def test_an_option_that_would_change_nothing_is_refused(self):
        for args in (["lessons", "--gpu", "24564"], ["models", "--format", "json"], ["teach", "--fix"], [MODEL, "--schema"]):
            with self.subTest(args=args):
                done = llwhy(*args)
                self.assertEqual(done.returncode, 3)
                self.assertEqual(done.stdout, "")
                self.assertRegex(done.stderr, r"^llwhy: llwhy \w+ has no use for --[a-z-]+: leave it out \(it is for .+\)\. llwhy .*--help lists its own\n$")


class Manual(unittest.TestCase):
    def test_everything_is_in_it(self):
        page = llwhy("manual").stdout.replace("\\-", "-")
        for command in commands():
            self.assertIn(f"\\fBllwhy{' ' if command else ''}{command}\\fR", page)
        for option in {o for command in commands() for o in options(command)}:
            self.assertRegex(page, rf"\.TP\n.*\\fB--{option}\\fR")

    def test_each_command_has_a_page_with_its_options_and_no_others(self):
        for command in commands()[1:]:
            page = llwhy("manual", command).stdout.replace("\\-", "-")
            self.assertIn(f".TH LLWHY-{command.upper()} 1", page)
            self.assertRegex(page, rf"\nllwhy-{command} - \S")
            self.assertEqual(re.findall(r"\.TP\n.*\\fB--([a-z-]+)\\fR", page), options(command), command)
        done = llwhy("manual", "tea")
        self.assertEqual(done.returncode, 3)
        self.assertIn("'tea' is no command", done.stderr)

    def test_mandoc_and_man_have_nothing_to_say(self):
        readers = [r for r in (["mandoc", "-Tlint", "-Wwarning"], ["man", "--warnings", "-l", "-"]) if shutil.which(r[0])]
        if not readers:
            self.skipTest("neither mandoc nor man is installed")
        for command in commands():
            page = llwhy("manual", *([command] if command else [])).stdout
            for reader in readers:
                done = subprocess.run(reader, input=page, capture_output=True, encoding="utf-8", check=False, env={**os.environ, "MANPAGER": "cat", "LC_ALL": "C.UTF-8"})
                said = done.stderr + (done.stdout if reader[0] == "mandoc" else "")
                self.assertEqual((done.returncode, said), (0, ""), f"{reader[0]} {command}")


class Completions(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)

    def script(self, shell):
        path = self.here / f"llwhy.{shell}"
        path.write_text(llwhy("completion", shell).stdout)
        return path

    def bash(self, *words):
        """What bash offers after these words, the last of which is being typed."""
        driver = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llwhy; printf "%s\\n" "${COMPREPLY[@]}"'
        path = os.pathsep.join([str(pathlib.Path(PROGRAM).parent), os.environ["PATH"]])
        done = subprocess.run(["bash", "--norc", "-c", driver, self.script("bash"), *words], cwd=self.here, capture_output=True, encoding="utf-8",
                              env=runs.environment(str(self.here), PATH=path), check=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_shells_read_them(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.script(shell)
            if not shutil.which(shell):
                print(f"{shell} is not installed: its completions are not read")
                continue
            done = subprocess.run([shell, "-n", script], capture_output=True, encoding="utf-8", check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_bash_offers_every_option_of_every_command(self):
        for command in commands():
            self.assertEqual(sorted(self.bash("llwhy", *([command] if command else []), "--")), sorted(f"--{o}" for o in options(command)))

    def test_bash_offers_names(self):
        self.assertEqual(set(commands()[1:]) - set(self.bash("llwhy", "")), set())
        self.assertEqual(self.bash("llwhy", "predict", "glm-4.7-flash-q8"), ["glm-4.7-flash-q8_0"])
        self.assertIn("L05", self.bash("llwhy", "lesson", "L0"))
        self.assertEqual(self.bash("llwhy", "lint", "--fail-on", "w"), ["wrong", "waste"])
        self.assertEqual(self.bash("llwhy", "completion", "")[:3], ["bash", "zsh", "fish"])
        (self.here / "here.gguf").write_text("")
        self.assertEqual(self.bash("llwhy", "he"), ["here.gguf"])
        self.assertEqual(self.bash("llwhy", "x", "--", "he"), ["here.gguf"])

    def fish(self, *lines):
        """What fish offers behind each of these lines."""
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        asked = "; echo ----; ".join(f"complete -C '{line}'" for line in lines)
        path = os.pathsep.join([str(pathlib.Path(PROGRAM).parent), os.environ["PATH"]])
        done = subprocess.run(["fish", "--no-config", "-c", f'source {self.script("fish")}; {asked}'], cwd=self.here, capture_output=True, encoding="utf-8",
                              env=runs.environment(str(self.here), PATH=path), check=True, timeout=120)
        self.assertEqual(done.stderr, "")
        return [[word.split("\t")[0] for word in part.splitlines()] for part in done.stdout.split("----\n")]

    def zsh(self, *lines):
        """What zsh offers behind each of these lines: TAB is pressed in a terminal, and compadd tells what it is given."""
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        (self.here / "functions").mkdir()
        shutil.copy(self.script("zsh"), self.here / "functions" / "_llwhy")
        asked, offers = self.here / "asked", self.here / "offers"
        asked.write_text("".join(line + "\n" for line in lines))
        (self.here / "tab.zsh").write_text(ZSH_TAB)
        path = os.pathsep.join([str(pathlib.Path(PROGRAM).parent), os.environ["PATH"]])
        done = subprocess.run(["zsh", "-f", self.here / "tab.zsh", self.here / "functions", asked, offers], cwd=self.here, capture_output=True, encoding="utf-8",
                              env=runs.environment(str(self.here), PATH=path, TERM="xterm"), check=False, timeout=240)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        parts = offers.read_text().split("----\n")
        self.assertEqual(len(parts), len(lines) + 1, offers.read_text())
        return [part.split() for part in parts[:-1]]

    def test_fish_and_zsh_offer_every_option_of_every_command(self):
        for shell in (self.fish, self.zsh):
            with self.subTest(shell=shell.__name__):
                offered = shell(*(f"llwhy {command + ' ' if command else ''}--" for command in commands()))
                for command, words in zip(commands(), offered):
                    found = {re.sub(r"=$", "", w) for w in words if w.startswith("--")}
                    self.assertEqual(found, {f"--{o}" for o in options(command)}, command)

    def test_fish_and_zsh_offer_names(self):
        (self.here / "here.gguf").write_text("")
        for shell in (self.fish, self.zsh):
            with self.subTest(shell=shell.__name__):
                first, models, lessons, levels, cases, shells, files = shell(
                    "llwhy ", "llwhy predict glm-4.7-flash-q8", "llwhy lesson L0", "llwhy lint --fail-on w", "llwhy teach 05", "llwhy completion ", "llwhy he")
                self.assertEqual(set(commands()[1:]) - set(first), set())
                self.assertEqual(models, ["glm-4.7-flash-q8_0"])
                self.assertIn("L05", lessons)
                self.assertEqual(set(levels), {"wrong", "waste"})
                self.assertIn("05a-372-mib-short", cases)
                self.assertEqual(set(shells) & {"bash", "zsh", "fish"}, {"bash", "zsh", "fish"})
                self.assertEqual(files, ["here.gguf"])

    def test_another_shell(self):
        done = llwhy("completion", "tcsh")
        self.assertEqual(done.returncode, 3)
        self.assertIn("bash, zsh or fish", done.stderr)


class Directories(unittest.TestCase):
    """The program alone, and what lies over it: a person's directory, a project's, --rules."""

    RULE = '''lesson "our-house" {{ claim = "{claim}", since = "b8022" }}
rule "our-{name}" {{ level = "note", each = {{ l = "launch" }}, when = {{ "l.n_ctx > 0" }}, find = "{claim}",
  tests = {{ fires {{ launch {{ ctx = 4096 }} }}, silent {{ launch {{ ctx = unknown }}, stops_at = "l.n_ctx > 0" }} }} }}
'''

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)
        self.project = self.here / "project"
        self.project.mkdir()

    def put(self, root, name, claim, file="our-house.lua"):
        (root / "rules.d").mkdir(parents=True, exist_ok=True)
        (root / "rules.d" / file).write_text(self.RULE.format(claim=claim, name=name))

    def found(self, *args, **more):
        done = llwhy(MODEL, *BOX, *args, "--format", "json", "--", "-c", "8192", home=self.here, cwd=self.project, **{k: str(v) for k, v in more.items()})
        self.assertEqual(done.stderr, "")
        return [r["text"] for r in json.loads(done.stdout)["why"] if r["rule"].startswith("our-")]

    def test_the_program_alone(self):
        alone = self.here / "alone"
        alone.mkdir()
        shutil.copy(PROGRAM, alone / "llwhy")
        done = runs.llwhy(alone / "llwhy", MODEL, *BOX, "--", "-c", "8192", home=self.here, cwd=self.project)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("L05", runs.llwhy(alone / "llwhy", "lessons", home=self.here, cwd=self.project).stdout)
        self.assertIn("What happened", runs.llwhy(alone / "llwhy", "lesson", "L05", home=self.here, cwd=self.project).stdout)

    def test_nearer_directories_go_before(self):
        site, person, project, given = self.here / "etc", self.here / "llwhy", self.project / ".llwhy", self.here / "given"
        self.assertEqual(self.found(LLWHY_SITE=site), [])
        self.put(site, "site", "this machine's rule")
        self.assertEqual(self.found(LLWHY_SITE=site), ["this machine's rule"])
        self.assertEqual(self.found(), [])
        self.put(person, "person", "a person's rule")  # the same file name: each takes the place of the one before
        self.assertEqual(self.found(LLWHY_SITE=site), ["a person's rule"])
        self.put(project, "project", "the project's rule")
        done = llwhy(MODEL, *BOX, home=self.here, cwd=self.project, LLWHY_SITE=str(site))
        self.assertIn("a person's rule", done.stdout)  # not before it is agreed to
        self.assertRegex(done.stderr, r"llwhy trust")
        llwhy("trust", home=self.here, cwd=self.project)
        self.assertEqual(self.found(LLWHY_SITE=site), ["the project's rule"])
        self.put(project, "project", "another rule of the project")  # changed since: asked for anew
        self.assertIn("a person's rule", llwhy(MODEL, *BOX, home=self.here, cwd=self.project, LLWHY_SITE=str(site)).stdout)
        llwhy("trust", home=self.here, cwd=self.project)
        self.put(given, "given", "a rule given by hand")
        self.assertEqual(self.found("--rules", given, LLWHY_SITE=site), ["a rule given by hand"])
        done = llwhy("doctor", home=self.here, cwd=self.project, LLWHY_SITE=str(site), COLUMNS="200")
        for name in (site, person, ".llwhy"):
            self.assertRegex(done.stdout, rf"ok +{re.escape(str(name))}\s+rules.d: 1")

    def test_files_of_several_names_add_up(self):
        site, person = self.here / "etc", self.here / "llwhy"
        self.put(site, "site", "this machine's rule", file="our-site.lua")
        (site / "rules.d/our-site.lua").write_text((site / "rules.d/our-site.lua").read_text().replace('lesson "our-house"', 'lesson "our-site"'))
        self.put(person, "person", "a person's rule")
        self.assertEqual(sorted(self.found(LLWHY_SITE=site)), ["a person's rule", "this machine's rule"])

    def test_an_installed_rule_can_be_replaced(self):
        target = "05-ub-is-not-b.lua"
        waste = ["--", "-c", "8192", "-b", "2048", "-ub", "2048"]
        self.assertIn("L05 fired", llwhy(MODEL, *BOX, *waste, home=self.here, cwd=self.project).stdout)
        (self.project / ".llwhy" / "rules.d").mkdir(parents=True)
        (self.project / ".llwhy" / "rules.d" / target).write_text('lesson "05-ub-is-not-b" { claim = "Nothing of the kind.", since = "b8022" }\n')
        self.assertIn("L05 fired", llwhy(MODEL, *BOX, *waste, home=self.here, cwd=self.project).stdout)
        llwhy("trust", self.project, home=self.here, cwd=self.project)
        self.assertNotIn("L05 fired", llwhy(MODEL, *BOX, *waste, home=self.here, cwd=self.project).stdout)

    def test_a_table_can_be_replaced(self):
        (self.project / ".llwhy" / "models" / "known").mkdir(parents=True)
        shutil.copy(runs.ROOT / f"models/known/{MODEL}.yaml", self.project / ".llwhy/models/known/our-model.yaml")
        self.assertNotIn("our-model", llwhy("models", home=self.here, cwd=self.project).stdout)
        llwhy("trust", self.project, home=self.here, cwd=self.project)
        self.assertIn("our-model", llwhy("models", home=self.here, cwd=self.project).stdout)
        self.assertNotIn("our-model", llwhy("models", home=self.here, cwd=self.here).stdout)


class Doctor(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.here = pathlib.Path(scratch.name)

    def checks(self, *args, code=0, **more):
        done = llwhy("doctor", "--format", "json", *args, home=self.here, cwd=self.here, **more)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        document = json.loads(done.stdout)
        try:
            import jsonschema
            jsonschema.validate(document, json.loads((runs.ROOT / "docs/json/doctor.schema.json").read_text()))
        except ImportError:
            print("python3-jsonschema is not installed: the schema is not tried")
        return {c["name"]: c for c in document["checks"] if c["part"] != "GPUs"}

    def test_text_and_json_say_the_same(self):
        done = llwhy("doctor", home=self.here, cwd=self.here, COLUMNS="160")
        for name, check in self.checks(code=done.returncode).items():
            self.assertIn(f"{name:22} ", done.stdout)
            if name not in ("output", "available"):
                self.assertIn(check["saw"].split()[0], done.stdout)

    def test_a_llama_server_that_does_not_start(self):
        broken = self.here / "llama-server"
        broken.write_text("#!/bin/sh\nexit 127\n")
        broken.chmod(0o755)
        check = self.checks("--llama-server", broken, code=1)["llama-server"]
        self.assertEqual(check["state"], "trouble")
        self.assertIn("ends with 127", check["saw"])
        self.assertIn("library of CUDA", check["advice"])

    def test_no_place_for_state(self):
        (self.here / "file").write_text("")
        check = self.checks(code=1, XDG_STATE_HOME=str(self.here / "file"))["state"]
        self.assertEqual(check["state"], "trouble")
        self.assertIn("XDG_STATE_HOME", check["advice"])

    def test_a_broken_rule_is_named(self):
        (self.here / ".llwhy/rules.d").mkdir(parents=True)
        (self.here / ".llwhy/rules.d/broken.lua").write_text("rule {\n")
        llwhy("trust", home=self.here, cwd=self.here)
        check = self.checks(code=1)["left out"]
        self.assertIn(".llwhy/rules.d/broken.lua:", check["saw"])

    def test_project_and_ledger_are_found(self):
        (self.here / ".llwhy.yaml").write_text("launches: []\n")
        (self.here / "evidence").mkdir()
        checks = self.checks()
        self.assertEqual((checks[".llwhy.yaml"]["state"], checks["ledger"]["saw"]), ("found", "evidence: 0 records"))

    def test_locale_and_caches(self):
        (self.here / "hub").mkdir()
        checks = self.checks(LC_ALL="C", HF_HUB_CACHE=str(self.here / "hub"))
        self.assertIn("plain ASCII", checks["characters"]["advice"])
        self.assertIn(str(self.here / "hub"), llwhy("doctor", home=self.here, cwd=self.here, HF_HUB_CACHE=str(self.here / "hub"), COLUMNS="160").stdout)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
