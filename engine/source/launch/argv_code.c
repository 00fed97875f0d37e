/* The codes of odd arguments: names, titles and explanations, one table. */
#include "source/launch/argv.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    llw_problem_level gravest;
    const char *title, *text;
} codes[LLW_FLAG_CODES] = {
    [LLW_F_UNKNOWN] = {"F01", LLW_PROBLEM_WRONG, "unknown option",
                       "No build of llama.cpp in our tables has this option. It ends with \"error: invalid "
                       "argument\" before "
                       "anything is loaded. Only noted where the program may be somebody else's: an image "
                       "that is not llama.cpp's own, a fork by its path, or one that a file of the tree "
                       "clones."},
    [LLW_F_REMOVED] =
        {"F02", LLW_PROBLEM_WRONG, "removed option",
         "Older builds had it, this one does not: it ends before anything is loaded. The message names what "
         "replaced it."},
    [LLW_F_NOT_YET] = {"F03", LLW_PROBLEM_WRONG, "option of a newer build",
                       "Only builds newer than the one this launch runs on have it. Update llama.cpp, or "
                       "name the build with "
                       "--llama if it is newer than assumed."},
    [LLW_F_OTHER_PROGRAM] =
        {"F04", LLW_PROBLEM_WRONG, "option of another program",
         "llama.cpp's programs share most options, not all. llama-bench has a parser of its own."},
    [LLW_F_WORD] = {"F05", LLW_PROBLEM_WRONG, "stray word",
                    "llama.cpp takes no positional arguments. Usually a value whose option is missing, a "
                    "value in two words, or "
                    "an empty variable in front of it."},
    [LLW_F_EQUALS] = {"F06", LLW_PROBLEM_WRONG, "--option=value",
                      "llama.cpp knows only the form with a space: --option value."},
    [LLW_F_MISSING_VALUE] = {"F07", LLW_PROBLEM_WRONG, "value missing",
                             "The option wants a value and is the last word."},
    [LLW_F_SWALLOWED] = {"F08", LLW_PROBLEM_WRONG, "next option taken as value",
                         "An option that wants a value takes the next word whatever it is, also one that "
                         "begins with a hyphen. "
                         "Old scripts with a bare -fa break this way: it takes on, off or auto now."},
    [LLW_F_NOT_A_NUMBER] =
        {"F09", LLW_PROBLEM_WRONG, "not a number",
         "The value is read with std::stoi (std::stof, std::stoull): a word without leading digits, or a "
         "number beyond 2147483647, ends the program."},
    [LLW_F_PARTIAL_NUMBER] =
        {"F10", LLW_PROBLEM_WRONG, "number with a tail",
         "std::stoi reads the leading digits and drops the rest without a word: 4k is 4, 0x1000 is 0."},
    [LLW_F_EMPTY] = {"F11", LLW_PROBLEM_WRONG, "empty value",
                     "An empty string reaches llama.cpp as a value, usually from a variable that is set to "
                     "nothing. Numbers and "
                     "choices end the program."},
    [LLW_F_BAD_VALUE] = {"F12", LLW_PROBLEM_WRONG, "value not accepted",
                         "Choices are exact: on, enabled, true, 1 and off, disabled, false, 0 are the only "
                         "words for yes and no; "
                         "yes, no, True and ON are refused."},
    [LLW_F_RANGE] = {"F13", LLW_PROBLEM_WRONG, "number out of range",
                     "llama.cpp refuses the number, or makes something else of it."},
    [LLW_F_BUFFER] = {"F14", LLW_PROBLEM_WRONG, "unknown buffer type",
                      "-ot knows the buffer types of the devices it sees, by their exact names: CPU, CUDA0, "
                      "CUDA1. Case counts; "
                      "pinned memory (CUDA_Host) is not among them."},
    [LLW_F_REPEATED] = {"F15", LLW_PROBLEM_RISK, "option given twice",
                        "The last one counts; llama.cpp prints a warning that is easily missed."},
    [LLW_F_REPEATED_ALIAS] =
        {"F16", LLW_PROBLEM_RISK, "option given twice by two names",
         "The last one counts, and llama.cpp says nothing, because it compares spellings."},
    [LLW_F_ENV_LOST] =
        {"F17", LLW_PROBLEM_NOTE, "variable overridden by an option",
         "Options beat LLAMA_ARG_* variables. Options that append (-ot, --lora, ...) add to them instead."},
    [LLW_F_ENV_IGNORED] =
        {"F18", LLW_PROBLEM_RISK, "variable without effect",
         "llama.cpp reads only the variables it knows, without a word about others; for options without a "
         "value only on, enabled, true and 1 count."},
    [LLW_F_ENV_PRESENCE] =
        {"F19", LLW_PROBLEM_RISK, "variable acts by being there",
         "LLAMA_ARG_NO_X turns X off by its presence: LLAMA_ARG_NO_MMAP=0 and an empty one do so too."},
    [LLW_F_NOT_KNOWN] = {"F20", LLW_PROBLEM_NOTE, "word not known",
                         "A variable in it is set by nobody that could be read."},
    [LLW_F_SECRET] = {"F21", LLW_PROBLEM_RISK, "secret on the command line",
                      "Every user of the machine can read a running program's arguments."},
    [LLW_F_ADJUSTED] = {"F22", LLW_PROBLEM_RISK, "changed by llama.cpp",
                        "llama.cpp replaces this setting at start."},
    [LLW_F_BENCH_LIST] =
        {"F23", LLW_PROBLEM_NOTE, "several tests",
         "llama-bench runs one test for each value of each list. The answer here is that of the first."},
    [LLW_F_ROUTER] = {"F24", LLW_PROBLEM_WRONG, "server without a model",
                      "llama-server with no model, or an empty one, starts as a router and answers /health: "
                      "it looks well and "
                      "serves nothing."},
    [LLW_F_EXITS] = {"F25", LLW_PROBLEM_NOTE, "option that ends the program",
                     "The program prints something and ends; no model is loaded."},
    [LLW_F_FILE_REFUSED] =
        {"F26", LLW_PROBLEM_WRONG, "file refused",
         "What reads this file (systemd, llama-server's router, llama-swap, Compose ...) does not "
         "accept it as it is: nothing of it, or nothing of this part, is started."},
    [LLW_F_OTHERWISE] =
        {"F27", LLW_PROBLEM_WRONG, "read otherwise",
         "What reads this file has a grammar of its own, and by that the line means something else "
         "than it looks like. The message says what llama.cpp gets."},
    [LLW_F_NO_DEVICE] =
        {"F28", LLW_PROBLEM_WRONG, "GPU that is not there",
         "The launch names a GPU that this machine does not have, as --gpu, the driver or a file of facts "
         "tell "
         "it. An engine starts no container with an unknown device; CUDA_VISIBLE_DEVICES hides what it does "
         "not "
         "know, and llama.cpp then runs on the CPU without a word; -dev and, with -sm none, -mg end the "
         "program; "
         "shares of -ts beyond the last GPU are dropped. Nothing is told where the cards are not known."},
};

const char *llw_flag_code_name(llw_flag_code code) {
    return codes[code].name;
}

llw_problem_level llw_flag_code_level(llw_flag_code code) {
    return codes[code].gravest;
}

const char *llw_flag_code_title(llw_flag_code code) {
    return codes[code].title;
}

const char *llw_flag_code_text(llw_flag_code code) {
    return codes[code].text;
}

llw_flag_code llw_flag_code_find(const char *name) {
    for (int i = LLW_F_UNKNOWN; i < LLW_FLAG_CODES; i++)
        if (!strcmp(codes[i].name, name)) return (llw_flag_code)i;
    return (llw_flag_code)0;
}
