/* Reads teaching cases: YAML to struct, every key checked, every expression's text kept with its line. */
#include "teach/case.h"
#include "base/data.h"
#include "source/config/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    llw_arena *arena;
    const char *path, *bytes;
    size_t len;
    llw_err *err;
    bool failed;
} reader;

const char *llw_ask_kind_name(llw_ask_kind kind) {
    static const char *const name[] = {"flags", "number", "yes-no", "choice", "line", "order"};
    return name[kind];
}

__attribute__((format(printf, 3, 4))) static void fail(reader *r, const llw_yaml *at, const char *fmt, ...) {
    if (r->failed) return;
    r->failed = true;
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    llw_fail(r->err, LLW_ERR_INPUT, r->path, at ? at->line : 0, "%s", text);
}

/* Only keys of the list, which is one word string: "title brief". */
static void check_keys(reader *r, const llw_yaml *map, const char *keys) {
    if (map->kind != LLW_YAML_MAP) {
        fail(r, map, "this has to be a mapping with: %s", keys);
        return;
    }
    for (const llw_yaml *child = map->first; child; child = child->next) {
        size_t len = strlen(child->key);
        bool known = false;
        for (const char *at = keys; *at && !known; at += strcspn(at, " "), at += *at == ' ')
            known = strcspn(at, " ") == len && !strncmp(at, child->key, len);
        if (!known) fail(r, child, "'%s' is not known here; there are: %s", child->key, keys);
    }
}

static const char *text_of(reader *r, const llw_yaml *map, const char *key, bool needed) {
    const llw_yaml *node = llw_yaml_follow(llw_yaml_get(map, key));
    if (node && node->kind != LLW_YAML_SCALAR) fail(r, node, "'%s' has to be a text", key);
    const char *text = llw_yaml_string(node, "");
    if (needed && !*text) fail(r, map, "'%s' is missing", key);
    size_t len = strlen(text);
    while (len && (text[len - 1] == '\n' || text[len - 1] == ' ')) len--;
    return llw_arena_strndup(r->arena, text, len);
}

static const char *text_or_null(reader *r, const llw_yaml *map, const char *key) {
    const char *text = text_of(r, map, key, false);
    return *text ? text : NULL;
}

static bool yes(reader *r, const llw_yaml *map, const char *key) {
    const char *text = text_of(r, map, key, false);
    if (!*text || !strcmp(text, "no") || !strcmp(text, "false")) return false;
    if (strcmp(text, "yes") && strcmp(text, "true")) fail(r, map, "'%s' is yes or no", key);
    return true;
}

static void add_text(reader *r, llw_texts *out, size_t *capacity, const char *text) {
    void *items = out->items;
    *(const char **)llw_arena_push(r->arena, &items, &out->n, capacity, sizeof text) = text;
    out->items = items;
}

/* A list of texts, or one text. */
static llw_texts texts(reader *r, const llw_yaml *map, const char *key) {
    llw_texts out = {0};
    size_t capacity = 0;
    const llw_yaml *node = llw_yaml_follow(llw_yaml_get(map, key));
    if (node && node->kind == LLW_YAML_SCALAR) add_text(r, &out, &capacity, text_of(r, map, key, false));
    for (const llw_yaml *item = node && node->kind == LLW_YAML_LIST ? node->first : NULL; item;
         item = item->next) {
        const llw_yaml *scalar = llw_yaml_follow(item);
        if (scalar->kind != LLW_YAML_SCALAR) fail(r, item, "'%s' is a list of texts", key);
        add_text(r, &out, &capacity, llw_yaml_string(scalar, ""));
    }
    if (node && node->kind == LLW_YAML_MAP) fail(r, node, "'%s' is a list of texts", key);
    if (out.n > LLW_CASE_MAX_ITEMS) fail(r, node, "'%s' has more than %d items", key, LLW_CASE_MAX_ITEMS);
    return out;
}

llw_texts llw_case_words(llw_arena *arena, const char *line) {
    reader r = {.arena = arena};
    llw_texts out = {0};
    size_t capacity = 0;
    for (const char *at = line; *at;) {
        at += strspn(at, " \t\r\n");
        llw_text word = {0};
        bool any = false;
        for (char quote = 0; *at && (quote || !strchr(" \t\r\n", *at)); at++) {
            any = true;
            if (quote ? *at == quote : *at == '\'' || *at == '"')
                quote = quote ? 0 : *at;
            else
                llw_text_addn(&word, at, 1);
        }
        if (any) add_text(&r, &out, &capacity, llw_arena_strdup(arena, llw_text_str(&word)));
        llw_text_fini(&word);
    }
    return out;
}

void llw_case_quote(llw_text *line, const char *word) {
    bool quoted = !*word || word[strcspn(word, " \"\\|$()*[]")];
    llw_text_addf(line, quoted ? "%s'%s'" : "%s%s", line->len ? " " : "", word);
}

/* A line that is split, or a list of words. */
static llw_texts words(reader *r, const llw_yaml *map, const char *key) {
    const llw_yaml *node = llw_yaml_follow(llw_yaml_get(map, key));
    return node && node->kind == LLW_YAML_SCALAR ? llw_case_words(r->arena, text_of(r, map, key, false))
                                                 : texts(r, map, key);
}

static llw_value read_value(reader *r, const llw_yaml *node, llw_type type) {
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}};
    const char *text = llw_yaml_string(llw_yaml_follow(node), "");
    if (type == LLW_FLAG) {
        bool on = !strcmp(text, "yes") || !strcmp(text, "true");
        if (!on && strcmp(text, "no") && strcmp(text, "false")) fail(r, node, "'%s' is yes or no", node->key);
        return llw_flag(on);
    }
    if (llw_type_is_text(type)) return llw_string(type, llw_arena_strdup(r->arena, text));
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text) fail(r, node, "'%s' is a number", node->key);
    end += strspn(end, " ");
    if (type == LLW_BYTES) {
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (!strcmp(end, units[i].unit)) return llw_number(type, number * units[i].bytes);
        fail(r, node, "'%s' is a size with its unit: 30 GiB, 16 GB", node->key);
    } else if (*end)
        fail(r, node, "'%s': '%s' is left over behind the number", node->key, end);
    return llw_number(type, number);
}

static void read_thing(reader *r, const llw_yaml *node, llw_case_thing *out) {
    const llw_yaml *map = node->kind == LLW_YAML_MAP ? node->first : NULL;
    out->kind = map ? llw_kind_find(map->key) : LLW_KIND_NONE;
    if (!map || map->next || out->kind == LLW_KIND_NONE || map->kind != LLW_YAML_MAP) {
        fail(r, node, "a thing that is known is written as 'probe: { prompt_tokens: 20, passed: yes }'");
        return;
    }
    for (const llw_yaml *child = map->first; child && !r->failed; child = child->next) {
        llw_attr attr = llw_attr_find(out->kind, child->key);
        if (attr == LLW_ATTR_NONE || llw_attr_get(attr)->type == LLW_REF)
            fail(r, child, "a %s has no attribute '%s' to be set", llw_kind_name(out->kind), child->key);
        else if (out->n == LLW_CASE_MAX_ITEMS)
            fail(r, child, "more than %d attributes", LLW_CASE_MAX_ITEMS);
        else {
            out->slots[out->n].attr = attr;
            out->slots[out->n++].value = read_value(r, child, llw_attr_get(attr)->type);
        }
    }
}

#define SETTING_KEYS "gpus ram llama model args with files launch known"

bool llw_case_starts(const char *started, const char *path) {
    size_t len = strlen(path);
    return started && !strncmp(started, path, len) && (!started[len] || started[len] == ':');
}

/* "models.conf: |" and its lines, as many files as there are. */
static void read_files(reader *r, const llw_yaml *map, llw_case_setting *out) {
    const llw_yaml *files = llw_yaml_follow(llw_yaml_get(map, "files"));
    out->started = text_or_null(r, map, "launch");
    if (!files) return;
    if (files->kind != LLW_YAML_MAP) {
        fail(r, files, "'files' gives each file's text under its name");
        return;
    }
    out->files = llw_arena_alloc(r->arena, ((size_t)files->n + 1) * sizeof *out->files);
    for (const llw_yaml *file = files->first; file && !r->failed; file = file->next) {
        const char *text = llw_yaml_string(llw_yaml_follow(file), "");
        if (*file->key == '/' || strstr(file->key, "..") || strchr(file->key, ':') || !*text)
            fail(r, file, "'%s': a file has a name without ':' and '..', and a text", file->key);
        out->files[out->n_files++] =
            (llw_config_input){.path = file->key, .bytes = text, .len = strlen(text)};
    }
}

static void read_setting(reader *r, const llw_yaml *map, llw_case_setting *out) {
    out->gpus = texts(r, map, "gpus");
    out->ram = text_or_null(r, map, "ram");
    out->llama = text_or_null(r, map, "llama");
    out->model = text_or_null(r, map, "model");
    out->args = words(r, map, "args");
    out->args_given = llw_yaml_get(map, "args") != NULL;
    out->with = words(r, map, "with");
    read_files(r, map, out);
    const llw_yaml *known = llw_yaml_follow(llw_yaml_get(map, "known"));
    if (known && known->kind != LLW_YAML_LIST) fail(r, known, "'known' is a list of things");
    if (!known || r->failed) return;
    out->things = llw_arena_alloc(r->arena, ((size_t)known->n + 1) * sizeof *out->things);
    for (const llw_yaml *item = known->first; item && !r->failed; item = item->next)
        read_thing(r, llw_yaml_follow(item), &out->things[out->n_things++]);
}

static llw_proviso read_proviso(reader *r, const llw_yaml *map) {
    return (llw_proviso){.holds = text_or_null(r, map, "holds"),
                         .finds = text_or_null(r, map, "finds"),
                         .lacks = text_or_null(r, map, "lacks"),
                         .answer = text_or_null(r, map, "answer"),
                         .line = map->line};
}

static void read_choices(reader *r, const llw_yaml *list, llw_ask *out) {
    out->choices = llw_arena_alloc(r->arena, ((size_t)list->n + 1) * sizeof *out->choices);
    for (const llw_yaml *item = list->first; item && !r->failed; item = item->next) {
        const llw_yaml *map = llw_yaml_follow(item);
        check_keys(r, map, "say change holds finds lacks step mistake");
        if (r->failed) return;
        llw_choice *c = &out->choices[out->n_choices++];
        c->text = text_of(r, map, "say", true);
        c->line = map->line;
        c->right = read_proviso(r, map);
        c->misconception = text_or_null(r, map, "mistake");
        c->step = text_or_null(r, map, "step");
        const llw_yaml *change = llw_yaml_follow(llw_yaml_get(map, "change"));
        if (change) {
            check_keys(r, change, SETTING_KEYS);
            if (!r->failed) read_setting(r, change, &c->change);
        }
        bool judged = c->right.holds || c->right.finds || c->right.lacks;
        if (out->kind == LLW_ASK_CHOICE && (!judged || c->step))
            fail(r, map, "a choice says when it is right: holds, finds or lacks");
        if (out->kind == LLW_ASK_ORDER && (judged || (out->by != NULL) == (c->step != NULL)))
            fail(r, map,
                 out->by ? "in an order 'by' something a choice has say and change, no more"
                         : "in an order without 'by' each choice has the step of fit that it is");
    }
}

static void read_mistakes(reader *r, const llw_yaml *list, llw_ask *out) {
    out->mistakes = llw_arena_alloc(r->arena, ((size_t)list->n + 1) * sizeof *out->mistakes);
    for (const llw_yaml *item = list->first; item && !r->failed; item = item->next) {
        const llw_yaml *map = llw_yaml_follow(item);
        check_keys(r, map, "is holds finds lacks answer");
        if (r->failed) return;
        out->mistakes[out->n_mistakes++] = (llw_mistake){text_of(r, map, "is", true), read_proviso(r, map)};
    }
}

static void read_kind(reader *r, const llw_yaml *map, llw_ask *out) {
    const char *kind = text_of(r, map, "kind", true);
    for (int k = LLW_ASK_FLAGS; k < LLW_ASK_KINDS; k++)
        if (!strcmp(kind, llw_ask_kind_name((llw_ask_kind)k))) {
            out->kind = (llw_ask_kind)k;
            return;
        }
    fail(r, map, "kind '%s': it is flags, number, yes-no, choice, line or order", kind);
}

static void read_ask(reader *r, const llw_yaml *map, llw_ask *out) {
    check_keys(r, map,
               "id kind what_if question change slot unit goal keep choices several finds by falling hints "
               "mistakes");
    if (r->failed) return;
    out->line = map->line;
    out->id = text_of(r, map, "id", true);
    read_kind(r, map, out);
    out->what_if = yes(r, map, "what_if");
    out->several = yes(r, map, "several");
    out->finds = text_or_null(r, map, "finds");
    out->by = text_or_null(r, map, "by");
    out->falling = yes(r, map, "falling");
    out->question = text_of(r, map, "question", true);
    out->slot = text_or_null(r, map, "slot");
    out->unit = text_of(r, map, "unit", false);
    out->goal = texts(r, map, "goal");
    out->keep = texts(r, map, "keep");
    out->hints = texts(r, map, "hints");
    const llw_yaml *change = llw_yaml_follow(llw_yaml_get(map, "change")),
                   *choices = llw_yaml_follow(llw_yaml_get(map, "choices"));
    const llw_yaml *mistakes = llw_yaml_follow(llw_yaml_get(map, "mistakes"));
    if (change) {
        check_keys(r, change, SETTING_KEYS);
        if (!r->failed) read_setting(r, change, &out->change);
    }
    if (choices) read_choices(r, choices, out);
    if (mistakes) read_mistakes(r, mistakes, out);
    bool slot = out->kind == LLW_ASK_NUMBER || out->kind == LLW_ASK_YES_NO;
    if (slot != (out->slot != NULL))
        fail(r, map,
             slot ? "this kind of question needs a slot" : "a slot belongs to a number or a yes-no question");
    if (out->kind == LLW_ASK_ORDER ? out->n_choices < 3 || out->n_choices > LLW_ORDER_MAX
                                   : (out->kind == LLW_ASK_CHOICE) != (out->n_choices >= 2))
        fail(r, map, "a choice has two choices or more, an order three to %d, and nothing else has any",
             LLW_ORDER_MAX);
    if (out->finds && out->kind != LLW_ASK_LINE) fail(r, map, "finds belongs to a question for a line");
    if ((out->by || out->falling) && out->kind != LLW_ASK_ORDER)
        fail(r, map, "by and falling belong to a question for an order");
    if (out->kind != LLW_ASK_FLAGS && (out->goal.n || out->keep.n))
        fail(r, map, "goal and keep belong to a question for flags");
}

static void read_case(reader *r, const llw_yaml *root, llw_case *out) {
    check_keys(r, root, "lesson also title brief source composed minutes boundary facts asks " SETTING_KEYS);
    if (r->failed) return;
    out->lesson = text_of(r, root, "lesson", true);
    out->also = texts(r, root, "also");
    out->title = text_of(r, root, "title", true);
    out->brief = text_of(r, root, "brief", true);
    out->source = text_of(r, root, "source", true);
    if (llw_yaml_is_cut(r->bytes, r->len, llw_yaml_get(root, "source")))
        fail(r, llw_yaml_get(root, "source"),
             "the source ends at \"%s\": what stands behind # is a comment, put it in quotes", out->source);
    out->composed = text_or_null(r, root, "composed");
    out->minutes = atoi(text_of(r, root, "minutes", false));
    if (!out->minutes) out->minutes = 5;
    out->boundary = yes(r, root, "boundary");
    out->facts = texts(r, root, "facts");
    read_setting(r, root, &out->setting);
    const llw_yaml *asks = llw_yaml_follow(llw_yaml_get(root, "asks"));
    if (!asks || asks->kind != LLW_YAML_LIST || !asks->n) {
        fail(r, root, "a case has asks: a list of questions");
        return;
    }
    const llw_case_setting *s = &out->setting;
    if (!s->gpus.n || !s->ram || !s->llama || !(s->n_files ? s->started : s->model))
        fail(r, root, "a case needs gpus, ram, llama, and a model or files with the launch in them");
    if (s->n_files && s->args_given) fail(r, root, "files say how it is started: leave args out");
    out->asks = llw_arena_alloc(r->arena, ((size_t)asks->n + 1) * sizeof *out->asks);
    for (const llw_yaml *item = asks->first; item && !r->failed; item = item->next)
        read_ask(r, llw_yaml_follow(item), &out->asks[out->n_asks++]);
}

llw_rc llw_case_parse(llw_arena *arena, const char *path, const char *id, const char *bytes, size_t len,
                      llw_case *out, llw_err *err) {
    *out = (llw_case){.id = llw_arena_strdup(arena, id), .file = llw_arena_strdup(arena, path)};
    if (len > LLW_CASE_MAX_BYTES)
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "a case has at most %d bytes", LLW_CASE_MAX_BYTES);
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_rc rc = llw_yaml_parse(arena, path, bytes, len, &root, &twice, err);
    if (rc != LLW_OK) return rc;
    if (!root) return llw_fail(err, LLW_ERR_INPUT, path, 0, "is empty");
    if (twice) return llw_fail(err, LLW_ERR_INPUT, path, twice->key_line, "'%s' is there twice", twice->key);
    reader r = {.arena = arena, .path = path, .bytes = bytes, .len = len, .err = err};
    read_case(&r, root, out);
    return r.failed ? LLW_ERR_INPUT : LLW_OK;
}

void llw_case_list(llw_arena *arena, char ***ids, size_t *n) {
    llw_data_list(arena, "lessons/cases", ".yaml", ids, n);
    for (size_t i = 0; i < *n; i++) {
        const char *slash = strrchr((*ids)[i], '/'), *base = slash ? slash + 1 : (*ids)[i];
        (*ids)[i] = llw_arena_strndup(arena, base, strlen(base) - strlen(".yaml"));
    }
}

llw_rc llw_case_load(llw_arena *arena, const char *id, llw_case *out, llw_err *err) {
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    llw_rc rc =
        llw_data_read(arena, llw_arena_printf(arena, "lessons/cases/%s.yaml", id), &bytes, &len, &path, err);
    return rc == LLW_OK ? llw_case_parse(arena, path, id, bytes, len, out, err) : rc;
}

llw_rc llw_misconceptions_load(llw_arena *arena, llw_misconceptions *out, llw_err *err) {
    *out = (llw_misconceptions){0};
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    llw_rc rc = llw_data_read(arena, "lessons/misconceptions.yaml", &bytes, &len, &path, err);
    if (rc != LLW_OK) return rc;
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    rc = llw_yaml_parse(arena, path, bytes, len, &root, &twice, err);
    if (rc != LLW_OK) return rc;
    if (!root || root->kind != LLW_YAML_MAP || twice)
        return llw_fail(err, LLW_ERR_INPUT, path, twice ? twice->key_line : 0,
                        "is a mapping from a misconception's id to title and says, each id once");
    reader r = {.arena = arena, .path = path, .bytes = bytes, .len = len, .err = err};
    out->items = llw_arena_alloc(arena, ((size_t)root->n + 1) * sizeof *out->items);
    for (const llw_yaml *item = root->first; item && !r.failed; item = item->next) {
        check_keys(&r, item, "title says");
        if (!r.failed)
            out->items[out->n++] = (llw_misconception){item->key, text_of(&r, item, "title", true),
                                                       text_of(&r, item, "says", true)};
    }
    return r.failed ? LLW_ERR_INPUT : LLW_OK;
}

const llw_misconception *llw_misconception_find(const llw_misconceptions *all, const char *id) {
    for (size_t i = 0; id && i < all->n; i++)
        if (!strcmp(all->items[i].id, id)) return &all->items[i];
    return NULL;
}
