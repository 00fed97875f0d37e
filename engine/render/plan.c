/* The chosen plan as a block to paste into a configuration. */
#include "fact/flags.h"
#include "render/render.h"

#include <ctype.h>
#include <string.h>

typedef struct writing {
    llw_text *out;
    const llw_decision *d;
    const char *path;
} writing;

bool llw_plan_format(const char *format) {
    return !strcmp(format, "models.conf") || !strcmp(format, "env") || !strcmp(format, "compose") ||
           !strcmp(format, "args");
}

static bool plain_word(const char *word) {
    return *word && !word[strcspn(word, " \t\n\"'$`\\|&;()<>*?[]#~{}!:,%@")];
}

/* For a shell or an .env file: single quotes, inside which nothing is special. */
static void add_quoted(llw_text *out, const char *word) {
    if (plain_word(word)) {
        llw_text_add(out, word);
        return;
    }
    llw_text_add(out, "'");
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            llw_text_add(out, "'\\''");
        else
            llw_text_add_safe(out, c, 1, false);
    }
    llw_text_add(out, "'");
}

/* For YAML: double quotes; $ is doubled, because Compose would take it for a variable. */
static void add_yaml(llw_text *out, const char *word) {
    llw_text_add(out, "\"");
    for (const char *c = word; *c; c++) {
        if (*c == '"' || *c == '\\') llw_text_add(out, "\\");
        if (*c == '$') llw_text_add(out, "$");
        if ((unsigned char)*c < 0x20)
            llw_text_addf(out, "\\x%02x", *c);
        else
            llw_text_addn(out, c, 1);
    }
    llw_text_add(out, "\"");
}

/* Why, from what, and how large: what a profile has to say of itself. */
static void comments(const writing *w, const char *lead) {
    const llw_decision *d = w->d;
    llw_text_addf(w->out, "%s%s\n", lead, d->title);
    llw_text_addf(w->out, "%s%s\n", lead, d->details);
    const char *origin = "GGUF header and stat", *card = "";
    const llw_claim *size = llw_facts_best(d->run->facts, d->model, LLW_model_file_bytes);
    if (size) origin = size->origin;
    llw_facts_text(d->run->facts, d->model, LLW_model_card, &card);
    llw_text_addf(w->out, "%ssource: %s%s%s; decided for %s\n", lead, origin,
                  *card ? ", model card " : ", no model card read", card, d->build_name);
    for (size_t i = 0; i < d->n_reasons; i++)
        if (d->reasons[i].level == LLW_LEVEL_NOTE || !d->choice.offered)
            llw_text_addf(w->out, "%swhy: %s [%s]\n", lead, d->reasons[i].text, d->reasons[i].code);
    for (size_t i = 0; i < d->choice.n_changes; i++) {
        const llw_flag_change *c = &d->choice.changes[i];
        llw_text_addf(w->out, "%s%s %s: %s%s%s%s\n", lead, c->set ? "sets" : "without", c->flag, c->reason,
                      *c->code ? " [" : "", c->code, *c->code ? "]" : "");
    }
    llw_text_addf(w->out, "%sresult: %s\n", lead, d->choice.result);
}

static const char *value_of(const llw_offer *o, const char *a, const char *b) {
    for (size_t i = 0; i + 1 < o->n_args; i++)
        if (!strcmp(o->args[i], a) || !strcmp(o->args[i], b)) return o->args[i + 1];
    return NULL;
}

static void section_id(const writing *w) {
    const char *name = llw_facts_id(w->d->run->facts, w->d->model), *slash = strrchr(name, '/');
    size_t len = strlen(slash ? slash + 1 : name);
    name = slash ? slash + 1 : name;
    if (len > 5 && !strcmp(name + len - 5, ".gguf")) len -= 5;
    for (size_t i = 0; i < len; i++) {
        char c = (char)tolower((unsigned char)name[i]);
        llw_text_addn(w->out, isalnum((unsigned char)c) ? &c : "-", 1);
    }
}

static void models_conf(const writing *w) {
    static const char *const own[][3] = {{"-c", "--ctx-size", "CTX_SIZE"},
                                         {"-ngl", "--n-gpu-layers", "N_GPU_LAYERS"},
                                         {"-fit", "--fit", "FIT"},
                                         {"-fitt", "--fit-target", "FIT_TARGET"}};
    const llw_offer *o = &w->d->choice;
    const char *name = "";
    llw_facts_text(w->d->run->facts, w->d->model, LLW_model_name, &name);
    llw_text_add(w->out, "[");
    section_id(w);
    llw_text_add(w->out, "]\n");
    comments(w, "# ");
    llw_text_add(w->out, "NAME=");
    llw_text_add_safe(w->out, name, strlen(name), false);
    llw_text_add(w->out, "\nMODEL=");
    llw_text_add_safe(w->out, w->path, strlen(w->path), false);
    llw_text_add(w->out, "\n");
    for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
        const char *value = value_of(o, own[k][0], own[k][1]);
        if (!value && !strcmp(own[k][2], "N_GPU_LAYERS")) value = "auto";
        if (!value && !strcmp(own[k][2], "FIT")) value = "on";
        if (value) llw_text_addf(w->out, "%s=%s\n", own[k][2], value);
    }
    bool first = true;
    for (size_t i = 0; i < o->n_args; i++) {
        bool is_own = false;
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            is_own |= !strcmp(o->args[i], own[k][0]) || !strcmp(o->args[i], own[k][1]);
        if (is_own) {
            i++;
            continue;
        }
        llw_text_add(w->out, first ? "EXTRA_ARGS=" : " ");
        llw_text_add(w->out, o->args[i]);
        first = false;
    }
    if (!first) llw_text_add(w->out, "\n");
}

/* Options that have no environment variable stay flags, and are named in a comment. */
static void env(const writing *w) {
    llw_flags flags;
    const llw_launch *launch = &w->d->predicted->as_read;
    comments(w, "# ");
    llw_text_add(w->out, "LLAMA_ARG_MODEL=");
    add_quoted(w->out, w->path);
    llw_text_add(w->out, "\n");
    if (llw_flags_load(&flags, NULL) != LLW_OK) return;
    const llw_offer *o = &w->d->choice;
    for (size_t i = 0; i < o->n_args; i++) {
        bool negative = false;
        const llw_flag_row *row =
            llw_flag_find(&flags, o->args[i], launch->program, launch->build_order, &negative);
        bool takes = row && row->kind != LLW_FLAG_PLAIN && row->kind != LLW_FLAG_SWITCH && i + 1 < o->n_args;
        const char *value = takes ? o->args[i + 1] : "1", *name = !row       ? ""
                                                                  : negative ? row->neg_env
                                                                             : row->env;
        if (*name) {
            llw_text_addf(w->out, "%s=", name);
            add_quoted(w->out, value);
            llw_text_add(w->out, "\n");
        } else
            llw_text_addf(w->out, "# no variable for: %s%s%s\n", o->args[i], takes ? " " : "",
                          takes ? value : "");
        i += takes;
    }
}

static void compose(const writing *w) {
    const llw_offer *o = &w->d->choice;
    comments(w, "    # ");
    llw_text_add(w->out, "    command:\n      - \"-m\"\n      - ");
    add_yaml(w->out, w->path);
    llw_text_add(w->out, "\n");
    for (size_t i = 0; i < o->n_args; i++) {
        llw_text_add(w->out, "      - ");
        add_yaml(w->out, o->args[i]);
        llw_text_add(w->out, "\n");
    }
}

static void args(const writing *w) {
    const llw_offer *o = &w->d->choice;
    comments(w, "# ");
    llw_text_addf(w->out, "llama-%s \\\n  -m ", llw_program_name(w->d->predicted->as_read.program));
    add_quoted(w->out, w->path);
    for (size_t i = 0; i < o->n_args; i++) {
        llw_text_add(w->out,
                     o->args[i][0] == '-' && !isdigit((unsigned char)o->args[i][1]) ? " \\\n  " : " ");
        add_quoted(w->out, o->args[i]);
    }
    llw_text_add(w->out, "\n");
}

bool llw_render_plan(llw_text *out, const llw_decision *d, const char *format) {
    if (!d->choice.command || !*d->choice.command) return false;
    writing w = {.out = out, .d = d, .path = ""};
    llw_arena *arena = llw_arena_new();
    if (!llw_facts_text(d->run->facts, d->model, LLW_model_path, &w.path) || !*w.path)
        w.path = llw_arena_printf(arena, "%s.gguf", llw_facts_id(d->run->facts, d->model));
    if (!strcmp(format, "models.conf"))
        models_conf(&w);
    else if (!strcmp(format, "env"))
        env(&w);
    else if (!strcmp(format, "compose"))
        compose(&w);
    else
        args(&w);
    llw_arena_free(arena);
    return true;
}
