/* llama-swap's config.yaml: each model's cmd with its macros, as llama-swap starts it.
 *
 * By internal/config of llama-swap (load.go, macros.go, commands.go; August 2026): ${env.NAME} is put in
 * first and has to be set; lines of a cmd that start with # are dropped before macros are put in and once
 * more behind it; the macros of a model stand over the global ones of the same name and are put in from the
 * last to the first, so one may use those above it; then ${PORT}, one number for each model that asks, in the
 * order of their ids. What is left of the form ${NAME} ends llama-swap. A \ at the end of a line is a blank.
 * The words are split without a shell. */
#include "source/config/front.h"
#include "base/file.h"
#include "source/config/yaml_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MODELS = 500, MAX_MACROS = 256 };

typedef struct swap {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    llw_yaml_text text;
    int port;
} swap;

static const char *place_at(const swap *s, const llw_char *at) {
    return llw_place(s->r->arena, s->file->path, at->line, at->column);
}

/* --- macros --- */

/* Whether ${NAME} stands at that byte; *to is behind it. With `name` NULL any name of a macro will do. */
static bool slug_at(const llw_rich *in, size_t i, const char *name, size_t *to) {
    if (i + 2 >= in->n || in->chars[i].unknown || in->chars[i].byte != '$' || in->chars[i + 1].byte != '{')
        return false;
    size_t at = i + 2, k = 0;
    for (; at < in->n && !in->chars[at].unknown && in->chars[at].byte != '}'; at++, k++) {
        char c = in->chars[at].byte;
        if (name ? c != name[k] : !(isalnum((unsigned char)c) || c == '_' || c == '-')) return false;
    }
    if (at >= in->n || in->chars[at].byte != '}' || !k || (name && name[k])) return false;
    *to = at + 1;
    return true;
}

/* ${env.NAME}: nobody here knows what it is. */
static bool environment_at(const llw_rich *in, size_t i, size_t *to) {
    static const char start[] = "${env.";
    for (size_t k = 0; k < sizeof start - 1; k++)
        if (i + k >= in->n || in->chars[i + k].unknown || in->chars[i + k].byte != start[k]) return false;
    for (*to = i; *to < in->n; ++*to)
        if (in->chars[*to].byte == '}') return ++*to, true;
    return false;
}

static llw_rich without_environment(swap *s, const llw_rich *in) {
    llw_rich out = {0};
    for (size_t i = 0, to = 0; i < in->n; i++) {
        if (!environment_at(in, i, &to)) {
            llw_rich_push(s->r->arena, &out, in->chars[i]);
            continue;
        }
        llw_rich_unknown(s->r->arena, &out, &in->chars[i], in->chars[i].link);
        i = to - 1;
    }
    return out;
}

static llw_rich put_in(swap *s, const llw_rich *in, const char *name, const llw_rich *value) {
    llw_rich out = {0};
    size_t first = 0, to = 0;
    while (first < in->n && !slug_at(in, first, name, &to)) first++;
    if (first == in->n) return *in;
    for (size_t i = 0; i < in->n; i++) {
        if (!slug_at(in, i, name, &to)) {
            llw_rich_push(s->r->arena, &out, in->chars[i]);
            continue;
        }
        if (s->r->budget < value->n) {
            llw_rich_unknown(s->r->arena, &out, &in->chars[i], in->chars[i].link);
        } else {
            s->r->budget -= value->n;
            llw_rich_append(s->r->arena, &out, value);
        }
        i = to - 1;
    }
    return out;
}

static void add_macros(swap *s, const llw_yaml *map, const char *origin, llw_scope *macros) {
    map = llw_yaml_follow(map);
    if (!map || map->kind != LLW_YAML_MAP) return;
    const llw_link *link = llw_link_new(s->r->arena, s->file->path, origin, true);
    for (const llw_yaml *m = map->first; m && macros->n < MAX_MACROS; m = m->next) {
        const llw_yaml *node = llw_yaml_follow(m);
        if (!m->key || !node) continue;
        llw_rich value = {0};
        if (node->kind == LLW_YAML_SCALAR) {
            value = llw_yaml_rich(&s->text, node, link);
            value = without_environment(s, &value);
        } else { /* a map is for other fields than cmd */
            llw_char at = {.line = node->line, .column = node->column, .link = link};
            llw_rich_unknown(s->r->arena, &value, &at, link);
        }
        llw_token place = {.place = llw_place(s->r->arena, s->file->path, m->key_line, m->key_column),
                           .origin = origin};
        llw_scope_set(macros, m->key, &value, place);
    }
}

/* ${NAME} that nobody put in: llama-swap does not start. */
static llw_rich refuse_rest(swap *s, const llw_rich *in) {
    llw_rich out = {0};
    for (size_t i = 0, to = 0; i < in->n; i++) {
        if (!slug_at(in, i, NULL, &to)) {
            llw_rich_push(s->r->arena, &out, in->chars[i]);
            continue;
        }
        llw_rich slug = llw_rich_slice(in, i, to);
        const char *text = llw_rich_show(s->r->arena, &slug);
        llw_config_problem(s->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG, place_at(s, &in->chars[i]), text,
                           "define it under macros, above the macro that uses it",
                           "llama-swap ends at start: no macro is put in for %.70s", text);
        llw_rich_unknown(s->r->arena, &out, &in->chars[i], in->chars[i].link);
        i = to - 1;
    }
    return out;
}

/* --- lines --- */

/* Lines that start with # are dropped; with `join`, a \ at the end becomes a blank. */
static llw_rich clean_lines(swap *s, const llw_rich *in, bool join) {
    llw_rich out = {0};
    for (size_t from = 0, to; from < in->n; from = to + 1) {
        for (to = from; to < in->n && (in->chars[to].unknown || in->chars[to].byte != '\n');) to++;
        llw_rich line = llw_rich_slice(in, from, to), bare = llw_rich_trim(&line);
        if (bare.n && !bare.chars[0].unknown && bare.chars[0].byte == '#') continue;
        bool more = join && bare.n && !bare.chars[bare.n - 1].unknown && bare.chars[bare.n - 1].byte == '\\';
        if (more) line = llw_rich_slice(&bare, 0, bare.n - 1);
        llw_rich_append(s->r->arena, &out, &line);
        if (to < in->n) llw_rich_push(s->r->arena, &out, in->chars[to]);
    }
    return out;
}

/* --- models --- */

static void set_environment(swap *s, const llw_yaml *list, llw_scope *env) {
    list = llw_yaml_follow(list);
    if (!list || list->kind != LLW_YAML_LIST) return;
    const llw_link *link = llw_link_new(s->r->arena, s->file->path, "llama-swap env", true);
    for (const llw_yaml *item = list->first; item; item = item->next) {
        const llw_yaml *node = llw_yaml_follow(item);
        if (!node || node->kind != LLW_YAML_SCALAR) continue;
        llw_rich text = llw_yaml_rich(&s->text, node, link);
        text = without_environment(s, &text);
        const char *name = NULL;
        llw_rich value;
        if (llw_front_split_setting(s->r->arena, &text, &name, &value))
            llw_scope_set(env, name, &value, llw_rich_token(s->r->arena, &text, NULL));
    }
}

static llw_rich command_of(swap *s, const char *id, const llw_yaml *model, const llw_yaml *cmd,
                           const llw_scope *global) {
    const llw_link *own = llw_link_new(s->r->arena, s->file->path, "llama-swap cmd", false),
                   *port = llw_link_new(s->r->arena, s->file->path, "llama-swap ${PORT}", true),
                   *named = llw_link_new(s->r->arena, s->file->path, "llama-swap ${MODEL_ID}", true);
    llw_rich text = llw_yaml_rich(&s->text, cmd, own), value = {0};
    text = without_environment(s, &text);
    text = clean_lines(s, &text, false);
    llw_scope macros = llw_scope_copy(global);
    add_macros(s, llw_yaml_get(model, "macros"), "llama-swap model macro", &macros);
    for (size_t i = macros.n; i-- > 0;) text = put_in(s, &text, macros.items[i].name, &macros.items[i].value);
    llw_rich_read(s->r->arena, &value, id, strlen(id), model->key_line, model->key_column, named);
    text = put_in(s, &text, "MODEL_ID", &value);
    bool asks = false;
    for (size_t i = 0, to; i < text.n && !asks; i++) asks = slug_at(&text, i, "PORT", &to);
    if (asks) {
        const char *number = llw_arena_printf(s->r->arena, "%d", s->port++);
        value = (llw_rich){0};
        llw_rich_read(s->r->arena, &value, number, strlen(number), cmd->line, cmd->column, port);
        text = put_in(s, &text, "PORT", &value);
    }
    text = refuse_rest(s, &text);
    return clean_lines(s, &text, true);
}

/* C:\DIR\llama-server.exe: llama-swap on Windows splits by that system's rules, in which a backslash escapes
 * nothing but a quote (internal/config/config.go SanitizeCommand). As text in which it is doubled. */
static llw_rich windows_text(swap *s, const llw_rich *text) {
    size_t from = 0;
    while (from < text->n &&
           (isspace((unsigned char)text->chars[from].byte) || text->chars[from].byte == '"'))
        from++;
    bool windows = from + 2 < text->n && isalpha((unsigned char)text->chars[from].byte) &&
                   text->chars[from + 1].byte == ':' && text->chars[from + 2].byte == '\\';
    llw_rich out = {0};
    for (size_t i = 0; windows && i < text->n; i++) {
        bool doubled = text->chars[i].byte == '\\' && !(i + 1 < text->n && text->chars[i + 1].byte == '"');
        if (doubled) llw_rich_push(s->r->arena, &out, text->chars[i]);
        llw_rich_push(s->r->arena, &out, text->chars[i]);
    }
    return windows ? out : *text;
}

static void read_model(swap *s, const llw_yaml *entry, const llw_scope *global, llw_front_launch *items,
                       size_t *n) {
    const llw_yaml *model = llw_yaml_follow(entry), *cmd = llw_yaml_get(model, "cmd");
    if (!cmd || cmd->kind != LLW_YAML_SCALAR) return;
    llw_yaml named = *model; /* an alias has its key where it is used */
    named.key_line = entry->key_line;
    named.key_column = entry->key_column;
    llw_rich text = command_of(s, entry->key, &named, cmd, global);
    llw_words words = {0};
    text = windows_text(s, &text);
    llw_words_split(s->r->arena, &text, &words);
    llw_scope env = {.arena = s->r->arena};
    set_environment(s, llw_yaml_get(model, "env"), &env);
    llw_start_site site = {.file = s->file->path,
                           .directory = s->file->directory,
                           .set = s->set,
                           .default_origin = "shell default",
                           .tells = true};
    llw_starts starts = {0};
    llw_start_words(s->r, &site, &words, &env, &starts);
    if (!starts.n) return;
    llw_front_no_shell(s->r, &words, "llama-swap", "use a macro or ${env.NAME}");
    items[(*n)++] = (llw_front_launch){.start = &starts.items[0],
                                       .name = entry->key,
                                       .line = entry->key_line,
                                       .column = entry->key_column,
                                       .from = entry->key_line,
                                       .to = llw_yaml_last_line(entry)};
}

static int by_id(const void *a, const void *b) {
    return strcmp((*(const llw_yaml *const *)a)->key, (*(const llw_yaml *const *)b)->key);
}

void llw_front_swap(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    swap s = {.r = r, .file = file, .set = set, .port = 5800};
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL, *sorted[MAX_MODELS];
    llw_err err = {0};
    if (llw_yaml_parse(r->arena, file->path, file->bytes, file->len, &root, &twice, &err) != LLW_OK) {
        llw_config_unread(r, file->path, err.line, "%s", err.text);
        return;
    }
    llw_yaml_text_init(&s.text, r->arena, file->path, file->bytes, file->len);
    const llw_yaml *models = llw_yaml_get(root, "models");
    const char *first = llw_yaml_string(llw_yaml_get(root, "startPort"), NULL);
    if (first && atoi(first) > 0) s.port = atoi(first);
    if (!models || models->kind != LLW_YAML_MAP) return;
    llw_scope global = {.arena = r->arena};
    add_macros(&s, llw_yaml_get(root, "macros"), "llama-swap macro", &global);
    size_t n = 0, found = 0;
    for (const llw_yaml *m = models->first; m && n < MAX_MODELS; m = m->next)
        if (m->key && llw_yaml_follow(m) && llw_yaml_follow(m)->kind == LLW_YAML_MAP) sorted[n++] = m;
    if (n) qsort(sorted, n, sizeof *sorted, by_id);
    llw_front_launch *items = llw_arena_alloc(r->arena, (n + 1) * sizeof *items);
    for (size_t i = 0; i < n; i++) read_model(&s, sorted[i], &global, items, &found);
    if (found && twice)
        llw_config_problem(r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG,
                           llw_place(r->arena, file->path, twice->key_line, twice->key_column), twice->key,
                           "keep one of them", "llama-swap ends at start: the key %.60s is given twice",
                           twice->key);
    llw_front_emit(r, file, items, found);
}
