/* The chosen plan as a block to paste into a configuration. */
#include "fact/flags.h"
#include "render/render.h"

#include <ctype.h>
#include <string.h>

typedef struct writing {
    llw_text *out;
    const llw_decision *d;
    const char *path;
    llw_flags flags;
} writing;

bool llw_plan_format(const char *format) {
    return !strcmp(format, "models.conf") || !strcmp(format, "env") || !strcmp(format, "compose") ||
           !strcmp(format, "args");
}

static bool plain_word(const char *word) {
    return *word && !word[strcspn(word, " \t\n\"'$`\\|&;()<>*?[]#~{}!:,%@")];
}

static bool has_controls(const char *word) {
    while (*word && (unsigned char)*word >= 0x20 && *word != 0x7f) word++;
    return *word != 0;
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
    for (size_t i = 0; i < d->choice.n_asides; i++) {
        llw_text_add(w->out, lead);
        llw_text_add_safe(w->out, d->choice.asides[i], strlen(d->choice.asides[i]), false);
        llw_text_add(w->out, "\n");
    }
    llw_text_addf(w->out, "%sresult: %s\n", lead, d->choice.result);
}

/* The row of the option at i, NULL for none; *words is how many belong to it. */
static const llw_flag_row *option_at(const writing *w, size_t i, bool *negative, size_t *words) {
    const llw_offer *o = &w->d->choice;
    const llw_launch *launch = &w->d->predicted->as_read;
    const llw_flag_row *row =
        llw_flag_find(&w->flags, o->args[i], launch->program, launch->build_order, negative);
    size_t takes = !row || !llw_flag_takes_value(row) ? 0 : row->kind == LLW_FLAG_PAIR ? 2 : 1;
    *words = 1 + (takes < o->n_args - i ? takes : o->n_args - i - 1);
    return row;
}

static bool has_name(const llw_flag_row *row, const char *name) {
    for (size_t k = 0; row && k < row->n_names; k++)
        if (!strcmp(row->names[k], name)) return true;
    return false;
}

static const char *value_of(const writing *w, const char *option) {
    bool negative = false;
    for (size_t i = 0, n = 0; i < w->d->choice.n_args; i += n)
        if (has_name(option_at(w, i, &negative, &n), option) && n == 2) return w->d->choice.args[i + 1];
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
    static const char *const own[][2] = {{"--ctx-size", "CTX_SIZE"},
                                         {"--n-gpu-layers", "N_GPU_LAYERS"},
                                         {"--fit", "FIT"},
                                         {"--fit-target", "FIT_TARGET"}};
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
        const char *value = value_of(w, own[k][0]);
        if (!value && !strcmp(own[k][1], "N_GPU_LAYERS")) value = "auto";
        if (!value && !strcmp(own[k][1], "FIT")) value = "on";
        if (value) llw_text_addf(w->out, "%s=%s\n", own[k][1], value);
    }
    llw_text extra = {0}, unsaid = {0};
    for (size_t i = 0, n = 0; i < o->n_args; i += n) {
        bool negative = false, is_own = false, one_word = true;
        const llw_flag_row *row = option_at(w, i, &negative, &n);
        for (size_t k = 0; k < sizeof own / sizeof *own; k++) is_own |= has_name(row, own[k][0]);
        if (is_own) continue;
        for (size_t k = i; k < i + n; k++)
            one_word &= *o->args[k] && !o->args[k][strcspn(o->args[k], " \t\r\n\v\f")];
        llw_text *to = one_word ? &extra : &unsaid;
        for (size_t k = i; k < i + n; k++) {
            if (to->len) llw_text_add(to, " ");
            llw_text_add_safe(to, o->args[k], strlen(o->args[k]), false);
        }
    }
    if (extra.len) llw_text_addf(w->out, "EXTRA_ARGS=%s\n", llw_text_str(&extra));
    if (unsaid.len)
        llw_text_addf(w->out, "# not repeated here, because EXTRA_ARGS is parted at blanks: %s\n",
                      llw_text_str(&unsaid));
    llw_text_fini(&extra);
    llw_text_fini(&unsaid);
}

/* Options that have no environment variable stay flags, and are named in a comment. */
static void env(const writing *w) {
    comments(w, "# ");
    llw_text_add(w->out, "LLAMA_ARG_MODEL=");
    add_quoted(w->out, w->path);
    llw_text_add(w->out, "\n");
    const llw_offer *o = &w->d->choice;
    for (size_t i = 0, n = 0; i < o->n_args; i += n) {
        bool negative = false, again = false, other = false;
        const llw_flag_row *row = option_at(w, i, &negative, &n);
        for (size_t k = 0, m = 0; k < i; k += m) again |= row && option_at(w, k, &other, &m) == row;
        const char *name = !row || again || n > 2 || (n == 2 && has_controls(o->args[i + 1])) ? ""
                           : negative                                                         ? row->neg_env
                                                                                              : row->env;
        if (*name) {
            llw_text_addf(w->out, "%s=", name);
            add_quoted(w->out, n == 2 ? o->args[i + 1] : "1");
        } else {
            llw_text_add(w->out, again ? "# a variable is read once, so not for:" : "# no variable for:");
            for (size_t k = i; k < i + n; k++) {
                llw_text_add(w->out, " ");
                llw_text_add_safe(w->out, o->args[k], strlen(o->args[k]), false);
            }
        }
        llw_text_add(w->out, "\n");
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
        if (has_controls(o->args[i]))
            llw_flag_quote(w->out, o->args[i]);
        else
            add_quoted(w->out, o->args[i]);
    }
    llw_text_add(w->out, "\n");
}

bool llw_render_plan(llw_text *out, const llw_decision *d, const char *format) {
    if (!d->choice.command || !*d->choice.command) return false;
    writing w = {.out = out, .d = d, .path = ""};
    if (llw_flags_load(&w.flags, NULL) != LLW_OK) return false;
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
