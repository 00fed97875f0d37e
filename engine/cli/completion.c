/* llwhy completion SHELL: completions for bash, zsh and fish, written from the tables of commands and
 * options.
 *
 * Names that change (models, lessons, cases) are asked of llwhy itself when the key is pressed. */
#include "cli/app.h"

#include <string.h>

/* What stands behind an option or a command: words of a list, or what `from` says. */
typedef struct expected {
    int id;
    const char *words; /* "auto always never"; a name with a colon in front is looked up in sources */
} expected;

/* How a shell finds names: llwhy prints them, awk takes the column. */
static const struct {
    const char *name, *command;
} sources[] = {
    {":models", "llwhy models 2>/dev/null | awk '/^[^ ]/ { print $1 }'"},
    {":lessons", "llwhy lessons 2>/dev/null | awk '/^[^ ]/ { print $1; print $2 }'"},
    {":cases", "llwhy teach list 2>/dev/null | awk '/^[^ ]/ && NF > 3 { print $1 }'"},
};

static const expected of_option[] = {
    {LLW_OPT_FORMAT, "text json jsonl html svg dot sarif gcc github gitlab junit checkstyle markdown"},
    {LLW_OPT_PROGRAM, "server cli bench fit-params"},
    {LLW_OPT_EMIT, "models.conf env compose args"},
    {LLW_OPT_FAIL_ON, "wrong risk waste note never"},
    {LLW_OPT_CONFINE, "auto always"},
    {LLW_OPT_COLOR, "auto always never"},
    {LLW_OPT_MODEL, ":models"},
    {LLW_OPT_ONLY, ":lessons"},
    {LLW_OPT_IGNORE, ":lessons"},
};

/* Commands whose words are not only files. */
static const expected of_command[] = {
    {LLW_COMMAND_DECIDE, ":models"},
    {LLW_COMMAND_FACTS, ":models"},
    {LLW_COMMAND_PREDICT, ":models"},
    {LLW_COMMAND_FIT, ":models"},
    {LLW_COMMAND_CARD, ":models"},
    {LLW_COMMAND_MATRIX, ":models"},
    {LLW_COMMAND_WHY, ":lessons"},
    {LLW_COMMAND_LESSON, ":lessons"},
    {LLW_COMMAND_EXPLAIN, ":lessons"},
    {LLW_COMMAND_TEST, ":lessons"},
    {LLW_COMMAND_TEACH, ":cases"},
    {LLW_COMMAND_COMPLETION, "bash zsh fish"},
    {LLW_COMMAND_RECORD, "log probe bench run correction"},
};

static const char *words_of(const expected *table, size_t n, int id) {
    for (size_t i = 0; i < n; i++)
        if (table[i].id == id) return table[i].words;
    return "";
}

static const char *words_of_option(int id) {
    return words_of(of_option, sizeof of_option / sizeof *of_option, id);
}

static const char *words_of_command(int id) {
    return words_of(of_command, sizeof of_command / sizeof *of_command, id);
}

/* "$(command)" for names that are looked up, the words themselves otherwise. */
static void add_words(llw_text *out, const char *words) {
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (!strcmp(words, sources[i].name)) {
            llw_text_addf(out, "$(%s)", sources[i].command);
            return;
        }
    llw_text_add(out, words);
}

/* The help up to its first sentence's end, with what a shell would read quoted by `escape` in front. */
static void add_brief(llw_text *out, const char *help, const char *special, const char *escape) {
    size_t len = strcspn(help, ";:");
    for (size_t i = 0; i < len; i++) {
        if (strchr(special, help[i])) llw_text_add(out, escape);
        llw_text_addn(out, &help[i], 1);
    }
}

static void add_command_names(llw_text *out) {
    for (int c = 1; c < LLW_COMMANDS; c++)
        llw_text_addf(out, "%s%s", c > 1 ? " " : "", llw_command_table[c].name);
}

static void add_options_of(llw_text *out, int command) {
    bool first = true;
    for (int i = 0; i < LLW_OPTIONS; i++) {
        if (!llw_command_reads((llw_command)command, (llw_option_id)i)) continue;
        llw_text_addf(out, "%s--%s", first ? "" : " ", llw_option_table[i].name);
        first = false;
    }
}

static void write_bash(llw_text *out) {
    llw_text_add(
        out,
        "# bash completion for llwhy; written by llwhy completion bash\n"
        "_llwhy() {\n"
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= options= words= i\n"
        "  COMPREPLY=()\n"
        "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "    [[ ${COMP_WORDS[i]} == -- ]] && { mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return; }\n"
        "    case ${COMP_WORDS[i]} in\n      ");
    for (int c = 1; c < LLW_COMMANDS; c++)
        llw_text_addf(out, "%s%s", c > 1 ? "|" : "", llw_command_table[c].name);
    llw_text_add(out, ") [[ $command ]] || command=${COMP_WORDS[i]} ;;\n    esac\n  done\n  case $prev in\n");
    for (int i = 0; i < LLW_OPTIONS; i++) {
        const char *words = words_of_option(i);
        if (!llw_option_table[i].argument) continue;
        llw_text_addf(out, "    --%s) ", llw_option_table[i].name);
        if (*words) {
            llw_text_add(out, "mapfile -t COMPREPLY < <(compgen -W \"");
            add_words(out, words);
            llw_text_add(out, "\" -- \"$cur\"); return ;;\n");
        } else
            llw_text_add(out, !strcmp(llw_option_table[i].argument, "DIR")
                                  ? "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); return ;;\n"
                              : strstr("FILE PATH", llw_option_table[i].argument)
                                  ? "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n"
                                  : "return ;;\n");
    }
    llw_text_add(out, "  esac\n  case $command in\n");
    for (int c = LLW_COMMANDS - 1; c >= 0; c--) {
        const char *words = words_of_command(c);
        llw_text_addf(out, "    %s)\n      options='", c ? llw_command_table[c].name : "*");
        add_options_of(out, c);
        llw_text_add(out, "'\n");
        if (*words) {
            llw_text_add(out, "      [[ $cur == -* ]] || words=\"");
            add_words(out, words);
            llw_text_add(out, "\" ;;\n");
        } else
            llw_text_add(out, "      ;;\n");
    }
    llw_text_add(out, "  esac\n  [[ ! $command && $COMP_CWORD == 1 ]] && words+=' ");
    add_command_names(out);
    llw_text_add(
        out,
        "'\n"
        "  if [[ $cur == -* ]]; then mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
        "  else mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; compgen -f -- \"$cur\"); fi\n"
        "}\n"
        "complete -o filenames -F _llwhy llwhy\n");
}

static void zsh_option(llw_text *out, int i) {
    const llw_option *o = &llw_option_table[i];
    const char *words = words_of_option(i);
    llw_text_addf(out, "      '%s--%s%s[", o->repeats ? "*" : "", o->name, o->argument ? "=" : "");
    add_brief(out, o->help, "[]\\", "\\");
    llw_text_add(out, "]");
    if (o->argument) {
        llw_text_addf(out, ":%s:", o->argument);
        bool looked_up = *words == ':';
        if (looked_up)
            llw_text_addf(out, "_llwhy_%s", words + 1);
        else if (*words)
            llw_text_addf(out, "(%s)", words);
        else
            llw_text_add(out, !strcmp(o->argument, "DIR")        ? "_files -/"
                              : strstr("FILE PATH", o->argument) ? "_files"
                                                                 : " ");
    }
    llw_text_add(out, "'\n");
}

static void write_zsh(llw_text *out) {
    llw_text_add(out, "#compdef llwhy\n# zsh completion for llwhy; written by llwhy completion zsh\n");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        llw_text_addf(out, "_llwhy_%s() { local -a names; names=(${(f)\"$(%s)\"}); compadd -a names }\n",
                      sources[i].name + 1, sources[i].command);
    llw_text_add(out, "_llwhy() {\n  local command= word\n  local -a options commands\n  commands=(\n");
    for (int c = 1; c < LLW_COMMANDS; c++) {
        llw_text_addf(out, "    '%s:", llw_command_table[c].name);
        add_brief(out, llw_command_table[c].help, "'", "'\\'");
        llw_text_add(out, "'\n");
    }
    llw_text_add(out, "  )\n  for word in ${words[2,CURRENT-1]}; do\n"
                      "    [[ $word == -- ]] && { _files; return }\n"
                      "    [[ -z $command && -n ${commands[(r)$word:*]} ]] && command=$word\n  done\n"
                      "  case $command in\n");
    for (int c = LLW_COMMANDS - 1; c >= 0; c--) {
        llw_text_addf(out, "    %s) options=(\n", c ? llw_command_table[c].name : "*");
        for (int i = 0; i < LLW_OPTIONS; i++)
            if (llw_command_reads((llw_command)c, (llw_option_id)i)) {
                llw_text line = {0};
                zsh_option(&line, i);
                /* the text stands in single quotes: one of its own closes, is written, and opens them again
                 */
                const char *text = llw_text_str(&line), *open = strchr(text, '\''),
                           *close = strrchr(text, '\'');
                for (const char *at = text; *at; at++)
                    if (*at == '\'' && at != open && at != close)
                        llw_text_add(out, "'\\''");
                    else
                        llw_text_addn(out, at, 1);
                llw_text_fini(&line);
            }
        const char *words = words_of_command(c);
        llw_text_add(out, "      '*: :->word'\n    )\n    ");
        if (*words == ':')
            llw_text_addf(out, "[[ $words[CURRENT] == -* ]] || { _llwhy_%s; ", words + 1);
        else if (*words)
            llw_text_addf(out, "[[ $words[CURRENT] == -* ]] || { compadd %s; ", words);
        else
            llw_text_add(out, "[[ $words[CURRENT] == -* ]] || { ");
        llw_text_addf(out, "%s_files } ;;\n", c ? "" : "(( CURRENT == 2 )) && _describe command commands; ");
    }
    llw_text_add(
        out,
        "  esac\n  [[ $words[CURRENT] == -* || $words[CURRENT-1] == --* ]] && _arguments -S $options\n}\n"
        "_llwhy \"$@\"\n");
}

static void write_fish(llw_text *out) {
    llw_text_add(out, "# fish completion for llwhy; written by llwhy completion fish\nset -l commands ");
    add_command_names(out);
    llw_text_add(out, "\n");
    for (int c = 1; c < LLW_COMMANDS; c++) {
        llw_text_addf(out, "complete -c llwhy -n __fish_use_subcommand -a %s -d '",
                      llw_command_table[c].name);
        add_brief(out, llw_command_table[c].help, "'\\", "\\");
        llw_text_add(out, "'\n");
    }
    for (int c = 0; c < LLW_COMMANDS; c++) {
        const char *words = words_of_command(c), *when = c ? llw_command_table[c].name : "$commands";
        const char *in = c ? "__fish_seen_subcommand_from" : "not __fish_seen_subcommand_from";
        if (*words) {
            llw_text_addf(out, "complete -c llwhy -n \"%s %s\" -a \"", in, when);
            llw_text add = {0};
            add_words(&add, words);
            for (const char *at = llw_text_str(&add); *at;
                 at++) /* fish 3.6 reads (command), and \$ as a dollar */
                if (at[0] == '$' && at[1] == '(')
                    continue;
                else
                    llw_text_addf(out, *at == '$' || *at == '"' ? "\\%c" : "%c", *at);
            llw_text_fini(&add);
            llw_text_add(out, "\"\n");
        }
        for (int i = 0; i < LLW_OPTIONS; i++) {
            const llw_option *o = &llw_option_table[i];
            const char *values = words_of_option(i);
            if (!llw_command_reads((llw_command)c, (llw_option_id)i)) continue;
            llw_text_addf(out, "complete -c llwhy -n \"%s %s\" -l %s%s%s", in, when, o->name,
                          o->argument ? " -r" : "",
                          o->argument && strstr("FILE PATH DIR", o->argument) ? " -F" : "");
            if (*values && *values != ':') llw_text_addf(out, " -f -a '%s'", values);
            llw_text_add(out, " -d '");
            add_brief(out, o->help, "'\\", "\\");
            llw_text_add(out, "'\n");
        }
    }
}

int llw_command_completion(llw_app *app) {
    static const struct {
        const char *shell;
        void (*write)(llw_text *out);
    } shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
    const char *asked = app->options.n_words == 1 ? app->options.words[0] : "";
    llw_text out = {0};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (!strcmp(asked, shells[i].shell)) {
            shells[i].write(&out);
            llw_app_print(app, &out);
            return app->code;
        }
    llw_app_complain(app, LLW_EXIT_USAGE, "llwhy completion SHELL: for which shell? bash, zsh or fish");
    return app->code;
}
