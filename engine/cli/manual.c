/* llwhy manual [COMMAND]: the man pages, written from the tables of commands and options: one of the program,
 * and one of each command. */
#include "cli/app.h"
#include "fact/build.h"

#include <string.h>

/* Text as roff reads it: no line starts a request, dashes stay dashes, a backslash is itself. */
static void add_roff(llw_text *out, const char *text) {
    if (*text == '.' || *text == '\'') llw_text_add(out, "\\&");
    for (; *text; text++) {
        if (*text == '\\')
            llw_text_add(out, "\\e");
        else if (*text == '-')
            llw_text_add(out, "\\-");
        else
            llw_text_addn(out, text, 1);
    }
}

/* Paragraphs of a command's explanation; what is indented is an example and keeps its lines. */
static void add_paragraphs(llw_text *out, llw_arena *arena, const char *more) {
    bool example = false;
    while (*more) {
        size_t len = strcspn(more, "\n");
        const char *line = llw_arena_strndup(arena, more, len);
        bool indented = line[0] == ' ';
        if (indented != example) llw_text_add(out, indented ? ".nf\n" : ".fi\n");
        example = indented;
        add_roff(out, line);
        llw_text_add(out, "\n");
        more += len + (more[len] == '\n');
    }
    if (example) llw_text_add(out, ".fi\n");
}

/* "Read by llwhy lint, llwhy why.", where that is no more than a few. */
static void add_readers(llw_text *out, int option) {
    enum { FEW = 3 };
    llw_text names = {0};
    int n = 0;
    for (int c = 0; c < LLW_COMMANDS; c++) {
        if (!llw_command_reads((llw_command)c, (llw_option_id)option)) continue;
        llw_text_addf(&names, "%sllwhy %s", n++ ? ", " : "", c ? llw_command_table[c].name : "MODEL");
    }
    if (n <= FEW) llw_text_addf(out, "It is for %s.\n", llw_text_str(&names));
    llw_text_fini(&names);
}

static void add_option(llw_text *out, int id, bool of_all) {
    const llw_option *o = &llw_option_table[id];
    llw_text_add(out, ".TP\n\\fB");
    if (o->letter) llw_text_addf(out, "\\-%c\\fR, \\fB", o->letter);
    llw_text_add(out, "\\-\\-");
    add_roff(out, o->name);
    llw_text_addf(out, o->argument ? "\\fR \\fI%s\\fR\n" : "\\fR\n", o->argument);
    add_roff(out, o->help);
    size_t len = strlen(o->help);
    const char *stop = len && o->help[len - 1] == '.' ? "" : ".";
    llw_text_addf(out, "%s%s\n", stop,
                  o->repeats && !strstr(o->help, "repeat it") ? " It may be given more than once." : "");
    if (of_all) add_readers(out, id);
}

/* The options of a command in a line, where they are described below. */
static void add_reads(llw_text *out, int command) {
    size_t n = 0;
    for (int i = 0; i < LLW_OPTIONS; i++) {
        bool everywhere =
            llw_command_reads(LLW_COMMAND_MODELS, (llw_option_id)i); /* it reads no option of its own */
        if (everywhere || !llw_command_reads((llw_command)command, (llw_option_id)i)) continue;
        llw_text_add(out, n++ ? ",\n" : ".sp\nOptions:\n");
        llw_text_add(out, "\\fB\\-\\-");
        add_roff(out, llw_option_table[i].name);
        llw_text_add(out, "\\fR");
    }
    if (n) llw_text_add(out, ".\n");
}

static const char environment[] =
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBXDG_STATE_HOME\\fR\nWhere the last run, for \\fBwhy\\fR, and what was learnt with "
    "\\fBteach\\fR are kept; "
    "\\fI~/.local/state\\fR if it is not set.\n"
    ".TP\n\\fBXDG_CONFIG_HOME\\fR\nWhere a person's own rules, lessons and tables are (\\fIllwhy\\fR in it); "
    "\\fI~/.config\\fR "
    "if it is not set.\n"
    ".TP\n\\fBLLWHY_SITE\\fR\nThis machine's directory instead of \\fI/etc/llwhy\\fR.\n"
    ".TP\n\\fBNO_COLOR\\fR\nWhen it holds anything, nothing is coloured.\n"
    ".TP\n\\fBCUDA_VISIBLE_DEVICES\\fR, \\fBCUDA_DEVICE_ORDER\\fR\nAre respected as CUDA does.\n"
    ".TP\n\\fBHF_TOKEN\\fR\nFor models of Hugging Face that need one. \\fBLLAMA_API_KEY\\fR: for a server "
    "that is probed.\n"
    ".TP\n\\fBSOURCE_DATE_EPOCH\\fR\nThe day that counts as today, for output that is the same every day.\n";

static const char files[] =
    ".SH FILES\n"
    "Rules (\\fIrules.d/*.lua\\fR), lessons (\\fIlessons/*.md\\fR) and tables (\\fImodels/*\\fR) are part of "
    "the program. Each "
    "directory below adds files to them or, by the same name, takes their place; a later one goes before an "
    "earlier one.\n"
    ".TP\n\\fI/usr/share/llwhy\\fR\nWhat was installed.\n"
    ".TP\n\\fI/etc/llwhy\\fR\nThis machine's.\n"
    ".TP\n\\fI~/.config/llwhy\\fR\nA person's.\n"
    ".TP\n\\fI.llwhy\\fR\nThe project's, in the current directory.\n"
    ".TP\n\\fI.llwhy.yaml\\fR\nThe project's machine and launches, here or in a directory above.\n"
    ".TP\n\\fIevidence\\fR\nThe project's ledger of what was measured.\n";

static const char exits[] =
    ".SH EXIT STATUS\n"
    "The highest that applies.\n"
    ".TP\n\\fB0\\fR\nNothing at or above \\fB\\-\\-fail\\-on\\fR.\n.TP\n\\fB1\\fR\nFindings.\n"
    ".TP\n\\fB2\\fR\nAn input could not be read.\n.TP\n\\fB3\\fR\nThe command line is not understood.\n"
    ".TP\n\\fB4\\fR\nThe knowledge base is broken.\n.TP\n\\fB5\\fR\nA mistake in llwhy itself.\n";

static void add_title(llw_text *out, const char *command, const llw_build *newest) {
    llw_text name = {0};
    llw_text_addf(&name, *command ? "LLWHY-%s" : "LLWHY%s", command);
    for (char *c = name.bytes; *c; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    llw_text_add(out, ".\\\" written by llwhy manual\n.TH ");
    add_roff(out, llw_text_str(&name));
    llw_text_addf(out, " 1 %s \"llwhy " LLWHY_VERSION "\" \"User Commands\"\n.SH NAME\n", newest->date);
    llw_text_fini(&name);
}

static void add_synopsis(llw_text *out, int command) {
    const llw_command_info *info = &llw_command_table[command];
    llw_text_addf(out, ".B llwhy%s%s\n", *info->name ? " " : "", info->name);
    add_roff(out, info->words);
    if (*info->words) llw_text_add(out, "\n");
}

/* The page of one command: what it does, and only the options that it reads. */
static void write_command(llw_text *out, llw_arena *arena, int command, const llw_build *newest) {
    const llw_command_info *info = &llw_command_table[command];
    add_title(out, info->name, newest);
    llw_text_add(out, "llwhy\\-");
    add_roff(out, info->name);
    llw_text_add(out, " \\- ");
    add_roff(out, info->help);
    llw_text_add(out, "\n.SH SYNOPSIS\n");
    add_synopsis(out, command);
    if (*info->more) {
        llw_text_add(out, ".SH DESCRIPTION\n");
        add_paragraphs(out, arena, info->more);
    }
    llw_text_add(out, ".SH OPTIONS\n");
    for (int i = 0; i < LLW_OPTIONS; i++)
        if (llw_command_reads((llw_command)command, (llw_option_id)i)) add_option(out, i, false);
    llw_text_add(out, exits);
    llw_text_add(out, ".SH SEE ALSO\n.BR llwhy (1)\ntells of all commands, of files and variables.\n");
}

static void write_program(llw_text *out, llw_arena *arena, const llw_build *newest) {
    add_title(out, "", newest);
    llw_text_add(out,
                 "llwhy \\- why should, or shouldn't, a model run like that on this machine\n.SH SYNOPSIS\n");
    for (int c = 0; c < LLW_COMMANDS; c++) {
        if (c) llw_text_add(out, ".br\n");
        add_synopsis(out, c);
    }
    llw_text_addf(
        out,
        ".SH DESCRIPTION\nllwhy reads a model's header and size, the GPUs, the model card and the flags of "
        "llama.cpp as facts, computes what llama.cpp would allocate, runs rules over that, and prints a "
        "decision "
        "with the chain of reasons behind it. What it does not know it calls unknown. It knows llama.cpp up "
        "to "
        "%s (%s).\n"
        ".PP\nMODEL is a .gguf file (any part of a split set), a directory with one model, the name of a "
        "known "
        "model (llwhy models), or one far away, of which only the header is read: https://.../MODEL.gguf, "
        "hf:OWNER/REPO:QUANT. Flags of llama.cpp stand behind \\-\\-.\n.SH COMMANDS\n"
        "Each command has a page of its own: man llwhy\\-COMMAND.\n",
        newest->version, newest->date);
    for (int c = 0; c < LLW_COMMANDS; c++) {
        const llw_command_info *info = &llw_command_table[c];
        llw_text_addf(out, ".TP\n\\fBllwhy%s%s\\fR ", *info->name ? " " : "", info->name);
        add_roff(out, info->words);
        llw_text_add(out, "\n");
        add_roff(out, info->help);
        llw_text_add(out, ".\n");
        if (*info->more) llw_text_add(out, ".sp\n");
        add_paragraphs(out, arena, info->more);
        add_reads(out, c);
    }
    llw_text_add(out, ".SH OPTIONS\n");
    for (int i = 0; i < LLW_OPTIONS; i++) add_option(out, i, true);
    llw_text_add(out, exits);
    llw_text_add(out, environment);
    llw_text_add(out, files);
}

int llw_command_manual(llw_app *app) {
    llw_err err = {0};
    llw_build newest;
    llw_text out = {0};
    const char *asked = app->options.n_words ? app->options.words[0] : "";
    int command = 0;
    while (command < LLW_COMMANDS && strcmp(llw_command_table[command].name, asked)) command++;
    if (app->options.n_words > 1 || command == LLW_COMMANDS)
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "llwhy manual COMMAND: '%s' is no command; llwhy --help lists them", asked),
               app->code;
    if (llw_build_read(app->arena, NULL, &newest, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_KB, &err), app->code;
    if (*asked)
        write_command(&out, app->arena, command, &newest);
    else
        write_program(&out, app->arena, &newest);
    llw_app_print(app, &out);
    return app->code;
}
