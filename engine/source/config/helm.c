/* Templates of a Helm chart: actions resolved from its values, structure kept line by line. */
#include "source/config/helm.h"
#include "base/file.h"
#include "base/text.h"
#include "source/config/helm_expression.h"
#include "source/config/yaml_patch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Marks are private-use characters of three bytes: the first says which value, the others fill. */
enum {
    MAX_MARKS = 6000,
    FIRST_MARK = 0xe000,
    FILL = 0xf8ff,
    MAX_OPEN = 32,
    MAX_LEFT = 16,
    MAX_SPLICED = 20000
};

typedef struct block {
    bool shown;  /* what is inside counts */
    bool chosen; /* a branch of it was shown already */
    bool unknown;
    const llw_yaml *outer; /* the dot outside */
    bool outer_known, outer_each;
} block;

struct llw_helm {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_helm_scope scope;
    llw_helm_layers layers; /* what values and chart were written in */
    llw_helm_value *marks;
    size_t n_marks, mark_capacity;
    block open[MAX_OPEN];
    size_t depth;
    int left_out[MAX_LEFT];
    size_t n_left;
};

/* --- the chart --- */

static const llw_yaml *tree_of(llw_helm *h, llw_config_set *set, const char *directory, const char *name,
                               const char *origin) {
    const llw_config_file *file = llw_config_set_find(h->r, set, directory, name);
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (!file) return NULL;
    if (llw_yaml_parse(h->r->arena, file->path, file->bytes, file->len, &root, &twice, &err) != LLW_OK) {
        static const char ours[] = "llama"; /* of other charts nobody here asks */
        if (memmem(file->bytes, file->len, ours, sizeof ours - 1))
            llw_config_unread(h->r, file->path, err.line, "%s", err.text);
        return NULL;
    }
    llw_yaml_text *text = llw_arena_alloc(h->r->arena, sizeof *text);
    llw_yaml_text_init(text, h->r->arena, file->path, file->bytes, file->len);
    if (root) llw_helm_add_layer(h->r->arena, &h->layers, (llw_helm_layer){root, text, origin});
    return root;
}

/* The chart's directory is the one above templates/, however deep the file lies in there. */
static const char *chart_of(llw_arena *arena, const llw_config_file *file) {
    static const char name[] = "templates";
    const char *found = NULL;
    for (const char *at = file->directory; (at = strstr(at, name)) != NULL; at += sizeof name - 1) {
        char next = at[sizeof name - 1];
        if ((at == file->directory || at[-1] == '/') && (!next || next == '/')) found = at;
    }
    if (!found) return NULL;
    size_t len = (size_t)(found - file->directory);
    return llw_arena_strndup(arena, file->directory, len ? len - 1 : 0);
}

/* --- control --- */

static bool is_shown(const llw_helm *h) {
    return !h->depth || h->open[h->depth - 1].shown;
}

static void leave_out(llw_helm *h, int line) {
    if (h->n_left < MAX_LEFT) h->left_out[h->n_left++] = line;
}

static void enter(llw_helm *h, const char *const *words, size_t n, int line) {
    if (h->depth == MAX_OPEN) return;
    bool shown = is_shown(h), known = true, truth = false, range = !strcmp(words[0], "range"),
         with = !strcmp(words[0], "with");
    block b = {.outer = h->scope.dot, .outer_known = h->scope.dot_known, .outer_each = h->scope.dot_is_each};
    b.unknown = h->scope.in_root; /* whether the dot outside is the root, until end */
    if (!strcmp(words[0], "define") || !strcmp(words[0], "block")) {
        known = true;
    } else {
        size_t last = n - 1; /* of range $k, $v := .Values.x */
        truth = shown && n > 1 &&
                llw_helm_truth(&h->scope, range ? words + last : words + 1, range ? 1 : n - 1, &known);
        if (shown && !known) leave_out(h, line);
    }
    b.shown = shown && known && truth;
    b.chosen = !shown || truth || !known;
    if (range || with) {
        llw_helm_value v = n == 2 ? llw_helm_operand(&h->scope, words[1]) : (llw_helm_value){0};
        bool list = v.known && v.node && v.node->kind == LLW_YAML_LIST;
        h->scope.dot = v.node;
        h->scope.dot_known = with ? v.known : list;
        h->scope.dot_is_each = range;
        h->scope.in_root = false;
    }
    h->open[h->depth++] = b;
}

static void otherwise(llw_helm *h, const char *const *words, size_t n, int line) {
    if (!h->depth) return;
    block *b = &h->open[h->depth - 1];
    h->scope.dot = b->outer;
    h->scope.dot_known = b->outer_known;
    h->scope.dot_is_each = b->outer_each;
    h->scope.in_root = b->unknown;
    b->shown = false;
    if (b->chosen) return;
    bool known = true, truth = n < 2 || llw_helm_truth(&h->scope, words + 2, n - 2, &known); /* else if */
    if (!known) leave_out(h, line);
    b->shown = known && truth;
    b->chosen = truth || !known;
}

static void end(llw_helm *h) {
    if (!h->depth) return;
    const block *b = &h->open[--h->depth];
    h->scope.dot = b->outer;
    h->scope.dot_known = b->outer_known;
    h->scope.dot_is_each = b->outer_each;
    h->scope.in_root = b->unknown;
}

/* True when the action is structure and puts nothing in. */
static bool control(llw_helm *h, const char *const *words, size_t n, int line) {
    static const char *const opening[] = {"if", "with", "range", "define", "block"};
    if (!n || !strncmp(words[0], "/*", 2)) return true;
    for (size_t i = 0; i < sizeof opening / sizeof *opening; i++)
        if (!strcmp(words[0], opening[i])) {
            enter(h, words, n, line);
            return true;
        }
    if (!strcmp(words[0], "else")) {
        otherwise(h, words, n, line);
        return true;
    }
    if (!strcmp(words[0], "end")) {
        end(h);
        return true;
    }
    return *words[0] == '$' && n > 1 && strchr(words[1], '='); /* $x := ... */
}

/* --- rendering --- */

static void put_private(llw_text *out, unsigned code) {
    char bytes[3] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)),
                     (char)(0x80 | (code & 0x3f))};
    llw_text_addn(out, bytes, 3);
}

static unsigned private_at(const char *at, size_t len) {
    if (len < 3 || (unsigned char)at[0] < 0xee || (unsigned char)at[0] > 0xef) return 0;
    unsigned code = (unsigned)(at[0] & 0xf) << 12 | (unsigned)(at[1] & 0x3f) << 6 | (unsigned)(at[2] & 0x3f);
    return code >= FIRST_MARK && code <= FILL ? code : 0;
}

/* Blanks for an action that puts nothing in, and for what is left out; lines stay. */
static void put_blank(llw_text *out, const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n')
            llw_text_add(out, "\n");
        else if (((unsigned char)text[i] & 0xc0) != 0x80)
            llw_text_add(out, " ");
}

static void put_mark(llw_helm *h, llw_text *out, const llw_helm_value *v, const char *action, size_t len) {
    if (h->n_marks == MAX_MARKS || memchr(action, '\n', len)) {
        put_blank(out, action, len);
        return;
    }
    put_private(out, FIRST_MARK + (unsigned)h->n_marks);
    void *items = h->marks;
    *(llw_helm_value *)llw_arena_push(h->r->arena, &items, &h->n_marks, &h->mark_capacity, sizeof *v) = *v;
    h->marks = items;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)action[i] & 0xc0) != 0x80) put_private(out, FILL);
}

/* The columns that indent and nindent move a text to; those where it stands when neither does. */
static size_t indent_of(const char *const *words, size_t n, size_t otherwise) {
    for (size_t i = 0; i + 1 < n; i++) {
        const char *at = !strcmp(words[i], "indent") || !strcmp(words[i], "nindent") ? words[i + 1] : "";
        if (*at && strspn(at, "0123456789") == strlen(at) && strlen(at) < 3) return (size_t)atoi(at);
    }
    return otherwise;
}

/* What lines at that column are among, by the lines above: '-' a list, ':' a map, 0 nothing yet. */
static char among(const llw_text *out, size_t column) {
    const char *bytes = llw_text_str(out);
    for (size_t to = out->len; to;) {
        size_t from = to - 1, blanks = 0;
        while (from && bytes[from - 1] != '\n') from--;
        while (from + blanks < to && bytes[from + blanks] == ' ') blanks++;
        bool item = bytes[from + blanks] == '-';
        if (from + blanks < to && bytes[from + blanks] != '\n' && bytes[from + blanks] != '#') {
            if (blanks == column) return item ? '-' : ':';
            if (blanks < column) return item && blanks + 2 == column ? ':' : 0;
        }
        to = from;
    }
    return 0;
}

/* A list or map as lines of their own, maybe among others of the same list or map: one item, or one merge,
 * that llw_helm_splice turns into what it holds. What is not known is what it stands among. */
static void put_lines(llw_helm *h, llw_text *out, const llw_helm_value *v, const char *const *words, size_t n,
                      const char *text, size_t len) {
    size_t column = 0;
    while (out->len > column && llw_text_str(out)[out->len - 1 - column] == ' ') column++;
    size_t wanted = indent_of(words, n, column);
    char kind = !v->known ? among(out, wanted) : v->node->kind == LLW_YAML_LIST ? '-' : ':';
    for (; column < wanted; column++) llw_text_add(out, " ");
    for (; column > wanted; column--) out->bytes[--out->len] = 0;
    llw_text_add(out, kind == '-' ? "- " : kind == ':' ? "<<: " : "");
    put_mark(h, out, v, text, len);
}

static bool alone_in_line(const llw_helm *h, const llw_text *out, const char *text, size_t len) {
    const char *before = llw_text_str(out), *end = h->file->bytes + h->file->len;
    size_t i = out->len;
    while (i && before[i - 1] == ' ') i--;
    if (i && before[i - 1] != '\n') return false;
    for (const char *at = text + len; at < end && *at != '\n'; at++)
        if (!isspace((unsigned char)*at)) return false;
    return true;
}

static void put_action(llw_helm *h, llw_text *out, const char *text, size_t len, int line) {
    size_t from = 2, to = len - 2;
    if (from < to && text[from] == '-') from++;
    if (to > from && text[to - 1] == '-') to--;
    const char *words[LLW_HELM_MAX_WORDS];
    size_t n = llw_helm_words(h->r->arena, text + from, to - from, words);
    if (control(h, words, n, line) || !is_shown(h)) {
        put_blank(out, text, len);
        return;
    }
    llw_helm_value v = llw_helm_evaluate(&h->scope, words, n);
    bool lines = !v.known || (v.node && v.node->kind != LLW_YAML_SCALAR);
    if (lines && !memchr(text, '\n', len) && alone_in_line(h, out, text, len))
        put_lines(h, out, &v, words, n, text, len);
    else
        put_mark(h, out, &v, text, len);
}

static void render(llw_helm *h, llw_text *out) {
    const char *bytes = h->file->bytes;
    int line = 1;
    for (size_t i = 0; i < h->file->len;) {
        const char *at = bytes + i, *open = memmem(at, h->file->len - i, "{{", 2);
        size_t plain = open ? (size_t)(open - at) : h->file->len - i;
        if (is_shown(h))
            llw_text_addn(out, at, plain);
        else
            put_blank(out, at, plain);
        for (size_t k = 0; k < plain; k++) line += at[k] == '\n';
        i += plain;
        if (!open) break;
        const char *close = memmem(open, h->file->len - i, "}}", 2);
        size_t len = close ? (size_t)(close - open) + 2 : h->file->len - i;
        if (close)
            put_action(h, out, open, len, line);
        else
            put_blank(out, open, len);
        for (size_t k = 0; k < len; k++) line += open[k] == '\n';
        i += len;
    }
}

/* The directory that a chart lies in as charts/NAME; NULL. */
static const char *above_of(llw_arena *arena, const char *directory) {
    static const char folder[] = "charts";
    const char *charts = llw_path_folder(arena, directory);
    return strcmp(llw_path_name(charts), folder) ? NULL : llw_path_folder(arena, charts);
}

/* ... where a chart is. */
static const char *parent_of(llw_helm *h, llw_config_set *set, const char *directory) {
    const char *above = above_of(h->r->arena, directory);
    return above && llw_config_set_find(h->r, set, above, "Chart.yaml") ? above : NULL;
}

/* What the chart above says of it in its dependencies; NULL. */
static const llw_yaml *dependency_of(llw_helm *h, llw_config_set *set, const char *above, const char *name) {
    const llw_yaml *list = llw_yaml_get(tree_of(h, set, above, "Chart.yaml", "Chart.yaml"), "dependencies");
    for (const llw_yaml *i = list && list->kind == LLW_YAML_LIST ? list->first : NULL; i; i = i->next)
        if (!strcmp(llw_yaml_string(llw_yaml_get(i, "name"), ""), name)) return i;
    return NULL;
}

/* Whether what the charts above hold for a chart is followed here: one chart above, which names it once. */
static bool is_followed(llw_helm *h, llw_config_set *set, const llw_helm_use *use, const char *above,
                        const llw_yaml *needed) {
    if (!use && parent_of(h, set, above)) return false; /* a use begins with the chart above */
    const char *name = llw_yaml_string(llw_yaml_get(needed, "name"), "");
    for (const llw_yaml *i = needed ? needed->next : NULL; i; i = i->next)
        if (!strcmp(llw_yaml_string(llw_yaml_get(i, "name"), ""), name)) return false;
    return true;
}

/* "a.enabled,b.enabled": the first that is a flag decides. */
static bool is_enabled(const llw_yaml *values, const char *condition) {
    for (const char *at = condition; *at;) {
        size_t len = strcspn(at, ",");
        const llw_yaml *node = values;
        for (size_t i = 0; node && i < len;) {
            size_t n = strcspn(at + i, ".,");
            char key[64];
            if (n >= sizeof key) return true;
            memcpy(key, at + i, n);
            key[n] = 0;
            node = llw_yaml_get(node, key);
            i += n + 1;
        }
        const char *flag = llw_yaml_string(node, "");
        if (!strcmp(flag, "true") || !strcmp(flag, "false")) return *flag == 't';
        at += len + (at[len] == ',');
    }
    return true;
}

bool llw_helm_is_of(llw_arena *arena, const llw_config_file *file, const char *chart) {
    const char *own = memmem(file->bytes, file->len, "{{", 2) ? chart_of(arena, file) : NULL,
               *above = own ? above_of(arena, own) : NULL;
    return own && (!strcmp(own, chart) || (above && !strcmp(above, chart)));
}

bool llw_helm_is_used(const llw_config_reader *r, const llw_config_file *file) {
    for (size_t i = 0; i < r->n_helm_uses; i++)
        if (!r->helm_uses[i].unclear && llw_helm_is_of(r->arena, file, r->helm_uses[i].chart)) return true;
    return false;
}

llw_helm *llw_helm_read(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                        const llw_helm_use *use, const char **bytes, size_t *len) {
    const char *directory = memmem(file->bytes, file->len, "{{", 2) ? chart_of(r->arena, file) : NULL;
    if (!directory) return NULL;
    llw_helm *h = llw_arena_alloc(r->arena, sizeof *h);
    *h = (llw_helm){.r = r, .file = file, .scope = {.arena = r->arena, .in_root = true}};
    h->scope.values = tree_of(h, set, directory, "values.yaml", "Helm values");
    bool alone = use && !strcmp(use->chart, directory); /* installed by itself */
    const char *above = alone ? NULL : parent_of(h, set, directory);
    const llw_yaml *values = above ? tree_of(h, set, above, "values.yaml", "Helm values") : h->scope.values;
    if (use) values = llw_helm_values(r, set, use, values, &h->layers);
    const llw_yaml *needed = above ? dependency_of(h, set, above, llw_path_name(directory)) : NULL;
    const char *alias = llw_yaml_string(llw_yaml_get(needed, "alias"), NULL);
    h->scope.values_unclear = above && !is_followed(h, set, use, above, needed);
    h->scope.values =
        above ? llw_helm_part(r, values, alias ? alias : llw_path_name(directory), h->scope.values) : values;
    h->scope.chart = tree_of(h, set, directory, "Chart.yaml", "Chart.yaml");
    if (!h->scope.chart) return NULL;
    llw_text text = {0};
    const char *condition = llw_yaml_string(llw_yaml_get(needed, "condition"), "");
    if (h->scope.values_unclear || is_enabled(values, condition)) render(h, &text);
    *bytes = llw_arena_strndup(r->arena, llw_text_str(&text), text.len);
    *len = text.len;
    llw_text_fini(&text);
    return h;
}

/* --- values --- */

bool llw_helm_marks(const char *text) {
    for (size_t len = strlen(text); len; text++, len--)
        if (private_at(text, len)) return true;
    return false;
}

/* The value whose mark is all that a plain scalar holds; NULL. */
static const llw_helm_value *only_mark(const llw_helm *h, const llw_yaml *node) {
    if (!h || !node || node->kind != LLW_YAML_SCALAR || !node->plain) return NULL;
    unsigned code = private_at(node->text, node->len);
    if (!code || code == FILL || code - FIRST_MARK >= h->n_marks) return NULL;
    for (size_t i = 3; i < node->len; i += 3)
        if (private_at(node->text + i, node->len - i) != FILL) return NULL;
    return &h->marks[code - FIRST_MARK];
}

void llw_helm_splice(const llw_helm *h, llw_yaml *root) {
    if (!h) return;
    llw_yaml_patch p = {.arena = h->r->arena, .budget = MAX_SPLICED};
    for (llw_yaml *at = root; at;) {
        for (llw_yaml *c = at->first, *next; c; c = next) {
            next = c->next;
            const llw_helm_value *v = only_mark(h, c);
            bool merge = at->kind == LLW_YAML_MAP && c->key && !strcmp(c->key, "<<");
            bool fits = v && v->known && v->node && v->node->kind == at->kind;
            if (fits && (merge || at->kind == LLW_YAML_LIST)) llw_yaml_splice(&p, c, v->node);
        }
        if (at->first) {
            at = at->first;
            continue;
        }
        while (at != root && !at->next) at = at->parent;
        at = at == root ? NULL : at->next;
    }
}

const llw_yaml *llw_helm_node(const llw_helm *h, const llw_yaml *node) {
    const llw_helm_value *v = only_mark(h, node);
    bool whole = v && v->known && v->node && v->node->kind != LLW_YAML_SCALAR;
    return whole ? v->node : node;
}

const char *llw_helm_bare(const llw_helm *h, const llw_yaml *node) {
    const llw_helm_value *v = only_mark(h, node);
    return v && v->known && !v->quoted && (!v->node || v->node->kind == LLW_YAML_SCALAR) ? llw_helm_text(v)
                                                                                         : NULL;
}

static llw_rich of_layer(const void *context, const llw_yaml *node) {
    const llw_helm *h = context;
    const llw_helm_layer *layer = llw_helm_layer_of(&h->layers, node);
    if (!layer) return (llw_rich){0};
    return llw_yaml_rich(layer->text, node,
                         llw_link_new(h->r->arena, layer->text->path, layer->origin, true));
}

static llw_rich value_text(const llw_helm *h, const llw_helm_value *v, const llw_char *at) {
    llw_rich out = {0};
    llw_arena *arena = h->r->arena;
    const llw_yaml *node = v->node;
    if (!v->known || (node && node->kind != LLW_YAML_SCALAR)) {
        llw_rich_unknown(arena, &out, at, at->link);
        return out;
    }
    if (v->literal) {
        const llw_link *link = llw_link_new(arena, h->file->path, "Helm default", true);
        llw_rich_read(arena, &out, v->literal, strlen(v->literal), at->line, at->column, link);
        return out;
    }
    if (!node || llw_yaml_is_null(node)) return out; /* <no value> and null become nothing here */
    return llw_yaml_over(arena, node, of_layer, h);
}

static llw_rich put_in(const llw_helm *h, const llw_rich *in) {
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char three[3] = {c->byte, i + 1 < in->n ? in->chars[i + 1].byte : 0,
                         i + 2 < in->n ? in->chars[i + 2].byte : 0};
        unsigned code = c->unknown ? 0 : private_at(three, in->n - i);
        if (!code) {
            llw_rich_push(h->r->arena, &out, *c);
            continue;
        }
        i += 2;
        if (code == FILL || code - FIRST_MARK >= h->n_marks) continue;
        llw_rich text = value_text(h, &h->marks[code - FIRST_MARK], c);
        if (h->r->budget < text.n) continue;
        h->r->budget -= text.n;
        for (size_t k = 0; k < text.n; k++) text.chars[k].whole = true;
        llw_rich_append(h->r->arena, &out, &text);
    }
    return out;
}

llw_rich llw_helm_scalar(const llw_helm *h, const llw_yaml_text *own, const llw_yaml *node,
                         const llw_link *link) {
    if (h && llw_helm_layer_of(&h->layers, node)) return llw_yaml_over(h->r->arena, node, of_layer, h);
    llw_rich raw = llw_yaml_rich(own, node, link);
    return h ? put_in(h, &raw) : raw;
}

const char *llw_helm_path(const llw_helm *h, const llw_yaml_text *own, const llw_yaml *node) {
    const llw_helm_layer *layer = h ? llw_helm_layer_of(&h->layers, node) : NULL;
    return layer ? layer->text->path : own->path;
}

void llw_helm_tell(const llw_helm *h) {
    if (h && h->scope.values_unclear)
        llw_config_unread(h->r, h->file->path, 0,
                          "gets values from the charts above it in a way that is not followed here (several "
                          "of them, or one that names it twice): they are unknown");
    for (size_t i = 0; h && i < h->n_left; i++)
        llw_config_unread(
            h->r, h->file->path, h->left_out[i],
            "whether this part of the template is there is not known from values.yaml: it is left out");
}
