/* The option table and its reader. */
#include "cli/options.h"
#include "base/distance.h"

#include <stdio.h>
#include <string.h>

const llw_option llw_option_table[LLW_OPTIONS] = {
    [LLW_OPT_GPU] = {"gpu", 0, "SPEC", true,
                     "a GPU instead of this machine's: a name ('RTX 4090'), or MiB as llama.cpp is told "
                     "them, TOTAL[:FREE][:NAME]; "
                     "repeat it for CUDA0, CUDA1, ..."},
    [LLW_OPT_NO_GPU] = {"no-gpu", 0, NULL, false, "reason about a machine without GPU"},
    [LLW_OPT_RAM] = {"ram", 0, "MIB", false,
                     "memory of the host instead of this machine's: TOTAL[:AVAILABLE] in MiB"},
    [LLW_OPT_LLAMA] =
        {"llama", 0, "VERSION", false,
         "the llama.cpp build that will run: b8022, v0.5.0, the date of its source, a commit, what "
         "llama-server --version prints, or an image with its tag; the newest known if not given"},
    [LLW_OPT_LLAMA_SERVER] =
        {"llama-server", 0, "PATH", false,
         "ask this llama-server for its devices (--list-devices): the best source there is"},
    [LLW_OPT_PROGRAM] = {"program", 0, "NAME", false, "server (default), cli, bench or fit-params"},
    [LLW_OPT_CARD] = {"card", 0, "FILE", false, "the model card, if it is not beside the model"},
    [LLW_OPT_LOG] = {"log", 0, "FILE", false,
                     "what llama.cpp printed when it loaded: its cards, settings and measured buffers go "
                     "before predictions"},
    [LLW_OPT_MODEL] = {"model", 0, "MODEL", false,
                       "with log: the model to predict beside the log; found by itself when the file is a "
                       "known model. With "
                       "probe: the model that should answer"},
    [LLW_OPT_FACTS] = {"facts", 0, "FILE", true,
                       "take facts from a file that --save wrote, instead of from this machine"},
    [LLW_OPT_SAVE] =
        {"save", 0, "FILE", false,
         "write all facts to a file, to reason elsewhere or to report a mistake ('-' for standard output)"},
    [LLW_OPT_EVIDENCE] =
        {"evidence", 0, "DIR", false,
         "the ledger of what was measured; evidence/ of the project if not given (docs/evidence.md)"},
    [LLW_OPT_MACHINE] =
        {"machine", 0, "NAME", false,
         "what the machine is called, and its file in the ledger; the host's name if not given"},
    [LLW_OPT_LABEL] = {"label", 0, "TEXT", false, "what people call this way of running it: fit, by hand"},
    [LLW_OPT_BECAUSE] = {"because", 0, "TEXT", false, "with record correction: how it is known"},
    [LLW_OPT_PRIVATE_NETWORK] = {"private-network", 0, NULL, false,
                                 "read a model also from this machine or a private network (https://, hf:)"},
    [LLW_OPT_BUILD] = {"build", 0, "VERSION", false, "the llama.cpp build you want to update to"},
    [LLW_OPT_REPORT] = {"report", 0, "FILE", false,
                        "draft the report upstream about what failed, as Markdown"},
    [LLW_OPT_FROM] = {"from", 0, "FILE", false,
                      "with matrix: the table of lines that were computed before. With teach: a "
                      "configuration file[:PROFILE] to "
                      "make a case from"},
    [LLW_OPT_RULES] = {"rules", 0, "DIR", true,
                       "a directory with more rules (*.lua); a file replaces one of the same name"},
    [LLW_OPT_RECORD] = {"record", 0, "FILE", false,
                        "write what was found to FILE, a YAML record, after every prompt"},
    [LLW_OPT_WITH] = {"with", 0, "COMMAND", false,
                      "start the server for each profile with COMMAND; {profile}, {flags}, {model} and "
                      "{port} in it are filled in"},
    [LLW_OPT_STOP] = {"stop", 0, "COMMAND", false,
                      "stop the server with COMMAND; without it what --with started is ended"},
    [LLW_OPT_PLACEMENT] = {"placement", 0, "FLAGS", true,
                           "try every profile with these flags behind its own ({flags}); repeat it for "
                           "more placements"},
    [LLW_OPT_CONTEXT] = {"context", 0, "N", false, "tokens of the server's context, where it does not say"},
    [LLW_OPT_LIMIT] = {"limit", 0, "SECONDS", false,
                       "how long the first token of an answer may take (default 600)"},
    [LLW_OPT_MIN_SPEED] = {"min-speed", 0, "RATE", false,
                           "tokens a second below which an answer counts as too slow (default 1)"},
    [LLW_OPT_FORMAT] = {"format", 0, "FORMAT", false,
                        "text (default) or json; a decision also html (a page), svg and dot (the picture "
                        "alone); lessons, lesson, explain, flags, guide and facts --schema markdown or html; "
                        "lint also gcc, jsonl, sarif, github, gitlab, junit, "
                        "checkstyle and markdown"},
    [LLW_OPT_EMIT] = {"emit", 0, "FORMAT", false,
                      "the plan we would choose as a block to paste: models.conf, env, compose or args"},
    [LLW_OPT_SCHEMA] = {"schema", 0, NULL, false, "list every kind of fact and its attributes"},
    [LLW_OPT_BATCH] = {"batch", 0, "FILE", false,
                       "take the answers from a file, one a line ('-' for standard input)"},
    [LLW_OPT_ALL] = {"all", 0, NULL, false, "leave nothing out"},
    [LLW_OPT_DEPTH] = {"depth", 0, "N", false, "how deep a proof is shown (default 3)"},
    [LLW_OPT_PRECISE] = {"precise", 0, NULL, false,
                         "with why and why-not: the evidence of every step, down to llama.cpp's source"},
    [LLW_OPT_FAIL_ON] = {"fail-on", 0, "LEVEL", false,
                         "exit with 1 from this level on: wrong, risk (default), waste, note, or never"},
    [LLW_OPT_ONLY] = {"only", 0, "CODES", true,
                      "only these codes, lessons or rules, with commas between them"},
    [LLW_OPT_IGNORE] = {"ignore", 0, "CODES", true, "none of these codes, lessons or rules"},
    [LLW_OPT_BASELINE] = {"baseline", 0, "FILE", false, "report only what FILE does not hold"},
    [LLW_OPT_WRITE_BASELINE] = {"write-baseline", 0, "FILE", false,
                                "accept everything that is found, into FILE"},
    [LLW_OPT_FIX] = {"fix", 0, NULL, false,
                     "make the repairs that set one value, each tried before it is written"},
    [LLW_OPT_DIFF] = {"diff", 0, NULL, false, "print those repairs as a patch for git apply instead"},
    [LLW_OPT_CONFINE] =
        {"confine", 0, "WHEN", false,
         "always: before anything is read, give up writing, starting programs and the network, and "
         "let the kernel see to it; auto: as far as it can; a machine is then given: --gpu, --no-gpu or "
         "--facts"},
    [LLW_OPT_COLOR] = {"color", 0, "WHEN", false, "auto (default), always or never; NO_COLOR is respected"},
    [LLW_OPT_ASCII] = {"ascii", 0, NULL, false, "plain ASCII, as in a locale that is not UTF-8"},
    [LLW_OPT_WIDTH] = {"width", 0, "N", false, "columns to wrap at; the terminal's if not given"},
    [LLW_OPT_HELP] = {"help", 'h', NULL, false, "this help; with a command, that command's"},
    [LLW_OPT_VERSION] = {"version", 0, NULL, false, "version of llwhy and the llama.cpp builds it knows"},
};

const llw_command_info llw_command_table[LLW_COMMANDS] = {
    [LLW_COMMAND_DECIDE] = {"", "MODEL [-- llama.cpp flags]", "should this model run like that here, and why",
                            ""},
    [LLW_COMMAND_WHY] =
        {"why", "X [MODEL] [-- flags]", "the chain of reasons behind X",
         "X is the number of a reason (1), a lesson (L05), a rule's id, a flag (-ub), or a "
         "slot: model.experts, CUDA0.compute,\n"
         "launch.loads. Without MODEL it asks about the last run.\n"
         "X may be FILE:LINE of a configuration: which link really sets the values on that line, "
         "and which lost against it.\n\n  llwhy why 1\n  llwhy why -ub\n"},
    [LLW_COMMAND_WHY_NOT] = {"why-not", "X [MODEL] [-- flags]", "what keeps X from being so",
                             "X is a lesson or rule that says nothing (L02), or a wish, which is tried: "
                             "\"all on the GPU\", \"262144 context\",\n"
                             "\"experts on the CPU\", \"one GPU\", -ub 2048, ctk=q4_0. Told is the nearest "
                             "miss, with its numbers, or what stands in the way.\n\n"
                             "  llwhy why-not 262144 context\n"
                             "  llwhy why-not L02\n"},
    [LLW_COMMAND_WHAT_IF] =
        {"what-if", "K=V... [MODEL] [-- flags]", "what would be otherwise, and why",
         "Flags (-c 65536, ctk=q4_0), cards (gpu=\"RTX 5090\", CUDA1=\"RTX 3090\", another 4090), "
         "ram=\"128 GiB\", llama=v0.5.0,\n"
         "model=Q4_K_M (a sibling) or a file, kv=q8_0, \"a second slot\", default=-ot, or any fact: "
         "CUDA0.free=\"20 GiB\". Without MODEL\n"
         "it asks about the last run. The exit code is that of the launch as it would be.\n\n"
         "  llwhy what-if -ub 256\n"
         "  llwhy what-if another 4090 and 262144 context\n"},
    [LLW_COMMAND_CHANGE] = {"change", "GOAL [MODEL] [-- flags]", "the smallest changes that reach a goal",
                            "GOAL: loads (when nothing is said), survives, \"meets target\", \"clears L05\", "
                            "\"clears 1\", or a wish that has to load:\n"
                            "\"no experts on the CPU\", \"131072 context\", \"one GPU\". Each change was "
                            "predicted with exactly its flags; the cheapest for\n"
                            "you comes first.\n\n"
                            "  llwhy change loads\n"
                            "  llwhy change clears L05\n"},
    [LLW_COMMAND_CONTRAST] = {"contrast", "A B [-- flags]", "what differs between two, and what that causes",
                              "A and B are models, facts files of --save, builds (b8022, v0.5.0), logs, "
                              "launches as what-if writes them (\"-ub 256\"),\n"
                              "or now, the launch as it is.\n\n"
                              "  llwhy contrast glm-4.7-flash-q8_0 glm-4.7-flash-q4_k_m\n"
                              "  llwhy contrast now \"-ub 512\"\n"},
    [LLW_COMMAND_ASK] =
        {"ask", "MODEL [-- flags]", "the same questions one after the other, at a prompt",
         "Facts are gathered once. Then ask, a question a line: why 1, why-not 262144 context, what-if -ub "
         "256, change loads,\ncontrast now \"-ub 256\", facts, lesson L05, decision. Tab completes; an empty "
         "line or quit ends it. From a pipe there\nis no prompt, and the exit code is the highest of "
         "all answers.\n\n"
         "  llwhy ask model.gguf\n"
         "  printf 'why 1\\nchange loads\\n' | llwhy ask model.gguf\n"},
    [LLW_COMMAND_MCP] =
        {"mcp", "", "the same questions as tools for an assistant (Model Context Protocol)",
         "Speaks JSON-RPC over standard input and output. An assistant starts it: its settings take the "
         "command llwhy with the\nargument mcp. The tools only read files of this machine.\n"},
    [LLW_COMMAND_FACTS] = {"facts", "[MODEL] [-- flags]", "everything that is known, with where it was read",
                           "With --schema: the vocabulary of facts instead.\n"},
    [LLW_COMMAND_LESSONS] = {"lessons", "", "the lessons, a line each", ""},
    [LLW_COMMAND_LESSON] = {"lesson", "ID", "a lesson's story and rules", ""},
    [LLW_COMMAND_EXPLAIN] = {"explain", "CODE", "what a code such as L05 or F03 means",
                             "Without CODE, with --format markdown or html: all of them.\n"},
    [LLW_COMMAND_PREDICT] = {"predict", "MODEL [-- flags]",
                             "bytes per device, as llama.cpp would allocate them", ""},
    [LLW_COMMAND_FIT] = {"fit", "MODEL [-- flags]", "what --fit will do, and why", ""},
    [LLW_COMMAND_CARD] = {"card", "[fetch] MODEL", "where the model card is, or how to get it",
                          "fetch gets it from Hugging Face (hf:OWNER/REPO, or the page that the model's "
                          "header names), never over a file.\n"},
    [LLW_COMMAND_MODELS] = {"models", "", "the models llwhy knows before they are downloaded", ""},
    [LLW_COMMAND_LINT] =
        {"lint", "[PATH...]", "judge the launches of configuration files",
         "Finds whatever starts llama.cpp under a directory: INI files, .env, Compose, Dockerfiles, "
         "scripts, units, Kubernetes with Kustomize and Helm,\n"
         "llama-swap, Modelfile, LocalAI, PowerShell, Makefiles, Python (docs/configurations.md). Each "
         "finding stands on the line\n"
         "that really sets the value; why FILE:LINE shows its chain. --all shows notes too. For programs: "
         "--format json, jsonl, sarif, gcc, github, gitlab,\n"
         "junit, checkstyle or markdown. A comment accepts a finding: # llwhy ignore=L05 "
         "reason=\"...\" until=2027-01-01, above the\n"
         "line or behind it; ignore-file= for the whole file.\n"},
    [LLW_COMMAND_LOG] =
        {"log", "FILE [-- flags]", "what a load really did, from what llama.cpp printed",
         "FILE is the output of llama-server or another llama.cpp program of 2023 to today, bare or from "
         "docker, docker compose,\n"
         "journalctl; - is standard input. With a known model, or --model MODEL, prediction stands beside "
         "measurement; flags that a\n"
         "log does not show (-ts, -ot) go behind --. A log without sizes: start llama-server with -lv 4.\n"},
    [LLW_COMMAND_VERIFY] = {"verify", "[URL|PID] [MODEL]",
                            "the running server against what was meant, and against prediction",
                            "Without URL or PID: the only llama-server that runs here. A URL is an address "
                            "on this machine; its process is found, nothing is\n"
                            "sent to it. What was meant: MODEL and flags behind --, or FILE:PROFILE of a "
                            "configuration file. --log FILE adds what its load\n"
                            "printed, --model FILE names the model where its file cannot be read, --llama "
                            "VERSION the build. Exit 1 when something differs.\n"},
    [LLW_COMMAND_RECORD] = {"record", "KIND FILE... [-- flags]",
                            "keep what was measured in the project's ledger",
                            "KIND is log (what llama.cpp printed), probe (llwhy probe --record), bench "
                            "(llama-bench -o json) or run (EvalPlus: samples\n"
                            "or results). Where the file does not tell them: --llama VERSION, --model FILE, "
                            "and the flags behind --. The records go to\n"
                            "evidence/MACHINE.yaml; what is there already is not added twice. correction ID "
                            "-- flags: what a record really ran with.\n"},
    [LLW_COMMAND_EVIDENCE] = {"evidence", "[WORD...]", "what the ledger holds",
                              "Only the records in which every WORD stands: a build, a part of a model's "
                              "name, a kind, a machine, an id.\n"},
    [LLW_COMMAND_FLAGS] = {"flags", "[-FLAG|VARIABLE...]",
                           "llama.cpp's options: their values, variables and builds",
                           "Without words: all that this build has (--all: those of other builds too). "
                           "import FILE --llama VERSION: what "
                           "that build's\n"
                           "llama-server --help prints ('-' is standard input) goes into models/flags.tsv of "
                           "the project's .llwhy, or of "
                           "--save DIR, with\n"
                           "the builds from which on and up to which each option is there. --program cli or "
                           "bench for another program.\n"},
    [LLW_COMMAND_GATE] = {"gate", "--build NEW [PATH...]",
                          "may we update llama.cpp: what is proven, what is missing",
                          "Judges every launch of .llwhy.yaml, or of the configuration files under PATH, by "
                          "the project's ledger: proven is a launch\n"
                          "whose model has answered a prompt of 100 tokens and more on that build, "
                          "placement, driver and GPUs. Says what would prove the\n"
                          "rest, names the last proven build, and --report FILE drafts the report upstream. "
                          "Exit 0 when all is proven, 1 when not.\n"},
    [LLW_COMMAND_MATRIX] = {"matrix", "MODEL... MACHINE.json... [-- flags]",
                            "every model on every machine, a line each",
                            "A machine is what llwhy facts --save wrote on it, or a directory of such files; "
                            "without one it is this machine. --format\n"
                            "jsonl prints a line of JSON for each pair, --from FILE shows such lines as a "
                            "table: so the pairs can be computed by as many\n"
                            "processes, on as many hosts, as there are (docs/many-machines.md). Exit 0 when "
                            "every pair was answered, whatever the answer.\n"},
    [LLW_COMMAND_TEACH] = {"teach", "[CASE]", "replay an incident: predict, then see what the engine says",
                           "Without CASE: what is due today. CASE may be the beginning of an id (05a) or "
                           "'next'. No answer is stored: what you type "
                           "is run\n"
                           "beside what the team did, and what both come to is compared. A case comes again "
                           "after 1, 3, 7, 21 and 60 days; first what "
                           "was\n"
                           "wrong though you were sure. list shows all cases, due takes those of today in "
                           "turn, course is a way through the lessons "
                           "in about\n"
                           "45 minutes, drill [CASE] prints a sheet for whoever leads a group. --from "
                           "FILE[:PROFILE] makes a case of a launch of your "
                           "own.\n"
                           "With --batch FILE answers come from a file, one a line, @4 behind it says how "
                           "sure; exit 1 when not all are right.\n"},
    [LLW_COMMAND_PROBE] =
        {"probe", "URL [FILE[:PROFILE]...]",
         "does the running server answer short and long prompts, and survive",
         "Sends a prompt of 20 tokens, of 150, of 1000, one that fills half the context, one that nearly "
         "fills "
         "it, and several at\n"
         "once; exit 1 when something failed or no prompt of 100 tokens and more was answered. A key for the "
         "server is taken from\n"
         "LLAMA_API_KEY. Ctrl-C ends it; what was found stays in the record.\n"
         "With --with COMMAND every profile of FILE is started, probed and stopped in turn (docs/probe.md):\n"
         "  llwhy probe localhost:8080 models.conf --with './start.sh {profile}' --stop 'docker compose "
         "down'\n"
         "  llwhy probe localhost:8080 models.conf --with 'llama-server {flags} --port {port}' --record "
         "b8115.yaml\n"},
    [LLW_COMMAND_TEST] = {"test", "[LESSON]", "run the tests that rules carry", ""},
    [LLW_COMMAND_LINT_RULES] =
        {"lint-rules", "[DIR|FILE...]",
         "judge the lessons themselves: what is missing, what cannot work together",
         "Without DIR: every lesson that llwhy reads here. DIR holds rules.d, lessons and models like "
         ".llwhy, FILE is one of its\n"
         "rule files; then only these lessons are judged, beside all others. llwhy explain K06 tells what a "
         "code means;\n"
         "--only and --ignore choose codes, lessons or rules. Exit 1 from --fail-on (risk) on.\n"},
    [LLW_COMMAND_KB] = {"kb", "diff A [B]",
                        "which answers change between two sets of rules, lessons and models",
                        "A and B are directories that hold rules.d, lessons and models (a checkout, git "
                        "archive, git worktree); one without\n"
                        "models/builds.tsv is laid over what llwhy carries, like .llwhy. With A alone: what "
                        "A changes about what llwhy carries. The\n"
                        "cases are the examples of both sides' stories and the tests of both sides' rules; "
                        "--facts FILE or DIR adds fact files that\n"
                        "--save wrote. Exit 1 when an answer changed.\n"},
    [LLW_COMMAND_GUIDE] =
        {"guide", "", "which GPU gets what: the questions in order, real sizes, batch size and memory",
         "Every figure is computed when it is asked for; docs/gpu-strategy-guide.md is this page.\n"},
    [LLW_COMMAND_NEW] =
        {"new", "ID", "start a lesson: a rule, its story and a failing test",
         "The files go to rules.d and lessons here if there is a rules.d, else to the project's .llwhy.\n"},
    [LLW_COMMAND_TRUST] = {"trust", "[DIR]", "agree to what a project brought along for llwhy",
                           "Rules, stories, tables and known models in DIR/.llwhy (the current directory if "
                           "not given) are left out of\n"
                           "every answer until you have read them and said so; after a change you are asked "
                           "again. --rules DIR needs no such word.\n"},
    [LLW_COMMAND_DOCTOR] =
        {"doctor", "", "what llwhy sees of this machine, and why something is missing",
         "GPUs and their driver, memory and its limits, llama.cpp, directories, the project's own files; "
         "what is "
         "missing comes with\n"
         "what to do about it. Nothing is changed. Exit 1 when something is missing that answers need.\n"},
    [LLW_COMMAND_COMPLETION] = {"completion", "SHELL", "what makes a shell complete llwhy's words",
                                "SHELL is bash, zsh or fish. For this session: . <(llwhy completion bash). "
                                "For good, where no package did "
                                "it:\n"
                                "llwhy completion bash >~/.local/share/bash-completion/completions/llwhy\n"},
    [LLW_COMMAND_MANUAL] = {"manual", "[COMMAND]", "the man page, or that of one command",
                            "It is for man: llwhy manual teach | man -l -\n"},
};

static int find_option(const char *name, size_t len) {
    for (int i = 0; i < LLW_OPTIONS; i++)
        if (strlen(llw_option_table[i].name) == len && !strncmp(llw_option_table[i].name, name, len))
            return i;
    return -1;
}

static int find_letter(char letter) {
    for (int i = 0; i < LLW_OPTIONS; i++)
        if (llw_option_table[i].letter == letter) return i;
    return -1;
}

static const char *nearest_option(const char *name, size_t len) {
    char asked[64];
    snprintf(asked, sizeof asked, "%.*s", (int)len, name);
    llw_nearest n = llw_nearest_to(asked);
    for (int i = 0; i < LLW_OPTIONS; i++) llw_nearest_try(&n, llw_option_table[i].name);
    return n.name;
}

const char *llw_command_nearest(const char *word) {
    llw_nearest n = llw_nearest_to(word);
    for (int c = 1; c < LLW_COMMANDS; c++) llw_nearest_try(&n, llw_command_table[c].name);
    return n.name;
}

/* Reads the option at argv[*at], moving past its value. */
static llw_rc read_option(int argc, char **argv, int *at, llw_options *out, llw_err *err) {
    const char *word = argv[*at], *value = NULL;
    bool whole = word[1] == '-';
    size_t len = whole ? strcspn(word + 2, "=") : 1;
    int id = whole ? find_option(word + 2, len) : find_letter(word[1]);
    if (id < 0 || (!whole && word[2])) {
        int name = (int)strcspn(word, "="); /* what stands behind may be a secret */
        const char *near = whole ? nearest_option(word + 2, len) : NULL;
        if (near)
            return llw_fail(err, LLW_ERR_INPUT, "", 0, "llwhy has no option '%.*s'; did you mean --%s?", name,
                            word, near);
        return llw_fail(
            err, LLW_ERR_INPUT, "", 0,
            "llwhy has no option '%.*s'; flags for llama.cpp go behind --, and llwhy --help lists its own",
            name, word);
    }
    const llw_option *option = &llw_option_table[id];
    if (whole && word[2 + len] == '=') value = word + 2 + len + 1;
    if (value && !option->argument)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "--%s takes no value", option->name);
    if (option->argument && !value) {
        if (*at + 1 >= argc)
            return llw_fail(err, LLW_ERR_INPUT, "", 0, "--%s needs %s", option->name, option->argument);
        value = argv[++*at];
    }
    if (out->n_values[id] == LLW_MAX_REPEATS)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "--%s is given more than %d times", option->name,
                        LLW_MAX_REPEATS);
    out->values[id][out->n_values[id]++] = value ? value : "";
    return LLW_OK;
}

static void find_command(llw_options *out) {
    if (!out->n_words) return;
    for (int c = 1; c < LLW_COMMANDS; c++) {
        if (strcmp(out->words[0], llw_command_table[c].name)) continue;
        out->command = (llw_command)c;
        out->words++;
        out->n_words--;
        return;
    }
}

/* Whether flags of llama.cpp may stand among the words: of "why" the first, of flags and the questions that
 * suppose something all. */
static bool is_question(const llw_options *o) {
    static const char *const suppose[] = {"why-not", "what-if", "change", "contrast", "flags"};
    if (o->n_words == 1 && !strcmp(o->words[0], "why")) return true;
    for (size_t i = 0; o->n_words && i < sizeof suppose / sizeof *suppose; i++)
        if (!strcmp(o->words[0], suppose[i])) return true;
    return false;
}

llw_rc llw_options_read(llw_arena *arena, int argc, char **argv, llw_options *out, llw_err *err) {
    *out = (llw_options){.command = LLW_COMMAND_DECIDE};
    out->words = llw_arena_alloc(arena, ((size_t)argc + 1) * sizeof *out->words);
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--")) {
            out->flags_given = true;
            out->flags = (const char **)&argv[i + 1];
            out->n_flags = (size_t)(argc - i - 1);
            break;
        }
        /* "why -ub", "flags -ub": a flag of llama.cpp is what is asked about */
        bool asked = is_question(out);
        if (argv[i][0] != '-' || !argv[i][1] ||
            (asked && find_option(argv[i] + 2, strcspn(argv[i] + 2, "=")) < 0 && argv[i][1] != 'h')) {
            out->words[out->n_words++] = argv[i];
            continue;
        }
        llw_rc rc = read_option(argc, argv, &i, out, err);
        if (rc != LLW_OK) return rc;
    }
    find_command(out);
    return LLW_OK;
}

static void add_wrapped(llw_text *out, const char *text, int indent, int width) {
    int column = indent;
    for (const char *word = text; *word;) {
        size_t len = strcspn(word, " ");
        if (column + (int)len > width && column > indent) {
            llw_text_addf(out, "\n%*s", indent, "");
            column = indent;
        }
        llw_text_addn(out, word, len);
        llw_text_add(out, " ");
        column += (int)len + 1;
        word += len + (word[len] == ' ');
    }
    llw_text_add(out, "\n");
}

void llw_options_help(llw_text *out, llw_command command) {
    const llw_command_info *info = &llw_command_table[command];
    if (command != LLW_COMMAND_DECIDE) {
        llw_text_addf(out, "llwhy %s %s\n  %s\n", info->name, info->words, info->help);
        if (*info->more) llw_text_addf(out, "\n%s", info->more);
        llw_text_add(out, "\n");
    } else {
        llw_text_add(
            out, "llwhy MODEL [options] [-- llama.cpp flags]\n"
                 "  Why should, or shouldn't, this model run like that on this machine?\n\n"
                 "MODEL is a .gguf file (any part of a split set), a directory with one model, the "
                 "name of a known model\n"
                 "(llwhy models), or one far away, of which only the header is read: https://.../MODEL.gguf, "
                 "hf:OWNER/REPO:QUANT;\n"
                 "hf:OWNER/REPO lists which of its quantisations fits here. Without MODEL: every launch of "
                 "the project's .llwhy.yaml.\n\n"
                 "  llwhy model.gguf                                   what fits here, and which flags\n"
                 "  llwhy model.gguf -- -c 32768 -ub 2048              is this launch right?\n"
                 "  llwhy glm-4.7-flash-q8_0 --gpu 24564:23671 --gpu 16303:12761   before a download, "
                 "for other cards\n"
                 "  llwhy why 1                                        the numbers behind reason 1\n\n"
                 "Commands\n");
        for (int c = 1; c < LLW_COMMANDS; c++)
            llw_text_addf(out, "  %-11s%-26s %s\n", llw_command_table[c].name, llw_command_table[c].words,
                          llw_command_table[c].help);
        llw_text_add(out, "\n");
    }
    llw_text_add(out, command == LLW_COMMAND_DECIDE
                          ? "Options of llwhy MODEL; llwhy COMMAND --help lists those of a command\n"
                          : "Options\n");
    for (int i = 0; i < LLW_OPTIONS; i++) {
        const llw_option *o = &llw_option_table[i];
        llw_text left = {0};
        llw_text_addf(&left, "  --%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        if (llw_command_reads(command, (llw_option_id)i)) {
            llw_text_addf(out, "%-24s", llw_text_str(&left));
            add_wrapped(out, o->help, 24, 110);
        }
        llw_text_fini(&left);
    }
    llw_text_add(
        out, "\nExit: 0 nothing at or above --fail-on, 1 findings, 2 an input could not be read, 3 usage,\n"
             "4 the knowledge base is broken, 5 internal.\n");
}
