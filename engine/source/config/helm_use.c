/* Commands of Helm, and the values that they give. */
#include "source/config/helm_use.h"
#include "base/file.h"
#include "source/config/yaml_patch.h"

#include <string.h>

enum { MAX_USES = 500, MAX_VALUES = 20000 /* nodes of one use */, MAX_KEYS = 32 };

const char llw_helm_unknown[] = "!unknown";

/* --- commands --- */

static const char *text_at(llw_arena *arena, const llw_words *w, size_t i) {
    const char *text = i < w->n ? llw_rich_text(arena, &w->items[i]) : NULL;
    return text ? text : "";
}

/* What an option says: behind it, or behind its = sign. False when it is not the option. */
static bool value_of(llw_arena *arena, const llw_words *w, size_t *i, const char *option, llw_rich *out) {
    const char *word = llw_rich_show(arena, &w->items[*i]);
    size_t len = strlen(option);
    if (!strcmp(word, option) && *i + 1 < w->n) {
        *out = w->items[++*i];
        return true;
    }
    if (strncmp(word, option, len) || word[len] != '=') return false;
    *out = llw_rich_slice(&w->items[*i], len + 1, w->items[*i].n);
    return true;
}

/* -f a.yaml,b.yaml names two. */
static void add_files(llw_arena *arena, llw_words *out, const llw_rich *names) {
    for (size_t from = 0, i = 0; i <= names->n; i++) {
        if (i < names->n && names->chars[i].byte != ',') continue;
        llw_words_push(arena, out, llw_rich_slice(names, from, i));
        from = i + 1;
    }
}

/* The chart's directory, seen from the command's file or from above it. */
static const char *chart_at(llw_config_reader *r, const llw_start_site *site, const char *path) {
    if (!*path || *path == '-' || *path == '/' || strstr(path, "://")) return NULL;
    const llw_config_file *chart =
        llw_config_set_find_above(r, site->set, site->directory, llw_path_join(r->arena, path, "Chart.yaml"));
    return chart ? chart->directory : NULL;
}

static bool same_words(llw_arena *arena, const llw_words *a, const llw_words *b) {
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(llw_rich_show(arena, &a->items[i]), llw_rich_show(arena, &b->items[i]))) return false;
    return true;
}

/* A name of a values file means the same to both. */
static bool same_place(const llw_helm_use *a, const llw_helm_use *b) {
    return !strcmp(a->chart, b->chart) && !strcmp(a->file->directory, b->file->directory) &&
           a->beside_chart == b->beside_chart;
}

/* A loop or a second branch comes past the same command again. */
static bool is_known(const llw_config_reader *r, const llw_helm_use *use) {
    for (size_t i = 0; i < r->n_helm_uses; i++) {
        const llw_helm_use *other = &r->helm_uses[i];
        if (same_place(other, use) && other->unclear == use->unclear &&
            !strcmp(other->release, use->release) && !other->own.n && !use->own.n &&
            same_words(r->arena, &other->files, &use->files) &&
            same_words(r->arena, &other->sets, &use->sets))
            return true;
    }
    return false;
}

/* What stands behind the first = is of another make: JSON, or a file's text. */
static llw_rich key_alone(llw_arena *arena, const llw_rich *pair) {
    llw_rich out = {0};
    for (size_t i = 0; i < pair->n; i++) {
        llw_rich_push(arena, &out, pair->chars[i]);
        if (pair->chars[i].byte != '=') continue;
        llw_rich_unknown(arena, &out, &pair->chars[i], pair->chars[i].link);
        break;
    }
    return out;
}

/* Takes the options that a use is made of; what is left are the names, without what other options take. */
static void read_options(llw_config_reader *r, const llw_words *w, size_t from, llw_helm_use *use,
                         llw_words *names) {
    static const char *const others[] = {
        "-n",           "--namespace", "--version",     "--timeout",     "--kube-context",
        "--kubeconfig", "--repo",      "--history-max", "--description", "--post-renderer",
        "-o",           "--output"};
    llw_words strings = {0};
    llw_rich value;
    for (size_t i = from; i < w->n; i++) {
        bool other = false;
        for (size_t k = 0; k < sizeof others / sizeof *others && !other; k++)
            other = value_of(r->arena, w, &i, others[k], &value);
        if (other) continue;
        if (value_of(r->arena, w, &i, "-f", &value) || value_of(r->arena, w, &i, "--values", &value)) {
            add_files(r->arena, &use->files, &value);
        } else if (value_of(r->arena, w, &i, "--set", &value)) {
            llw_words_push(r->arena, &use->sets, value);
        } else if (value_of(r->arena, w, &i, "--set-string", &value)) {
            llw_words_push(r->arena, &strings, value);
        } else if (value_of(r->arena, w, &i, "--set-json", &value) ||
                   value_of(r->arena, w, &i, "--set-file", &value)) {
            llw_words_push(r->arena, &use->sets, key_alone(r->arena, &value));
        } else if (*text_at(r->arena, w, i) != '-') {
            llw_words_push(r->arena, names, w->items[i]);
        }
    }
    for (size_t i = 0; i < strings.n; i++) llw_words_push(r->arena, &use->sets, strings.items[i]);
    use->n_strings = strings.n;
}

void llw_helm_add_use(llw_config_reader *r, const llw_helm_use *use) {
    if (r->n_helm_uses == MAX_USES || is_known(r, use)) return;
    void *items = r->helm_uses;
    *(llw_helm_use *)llw_arena_push(r->arena, &items, &r->n_helm_uses, &r->helm_use_capacity, sizeof *use) =
        *use;
    r->helm_uses = items;
}

void llw_helm_command(llw_config_reader *r, const llw_start_site *site, const llw_words *words, size_t from) {
    const llw_config_entry *e = site->set ? llw_config_set_entry(site->set, site->file) : NULL;
    llw_helm_use use = {.release = ""};
    llw_words names = {0}; /* install RELEASE CHART, template CHART */
    if (!e || r->n_helm_uses == MAX_USES) return;
    use.file = &e->file;
    use.line = from && words->items[from - 1].n ? words->items[from - 1].chars[0].line : 0;
    read_options(r, words, from, &use, &names);
    const char *verb = text_at(r->arena, &names, 0);
    if (strcmp(verb, "install") && strcmp(verb, "upgrade") && strcmp(verb, "template")) return;
    for (size_t i = 1; i < names.n && i < 3 && !use.chart; i++) {
        use.chart = chart_at(r, site, text_at(r->arena, &names, i));
        if (!use.chart) use.release = text_at(r->arena, &names, i);
    }
    for (size_t i = 0; i < use.files.n; i++) use.unclear |= !llw_rich_text(r->arena, &use.files.items[i]);
    if (use.chart) llw_helm_add_use(r, &use);
}

/* --- layers --- */

void llw_helm_add_layer(llw_arena *arena, llw_helm_layers *layers, llw_helm_layer layer) {
    void *items = layers->items;
    *(llw_helm_layer *)llw_arena_push(arena, &items, &layers->n, &layers->capacity, sizeof layer) = layer;
    layers->items = items;
}

const llw_helm_layer *llw_helm_layer_of(const llw_helm_layers *layers, const llw_yaml *node) {
    const llw_yaml *root = llw_yaml_root(node);
    for (size_t i = 0; i < layers->n; i++)
        if (layers->items[i].root == root) return &layers->items[i];
    return NULL;
}

typedef struct work {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_helm_use *use;
    llw_helm_layers *layers;
    llw_yaml_patch patch;
    llw_yaml *values;
} work;

static void lay_over(work *w, const llw_yaml *root, const llw_yaml_text *text, const char *origin) {
    llw_helm_add_layer(w->r->arena, w->layers, (llw_helm_layer){llw_yaml_root(root), text, origin});
    llw_yaml_merge(&w->patch, w->values, root, false);
}

/* A name is seen from the command's file, from above it, from the chart; beside_chart: from the chart. */
static const llw_config_file *values_file(work *w, const char *name) {
    const llw_helm_use *use = w->use;
    const llw_config_file *file =
        use->beside_chart ? NULL : llw_config_set_find_above(w->r, w->set, use->file->directory, name);
    return file ? file : llw_config_set_find(w->r, w->set, use->chart, name);
}

static void add_file(work *w, const char *name) {
    llw_config_reader *r = w->r;
    const llw_config_file *file = values_file(w, name);
    if (!file) {
        llw_config_unread(r, w->use->file->path, w->use->line,
                          "gives the chart the values of %.80s, which is not here: what it says is not known",
                          name);
        return;
    }
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (r->reread < file->len) return;
    r->reread -= file->len;
    if (llw_yaml_parse(r->arena, file->path, file->bytes, file->len, &root, &twice, &err) != LLW_OK)
        llw_config_unread(r, file->path, err.line, "%s", err.text);
    if (!root) return;
    llw_yaml_text *text = llw_arena_alloc(r->arena, sizeof *text);
    llw_yaml_text_init(text, r->arena, file->path, file->bytes, file->len);
    lay_over(w, root, text, w->use->origin ? w->use->origin : "Helm --values");
}

/* --- --set --- */

static llw_yaml *node_at(llw_arena *arena, llw_yaml_kind kind, const llw_char *at) {
    llw_yaml *node = llw_arena_alloc(arena, sizeof *node);
    *node = (llw_yaml){.kind = kind,
                       .text = "",
                       .line = at->line > 0 ? at->line : 1,
                       .column = at->column > 0 ? at->column : 1};
    node->end_line = node->line;
    node->end_column = node->column;
    return node;
}

static void hang(llw_yaml *parent, llw_yaml *node, const char *key) {
    node->parent = parent;
    node->key = key;
    if (parent->last) parent->last->next = node;
    if (!parent->first) parent->first = node;
    parent->last = node;
    parent->n++;
}

/* A stretch without its backslashes. */
static llw_rich bare(llw_arena *arena, const llw_rich *in) {
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        if (!in->chars[i].unknown && in->chars[i].byte == '\\' && i + 1 < in->n) i++;
        llw_rich_push(arena, &out, in->chars[i]);
    }
    return out;
}

static size_t up_to(const llw_rich *in, size_t from, const char *ends) {
    for (; from < in->n; from++) {
        if (in->chars[from].unknown) continue;
        if (in->chars[from].byte == '\\')
            from++;
        else if (strchr(ends, in->chars[from].byte))
            break;
    }
    return from < in->n ? from : in->n;
}

static llw_yaml *scalar(llw_arena *arena, const llw_rich *in, const llw_char *otherwise, bool string) {
    llw_rich value = bare(arena, in);
    llw_yaml *node = node_at(arena, LLW_YAML_SCALAR, value.n ? &value.chars[0] : otherwise);
    const char *text = llw_rich_text(arena, &value);
    node->plain = !string && text && *text; /* no null */
    node->text = text ? text : "";
    node->len = strlen(node->text);
    node->tag = text && *text ? NULL : llw_helm_unknown; /* empty: a variable that nobody sets here */
    if (value.n && value.chars[value.n - 1].line == node->line && value.chars[value.n - 1].column > 0)
        node->end_column = value.chars[value.n - 1].column + 1;
    return node;
}

static llw_yaml *list(llw_arena *arena, const llw_rich *in, bool string) {
    llw_yaml *out = node_at(arena, LLW_YAML_LIST, &in->chars[0]);
    for (size_t from = 1; from < in->n;) {
        size_t to = up_to(in, from, ",}");
        llw_rich item = llw_rich_slice(in, from, to);
        if (item.n) hang(out, scalar(arena, &item, &in->chars[0], string), NULL);
        from = to + 1;
    }
    return out;
}

/* a.b=value as maps in one another; an index makes the whole list unknown. */
static void add_pair(work *w, const llw_rich *key, const llw_rich *value, bool string,
                     const llw_yaml_text *text) {
    llw_arena *arena = w->r->arena;
    llw_yaml *root = node_at(arena, LLW_YAML_MAP, &key->chars[0]), *up = root;
    for (size_t from = 0, n = 0; from <= key->n && n < MAX_KEYS; n++) {
        size_t to = up_to(key, from, ".[");
        llw_rich part = llw_rich_slice(key, from, to);
        part = bare(arena, &part);
        const char *name = llw_rich_text(arena, &part);
        bool last = to >= key->n, index = !last && key->chars[to].byte == '[';
        if (!name || !*name) return;
        if (!last && !index) {
            llw_yaml *map = node_at(arena, LLW_YAML_MAP, &key->chars[from]);
            hang(up, map, name);
            up = map;
            from = to + 1;
            continue;
        }
        bool braces = value->n && !value->chars[0].unknown && value->chars[0].byte == '{';
        llw_yaml *leaf = braces ? list(arena, value, string) : scalar(arena, value, &key->chars[0], string);
        if (index) leaf->tag = llw_helm_unknown;
        hang(up, leaf, name);
        break;
    }
    lay_over(w, root, text, w->use->origin ? w->use->origin : "Helm --set");
}

/* Pairs are parted by commas outside of {}. */
static void add_set(work *w, const llw_rich *pairs, bool string) {
    const llw_config_entry *e =
        pairs->n && pairs->chars[0].link ? llw_config_set_entry(w->set, pairs->chars[0].link->file) : NULL;
    if (!e || w->r->reread < e->file.len) return;
    w->r->reread -= e->file.len;
    llw_yaml_text *text = llw_arena_alloc(w->r->arena, sizeof *text);
    llw_yaml_text_init(text, w->r->arena, e->file.path, e->file.bytes, e->file.len);
    for (size_t from = 0; from < pairs->n;) {
        size_t sign = up_to(pairs, from, "=,"), to = sign;
        if (sign < pairs->n && pairs->chars[sign].byte == '=') {
            bool braces = sign + 1 < pairs->n && pairs->chars[sign + 1].byte == '{';
            to = braces ? up_to(pairs, up_to(pairs, sign + 1, "}"), ",") : up_to(pairs, sign + 1, ",");
            llw_rich key = llw_rich_slice(pairs, from, sign), value = llw_rich_slice(pairs, sign + 1, to);
            if (key.n) add_pair(w, &key, &value, string, text);
        }
        from = to + 1;
    }
}

const llw_yaml *llw_helm_values(llw_config_reader *r, llw_config_set *set, const llw_helm_use *use,
                                const llw_yaml *own, llw_helm_layers *layers) {
    static const llw_char nowhere = {.line = 1, .column = 1};
    work w = {
        .r = r, .set = set, .use = use, .layers = layers, .patch = {.arena = r->arena, .budget = MAX_VALUES}};
    w.values = own && own->kind == LLW_YAML_MAP ? llw_yaml_copy(&w.patch, own)
                                                : node_at(r->arena, LLW_YAML_MAP, &nowhere);
    if (!w.values) return own;
    for (size_t i = 0; i < use->files.n; i++) add_file(&w, llw_rich_text(r->arena, &use->files.items[i]));
    for (size_t i = 0; i < use->own.n; i++)
        lay_over(&w, use->own.items[i].root, use->own.items[i].text, use->own.items[i].origin);
    for (size_t i = 0; i < use->sets.n; i++)
        add_set(&w, &use->sets.items[i], i + use->n_strings >= use->sets.n);
    return w.values;
}

const llw_yaml *llw_helm_part(llw_config_reader *r, const llw_yaml *parent, const char *name,
                              const llw_yaml *own) {
    static const llw_char nowhere = {.line = 1, .column = 1};
    llw_yaml_patch patch = {.arena = r->arena, .budget = MAX_VALUES};
    const llw_yaml *part = llw_yaml_get(parent, name), *global = llw_yaml_get(parent, "global");
    llw_yaml *out = own && own->kind == LLW_YAML_MAP ? llw_yaml_copy(&patch, own)
                                                     : node_at(r->arena, LLW_YAML_MAP, &nowhere);
    if (!out) return own;
    if (part && part->kind == LLW_YAML_MAP) llw_yaml_merge(&patch, out, part, false);
    if (global && global->kind == LLW_YAML_MAP) {
        llw_yaml *above = node_at(r->arena, LLW_YAML_MAP, &nowhere), *copy = llw_yaml_copy(&patch, global);
        if (copy) hang(above, copy, "global");
        llw_yaml_merge(&patch, out, above, false);
    }
    return out;
}
