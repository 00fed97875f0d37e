/* Makefiles, justfiles, PowerShell, batch files, Nix and Python: what can be read of them with certainty, and
 * what stays unknown. */
#include "torture.h"

static void recipes_run_line_by_line(void **state) {
    (void)state;
    tree_check_one(
        "Makefile",
        "# llama\nCTX ?= 4096\nFLAGS = -c $(CTX)\nFLAGS += -b 9\nMODEL := /m/a.gguf # c\n\nserve: "
        "build\n\t@echo x\n"
        "\t@llama-server -m $(MODEL) \\\n\t  $(FLAGS) -ub $${UB:-7} -np $(NP)\n\nifdef BIG\nN = 1\nendif\n"
        "bench:\n\tcd build\n\t-llama-bench -m ${MODEL} -ngl $(N)\n",
        "Makefile:serve: model=/m/a.gguf (variable Makefile:5:10) ctx=4,096 (Makefile default Makefile:2:8) "
        "batch=9 (variable Makefile:4:13) ubatch=7 (shell default Makefile:10:24) parallel=unknown (Makefile "
        "Makefile:10:31)\n"
        "Makefile:bench: model=/m/a.gguf (variable Makefile:5:10) gpu_layers=unknown (Makefile "
        "Makefile:13:1)\n");
    /* := takes what is there; a variable that refers to itself is an error of make */
    tree_check_one("Makefile",
                   "CTX := 512\nCTX := $(CTX)0\nHERE := $$X/$(CTX)\nNP = $(NP)\nx:\n\tX=/m; llama-server -m "
                   "$(HERE) -c $(CTX) -np $(NP)\nCTX := 9\n",
                   "Makefile:x: model=/m/5120 (variable Makefile:1:8) ctx=9 (variable Makefile:7:8) "
                   "parallel=unknown (variable Makefile:4:6)\n");
    /* ?= where something is, override, +=, a target's own and those of one above, what the shell finds */
    tree_check_one(
        "Makefile",
        "CTX = 1\nCTX ?= 2\noverride NP = 3\nNP = 4\nB := 5\nB += 6\nexport UB = 7\nT = 8\n"
        "all: T = 9\nall: x y\nx: CTX = 512\nx:\n\tllama-server -m a.gguf -c $(CTX) -np $(NP) -b "
        "$(T)\ny:\n\tllama-server -m a.gguf -c $(CTX) -ub $${UB:-9}\nCTX := $(CTX)\n",
        "Makefile:x: model=a.gguf (Makefile Makefile:13:18) ctx=512 (variable Makefile:11:10) batch=unknown "
        "(variable "
        "Makefile:9:10) parallel=3 (variable Makefile:3:15)\n"
        "Makefile:y: model=a.gguf (Makefile Makefile:15:18) ctx=1 (variable Makefile:1:7) ubatch=7 (variable "
        "Makefile:7:13) < 9 (shell default Makefile:15:46)\n");
    tree_check((tree_file[]){{"Makefile",
                              "CTX = 1\ninclude settings.mk\n-include .env\nexport\nx:\n\tllama-server -m "
                              "/m/x.gguf -c $(CTX) -b $$B\n"},
                             {"settings.mk", "CTX = 2\ninclude settings.mk\n"},
                             {".env", "B=9\n"},
                             {NULL, NULL}},
               "",
               "Makefile:x: model=/m/x.gguf (Makefile Makefile:6:18) ctx=2 (variable settings.mk:1:7) "
               "batch=9 (variable .env:1:3)\n");
    tree_check_one("justfile",
                   "# llama\nmodel := '/m/a.gguf'\nport := env('PORT')\nserve ctx='1':\n    llama-server -m "
                   "{{model}} -c "
                   "{{ ctx }} -b 5\n\nscript:\n    #!/bin/bash\n    N=3\n    llama-server -b $N\n",
                   "justfile:serve: model=/m/a.gguf (variable justfile:2:11) ctx=unknown (justfile "
                   "justfile:4:7) batch=5 "
                   "(justfile justfile:5:47)\njustfile:script: batch=3 (justfile justfile:9:7)\n");
    tree_check_one("Makefile", "build:\n\tgit clone -b x llama.cpp\n\tsed -b 1\n", "");
}

static void python_lists_are_commands(void **state) {
    (void)state;
    tree_check_one(
        "s.py",
        "import subprocess\nCTX = 4096\nMODEL = \"/m/a.gguf\"\n\"\"\"['llama-server', '-c', '1']\"\"\"\ndef "
        "f(n):\n"
        "    cmd = [\n        os.path.join(BIN, \"llama-server\"), '-m', MODEL,  # which\n        \"-c\", "
        "str(CTX), "
        "f'-ub', f\"{n}\",\n    ]\n    cmd += [\"-b\", \"9\"]\n    if n:\n        cmd.extend([\"-ngl\", "
        "\"99\"])\n    "
        "subprocess.Popen(cmd)\n",
        "s.py:cmd: model=/m/a.gguf (Python constant s.py:3:10) ctx=4,096 (Python constant s.py:2:7) batch=9 "
        "(Python s.py:10:20) ubatch=unknown (Python s.py:8:35)\n");
    tree_check_one(
        "s.py",
        "N = 1\nN = 2\nsubprocess.run(['llama-server', '-c', str(N), '-b', str(5), '-ot', r'a\\.b=CPU', "
        "*more], "
        "check=True)\n",
        "s.py: ctx=unknown (Python s.py:2:4) batch=5 (Python s.py:3:57) override_tensor=a\\.b=CPU "
        "(Python s.py:3:70)\n");
    tree_check_one("s.py",
                   "# llama-server\nrun(['git', 'clone', '-b', 'main'])\nx = ['-c', 1]\ny = 'llama-server'\n",
                   "");
}

static void powershell_paths_are_joined(void **state) {
    (void)state;
    tree_check_one("s.ps1",
                   "$Root = Split-Path -Parent $PSCommandPath\n$Exe = Join-Path $Root "
                   "'bin\\llama-server.exe'\n& $Exe -m (Join-Path -Path 'D:\\m' -ChildPath 'a.gguf') -c (4 * "
                   "2) -ub 512\n",
                   "s.ps1: model=D:\\m\\a.gguf (PowerShell s.ps1:3:29) ctx=unknown (PowerShell s.ps1:3:59) "
                   "ubatch=512 (PowerShell s.ps1:3:71)\n");
    /* another program of the same name, by its path or by its words */
    tree_check_one("s.ps1", "$Exe = Join-Path $Root 'ik_llama.cpp\\llama-server.exe'\n& $Exe -c 1\n", "");
    tree_check_one("s.ps1", "llama-server -c 1 -ser '6,0.4'\n", "");
}

static void powershell_arrays_are_words(void **state) {
    (void)state;
    tree_check_one(
        "s.ps1",
        "param(\n  [string]$Model = \"C:\\m\\a.gguf\",\n  [int]$Ctx = 4096\n)\n<# llama-server -c 1 #>\n$Dir "
        "= 'C:\\llama'\n"
        "$Arguments = @(\n  '-m', $Model  # which\n  '-c', \"$Ctx\"\n)\n$arguments += \"-ub\", \"512\"\nif "
        "($x) { $Arguments += '-ngl', '99' }\n"
        "$env:LLAMA_ARG_FIT = 'off'\n& \"$Dir\\llama-server.exe\" @Arguments `\n  -b 9\n",
        "s.ps1: model=C:\\m\\a.gguf (param default s.ps1:2:21) ctx=4,096 (param default s.ps1:3:15) batch=9 "
        "(PowerShell "
        "s.ps1:15:6) ubatch=512 (PowerShell s.ps1:11:23) fit=no (PowerShell variable s.ps1:13:23)\n");
    tree_check_one("s.ps1",
                   "Start-Process -FilePath .\\llama-server.exe -ArgumentList \"-c 7 -b "
                   "8\"\n.\\llama-server.exe -c $(Get-Ctx) -b $B\n"
                   "Start-Process llama-server -ArgumentList '-c', '5' -NoNewWindow\n",
                   "s.ps1: ctx=7 (PowerShell s.ps1:1:62) batch=8 (PowerShell s.ps1:1:67)\ns.ps1:#2: "
                   "ctx=unknown (PowerShell s.ps1:2:23) "
                   "batch=unknown (PowerShell s.ps1:2:37)\ns.ps1:#3: ctx=5 (PowerShell s.ps1:3:49)\n");
    tree_check_one("s.ps1",
                   "git clone -b main llama.cpp\nInvoke-WebRequest http://x/llama-server.zip\nWrite-Host "
                   "\"llama-server -c 1\"\n",
                   "");
}

static void powershell_words_are_powershells(void **state) {
    (void)state;
    /* a redirection, a property, a sum over lines, a here-string */
    tree_check_one(
        "s.ps1", "$out = 1\n& llama-server -c 4 -b 8 2>&1 | Tee-Object x\n& llama-server -c 5 *>> log.txt\n",
        "s.ps1: ctx=4 (PowerShell s.ps1:2:19) batch=8 (PowerShell s.ps1:2:24)\ns.ps1:#2: ctx=5 "
        "(PowerShell s.ps1:3:19)\n");
    tree_check_one("s.ps1", "$c = 'Gray'\n$a = @('-c', $c.ctx, '-b', $c.a.b)\n& llama-server @a\n",
                   "s.ps1: ctx=unknown (PowerShell s.ps1:2:14) batch=unknown (PowerShell s.ps1:2:28)\n");
    tree_check_one(
        "s.ps1",
        "$m = 'a.gguf'\n$line = \"-m `\"$m`\" -c 4 \" +\n  '-b 8'\nStart-Process llama-server "
        "-ArgumentList $line\n",
        "s.ps1: model=a.gguf (PowerShell variable s.ps1:1:7) ctx=4 (PowerShell variable s.ps1:2:23) "
        "batch=8 (PowerShell variable s.ps1:3:7)\n");
    tree_check_one(
        "s.ps1",
        "@'\n  llama-server   127.0.0.1:8001   (a tier)\n'@ | Out-Host\n$t = @\"\nllama-server x\n\"@\n", "");
}

static void nix_and_batch(void **state) {
    (void)state;
    tree_check_one(
        "x.nix",
        "{ pkgs, ... }: let dir = \"/m\"; in {\n  # llama\n  services.llama-cpp = {\n    enable = true;\n    "
        "model = "
        "\"${dir}/a.gguf\";\n    extraFlags = [ \"-c\" \"4096\" \"-ub\" (toString n) ];\n  };\n}\n",
        "x.nix: model=/m/a.gguf (Nix binding x.nix:1:27) ctx=4,096 (Nix x.nix:6:26) ubatch=unknown (Nix "
        "x.nix:6:38)\n");
    tree_check_one(
        "x.nix",
        "{\n  systemd.services.llm.serviceConfig.ExecStart = \"${pkgs.llama-cpp}/bin/llama-server -c 7 -m "
        "${model}\";\n  script = ''\n    exec llama-server \\\n      -b 5\n  '';\n  name = "
        "\"llama-server\";\n}\n",
        "x.nix: model=? (Nix x.nix:2:94) ctx=7 (Nix x.nix:2:89)\nx.nix:#2: batch=5 (Nix x.nix:5:10)\n");
    tree_check_one("x.nix", "{ description = \"a node (llama-server on Vulkan)\"; }\n", "");
    tree_check_one(
        "s.bat",
        "@echo off\nrem llama-server -c 1\nset CTX=4096\nset \"MODEL=C:\\m\\a.gguf\"\nif \"%1\"==\"x\" set "
        "CTX2=1\nset "
        "LLAMA_ARG_FIT=off\nstart \"llm\" /b %~dp0llama-server.exe -m \"%MODEL%\" ^\n  -c %ctx% -b %CTX2% "
        "-ub %2\n",
        "s.bat: model=C:\\m\\a.gguf (batch variable s.bat:4:12) ctx=4,096 (batch variable s.bat:3:9) "
        "batch=unknown (batch file s.bat:5:18) ubatch=unknown (batch file s.bat:8:26) fit=no (batch "
        "variable s.bat:6:19)\n");
    tree_check_one("s.bat", "git clone -b main llama.cpp\necho llama-server -c 1\n", "");
}

static void hostile_code_is_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "$(",     ")",    "$",   "{{", "}}",   "\t",   "\n",      "\\\n", "#",  "[", "]", "'",          "\"",
        "\"\"\"", "f\"{", "+= ", "= ", "str(", "\xff", "endif\n", "def",  ":=", "@", ",", "cmd.append("};
    tree_torture("Makefile",
                 "A = $(B)\nB = $(A) llama-server\nifdef X\nC ?= -c 1\nendif\nrun: x\n\t@$(B) -m a.gguf "
                 "\\\n\t$(C) $@ $$X\n",
                 pieces, sizeof pieces / sizeof *pieces, 200);
    tree_torture("justfile", "a := 'llama-server'\nrun x='1':\n    @{{a}} -c {{x}} \\\n      -b 1\n# c\n",
                 pieces, sizeof pieces / sizeof *pieces, 200);
    tree_torture("s.ps1",
                 "param([int]$C = 1)\n$a = @('-c', $C, \"$(x)\")\n$a += 'b'\nif ($x) { $a += 'y' }\n$env:A = "
                 "'1'\n& \"llama-server\" @a `\n "
                 "-b ${C}\nStart-Process llama-server -ArgumentList $a\n",
                 pieces, sizeof pieces / sizeof *pieces, 200);
    tree_torture("x.nix",
                 "let m = \"a\"; in {\n services.llama-cpp = { model = ./${m}.gguf; extraFlags = [ \"-c\" "
                 "\"${m}\" (f x) ]; };\n "
                 "x.ExecStart = ''llama-server ''${x} \\\n -b 1'';\n}\n",
                 pieces, sizeof pieces / sizeof *pieces, 200);
    tree_torture("s.bat",
                 "set A=1\nset \"B=%A%\"\nif x (\n set C=1\n) else set D=2\nstart \"t\" llama-server -c %A% "
                 "^\n -b !B! %~dp0 %1\n",
                 pieces, sizeof pieces / sizeof *pieces, 200);
    tree_torture("s.py",
                 "N = 'x'\ncmd = [f\"{N}/llama-server\", '-c', str(4), \"a\" 'b', x(y[1]), *z]\ncmd += "
                 "['-b', N]\nif a:\n "
                 "cmd.append(\"c\")\nrun([\"llama-server\", '''q''', r'\\d'])\n",
                 pieces, sizeof pieces / sizeof *pieces, 200);
}

/* What make itself does with each of these was seen with GNU make 4.3. */
static void makefiles_are_read_as_make_reads_them(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"C = 1\nifeq ($(shell uname),Linux)\n\tC = 99\nendif\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\nexport $(shell sed s/=.*// .env)\nx:\n\tllama-server -c $${C:-3}\n", "ctx=unknown"},
        {"C = 1\ninclude *.mk\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"-include $(shell ls)\nC ?= 1\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\nifdef NOPE\nexport\nendif\nx:\n\tllama-server -c $${C:-7}\n", "ctx=unknown"},
        {"C = 1\nexport\nunexport C\nx:\n\tllama-server -c $${C:-7}\n", "ctx=7 "},
        {".EXPORT_ALL_VARIABLES:\nC = 1\nx:\n\tllama-server -c $${C:-7}\n", "ctx=1 "},
        {"C = 1\nx:\n\t$(eval C := 12)\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"P = GPU\nGPU_C = 1\n$(P)_C := 9\nx:\n\tllama-server -c $(GPU_C)\n", "ctx=9 "},
        {"C = 1\n$(P)_C := 9\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\nb a: C = 5\na b:\n\tllama-server -c $(C)\n", "ctx=5 "},
        {"C = 1\na c: C = 5\na b:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\nbig: C = 8\nrun-%: x\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\n$(shell ls): C = 5\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\nb: C = 2\na: export C = 1\nb:\n\tllama-server -c $${C:-7}\n", "ctx=7 "},
        {"C = 1\na: export C = 1\nb: C = 2\nb:\n\tllama-server -c $${C:-7}\n", "ctx=7 "},
        {"C = 1\nx:\n\tX=9 \\\n  C=9 \\\n  llama-server -c $(C)\n", "ctx=1 "},
        {"C := 1\nx: C += $(Y)\nx: Y = 3\nY = 2\nx:\n\tllama-server -c $(Y)\n", "ctx=3 "},
        {"T = x\nC = 1\nx: C = 5\n$(T):\n\tllama-server -c $(C)\nT = y\n", "ctx=5 "},
        {"override define C\n3\nendef\nC = 5\nx:\n\tllama-server -c $(C)\n", "ctx=3 "},
        {"C = 1\nundefine C\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"Q = @\nx:\n\t$(Q)llama-server -c 2\n", "ctx=2 "},
        {"x: y ; @ - llama-server -c 3\n", "ctx=3 "},
        {"ifndef V\nQ = @\nendif\nx:\n\t$(Q)llama-server -c 2\n", "ctx=2 "},
        {"# no \\\nx:\nC = 4\ny:\n\tllama-server -c $(C)\n", "Makefile:y: ctx=4 "},
        {"C = run x \\\n\tllama-server -c 4096\nx:\n\ttrue\n", ""},
        {"x:\n\tllama-server -c 8\\\n\t  -b 4\n", "ctx=8 (Makefile Makefile:2:18) batch=4 "},
        {"x:\n\tllama-server -c 8 \\ \n\tllama-server -b 4\n", "Makefile:x#2: batch=4 "},
        {"x: ; llama-server -c 8\\\n  -b 4\n", "batch=4 "},
        {".ONESHELL:\nx:\n\t@C=1\n\n\t@llama-server -c 8\n\t-llama-server -c $$C\n", "ctx=1 "},
        {"x:\n\tC=1\n\tllama-server -c $$C\n.ONESHELL:\n", "ctx=1 "},
        {".ONESHELL:\nx:\n\tC=1\nifdef N\n\tC=2\nendif\n\tllama-server -c $$C\n",
         "unread Makefile:2 a condition"},
        {"T := $(shell echo x)\nC = 1\nx: C = 5\n$(T):\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\nall: run-a\nrun-a: C = 5\nrun-%:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\n./x: C = 5\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"R = b: y\nC = 1\nb: C = 5\nx:\n$(R)\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"T =\n$(T):\n\tllama-server -c 1\n", ""},
        {"x: y;C=5 llama-server -c 3\n", "ctx=3 "},
        {"x: C = 3;4\nx:\n\tllama-server --alias '$(C)' -c 3\n", "ctx=3 "},
        {".RECIPEPREFIX = >\nx:\n>llama-server -c 3 \\\n> -b 4\n", "batch=4 "},
        {"C = 1\nx:\n\tllama-server -c $(C)\n.RECIPEPREFIX = $(P)\nC = 2\n", "ctx=2 "},
        {"C = 1\nx:\n\tllama-server -c $(C)\n.RECIPEPREFIX := $(P)\nC = 2\n", "ctx=unknown"},
        {"export define B\n5\nendef\nx:\n\tllama-server -c $(B) -b $$B\n", "batch=5 "},
        {"N = B\nB = 1\ndefine $(N)\n\tendef\n5\nendef\nx:\n\tllama-server -c 3 $(B)\n", "ctx=3 "},
        {"define run\n@true\n@llama-server -c 3\nendef\nx:\n\t$(run)\n", "ctx=3 "},
        {"M = a\\\\#b\nx:\n\tllama-server -m '$(M).gguf'\n", "model=a\\.gguf "},
        {"M = a\\#b\nx:\n\tllama-server -m '$(M).gguf'\n", "model=a#b.gguf "},
        {"AR ?= 5\nx:\n\tllama-server -c $(AR)\n", "ctx=unknown"},
        {"export C\nC ?= 5\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"private C = 5\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"x:\n\tllama-server -c 4\nx:\n\tllama-server -c 5\n", "Makefile:x: ctx=5 "},
        {"x:\n\tllama-server -c 4\nifdef N\nx:\n\tllama-server -c 5\nendif\n", "Makefile:x: ctx=4 "},
        {"x::\n\tllama-server -c 4\nx::\n\tllama-server -c 5\n", "Makefile:x: ctx=4 "},
        {"C = 1\noverride C ?= 2\nC = 3\nx:\n\tllama-server -c $(C)\n", "ctx=3 "},
        {"x: override C = 1\nx: C = 2\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"x: export C = 1\nx: C ?= 2\nx:\n\tllama-server -c $${C:-7}\n", "ctx=unknown"},
        {"C =\n$(P) = 1\nx:\n\tllama-server -b 2 -c $(C)\n", "ctx=unknown"},
        {"private C = 5\nC = 6\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"C = 1\n%: private C ?= 5\nx:\n\tllama-server -c $(C)\n", "ctx=unknown"},
        {"x: export C = 1\nx: C = 2\nx:\n\tllama-server -c $${C:-7}\n", "ctx=7 "},
        {"export AR\nx:\n\tllama-server -c $${AR:-7}\n", "ctx=unknown"},
        {"B = 1\nx: C := 1\nx: C += $(B)\nB = 2\nx:\n\tllama-server --alias '$(C)' -b $(B)\n", "batch=2 "},
        {"L = llama-server -c 5\n$(eval L += -c 6)\nx:\n\t$(L) -b 3\n", "Makefile:x: batch=3 "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tree_file files[] = {{"Makefile", cases[i].text}, {NULL, NULL}};
        const char *got = tree_told(files, "");
        if (*cases[i].want ? !strstr(got, cases[i].want) : *got != 0)
            fail_msg("%s\nis read as %s", cases[i].text, got);
    }
    /* a parameter hides a variable; what is put together is not known */
    tree_check_one("justfile",
                   "c := \"1\"\nm := \"a\" / \"x\"\nrun c='2' m=m:\n  llama-server -c {{c}}\nx:\n  "
                   "llama-server -c {{c}} -b {{m}}\n",
                   "justfile:run: ctx=unknown (justfile justfile:3:5)\njustfile:x: ctx=1 (variable "
                   "justfile:1:7) batch=unknown (justfile justfile:2:1)\n");
    /* a string is text; a script of several lines is one */
    const tree_file texts[] = {
        {"justfile", "b := '1'\na := '{{b}}'\nx:\n  llama-server -c {{a}} -b 2\ny:\n  #!/bin/sh\n  N=3\n\n"
                     "  llama-server -c $N \\\n    -b 4\n"},
        {NULL, NULL}};
    const char *got = tree_told(texts, "");
    if (strstr(got, "ctx=1") || !strstr(got, "ctx=3") || !strstr(got, "batch=4")) fail_msg("%s", got);
}

/* A recipe that cannot be read whole is told, and so are launches behind the last one that is kept. */
static void recipes_that_are_not_read_are_told(void **state) {
    (void)state;
    char many[300 * 24] = "x:\n";
    for (int i = 0; i < 250; i++) strcat(many, "\tllama-server -c 1\n");
    const tree_file files[] = {{"Makefile", many}, {NULL, NULL}};
    assert_non_null(strstr(tree_told(files, ""), "200 launches"));
}

/* Scripts that start each other cost the file that began, and no other. */
static void a_circle_of_scripts_is_left(void **state) {
    (void)state;
    char all[4][6000];
    for (int i = 0; i < 4; i++) {
        all[i][0] = 0;
        for (int k = 0; k < 100; k++)
            snprintf(all[i] + strlen(all[i]), sizeof all[i] - strlen(all[i]), "bash %c.sh\n",
                     'a' + (i + k) % 4);
    }
    const tree_file files[] = {{"a.sh", all[0]},
                               {"b.sh", all[1]},
                               {"c.sh", all[2]},
                               {"d.sh", all[3]},
                               {"z.sh", "bash y.sh\nllama-server -m a.gguf -c 9\n"},
                               {"y.sh", "llama-server -m b.gguf -c 8\n"},
                               {"README.md", "```\nllama-server -m c.gguf -c 7\n```\n"},
                               {NULL, NULL}};
    const char *got = tree_told(files, "");
    assert_non_null(strstr(got, "ctx=9 "));
    assert_non_null(strstr(got, "ctx=8 "));
    assert_non_null(strstr(got, "ctx=7 "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makefiles_are_read_as_make_reads_them),
        cmocka_unit_test(recipes_that_are_not_read_are_told),
        cmocka_unit_test(a_circle_of_scripts_is_left),
        cmocka_unit_test(recipes_run_line_by_line),
        cmocka_unit_test(python_lists_are_commands),
        cmocka_unit_test(powershell_paths_are_joined),
        cmocka_unit_test(powershell_arrays_are_words),
        cmocka_unit_test(powershell_words_are_powershells),
        cmocka_unit_test(nix_and_batch),
        cmocka_unit_test(hostile_code_is_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
