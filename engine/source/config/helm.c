/* Templates of a Helm chart: actions resolved from its values, structure kept line by line. */
#include "source/config/helm.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* Marks are private-use characters of three bytes: the first says which value, the others fill. */
enum { MAX_MARKS = 6000, FIRST_MARK = 0xe000, FILL = 0xf8ff, MAX_OPEN = 32, MAX_WORDS = 16, MAX_LEFT = 16 };

typedef struct value {
    bool known;
    const llw_yaml *node; /* of the chart's files; NULL for a literal, or for what is not there */
    const char *literal;
    bool quoted;
} value;

typedef struct block {
    bool shown;  /* what is inside counts */
    bool chosen; /* a branch of it was shown already */
    bool unknown;
    const llw_yaml *outer; /* the dot outside */
    bool outer_known;
} block;

struct llw_helm {
    llw_config_reader *r;
    const llw_config_file *file;
    const llw_yaml *values, *chart;
    llw_yaml_text values_text, chart_text;
    value *marks;
    size_t n_marks, mark_capacity;
    block open[MAX_OPEN];
    size_t depth;
    const llw_yaml *dot; /* inside with; NULL with dot_known false: the root, or nobody knows */
    bool dot_known, in_root;
    int left_out[MAX_LEFT];
    size_t n_left;
};

/* --- the chart --- */

static const llw_yaml *tree_of(llw_helm *h, llw_config_set *set, const char *directory, const char *name,
                               llw_yaml_text *text) {
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
    llw_yaml_text_init(text, h->r->arena, file->path, file->bytes, file->len);
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

/* --- expressions --- */

/* Words of an action: quoted strings and (...) are one each, a pipe is a word. */
static size_t words_of(llw_arena *arena, const char *text, size_t len, const char *out[MAX_WORDS]) {
    size_t n = 0;
    for (size_t i = 0; i < len && n < MAX_WORDS;) {
        size_t from = i;
        int depth = 0;
        char quote = 0;
        if (isspace((unsigned char)text[i])) {
            i++;
            continue;
        }
        for (; i < len; i++) {
            char c = text[i];
            if (quote && c == '\\' && quote == '"') {
                i++;
            } else if (quote) {
                if (c == quote) quote = 0;
            } else if (c == '"' || c == '`') {
                quote = c;
            } else if (c == '(') {
                depth++;
            } else if (c == ')') {
                depth--;
            } else if (depth <= 0 && (isspace((unsigned char)c) || (c == '|' && i > from))) {
                break;
            } else if (c == '|') {
                i++;
                break;
            }
        }
        if (i > len) i = len;
        out[n++] = llw_arena_strndup(arena, text + from, i - from);
    }
    return n;
}

static value path_in(const llw_yaml *root, llw_arena *arena, const char *path) {
    value out = {.known = true, .node = llw_yaml_follow(root)};
    for (const char *at = path; *at && out.node;) {
        size_t len = strcspn(++at, "."); /* behind the dot */
        for (size_t i = 0; i < len; i++)
            if (!isalnum((unsigned char)at[i]) && at[i] != '_') return (value){0};
        out.node = llw_yaml_get(out.node, llw_arena_strndup(arena, at, len));
        at += len;
    }
    return out;
}

static value operand(const llw_helm *h, const char *word) {
    llw_arena *arena = h->r->arena;
    size_t len = strlen(word);
    if (len >= 2 && (*word == '"' || *word == '`') && word[len - 1] == *word && !memchr(word, '\\', len))
        return (value){.known = true, .literal = llw_arena_strndup(arena, word + 1, len - 2)};
    if (strspn(word, "-0123456789.") == len && strpbrk(word, "0123456789"))
        return (value){.known = true, .literal = word};
    if (!strcmp(word, "true") || !strcmp(word, "false")) return (value){.known = true, .literal = word};
    if (*word == '$' && word[1] == '.')
        word++;
    else if (*word == '.' && !h->in_root) /* inside with and range */
        return h->dot_known ? path_in(h->dot, arena, strcmp(word, ".") ? word : "") : (value){0};
    if (!strncmp(word, ".Values", 7) && (!word[7] || word[7] == '.'))
        return h->values ? path_in(h->values, arena, word + 7) : (value){0};
    if (!strncmp(word, ".Chart.", 7) && h->chart) {
        char *name = llw_arena_strdup(arena, word + 6); /* .AppVersion is appVersion in the file */
        name[1] = (char)tolower((unsigned char)name[1]);
        return path_in(h->chart, arena, name);
    }
    return (value){0};
}

/* What a template takes for false: nothing, null, false, 0, "" and what is empty. */
static bool is_empty(const value *v) {
    if (v->literal) return !*v->literal || !strcmp(v->literal, "0") || !strcmp(v->literal, "false");
    const llw_yaml *node = v->node;
    if (llw_yaml_is_null(node)) return true;
    if (node->kind != LLW_YAML_SCALAR) return !node->first;
    return !*node->text || (node->plain && (!strcmp(node->text, "false") || !strcmp(node->text, "0")));
}

static const char *text_of(const value *v) {
    return v->literal ? v->literal : v->node ? v->node->text : "";
}

static bool truth_of(const llw_helm *h, const char *const *words, size_t n, bool *known) {
    *known = false;
    if (n == 1 && *words[0] != '(') {
        value v = operand(h, words[0]);
        *known = v.known;
        return v.known && !is_empty(&v);
    }
    if (n == 2 && !strcmp(words[0], "not")) {
        bool truth = truth_of(h, words + 1, 1, known);
        return *known && !truth;
    }
    if (n == 3 && (!strcmp(words[0], "eq") || !strcmp(words[0], "ne"))) {
        value a = operand(h, words[1]), b = operand(h, words[2]);
        *known = a.known && b.known && text_of(&a) && text_of(&b);
        return *known && !strcmp(text_of(&a), text_of(&b)) == (words[0][0] == 'e');
    }
    if (n > 2 && (!strcmp(words[0], "and") || !strcmp(words[0], "or"))) {
        bool stop = words[0][0] == 'o', all = true;
        for (size_t i = 1; i < n; i++) {
            bool one, truth = truth_of(h, words + i, 1, &one);
            if (one && truth == stop) {
                *known = true;
                return stop;
            }
            all &= one;
        }
        *known = all;
        return !stop;
    }
    return false;
}

/* What an action puts in. */
static value evaluate(const llw_helm *h, const char *const *words, size_t n) {
    value v = {0};
    for (size_t i = 0; i < n;) {
        size_t to = i;
        while (to < n && strcmp(words[to], "|")) to++;
        const char *name = words[i];
        size_t count = to - i; /* of the words of this stage */
        if (i == 0 && count == 1) {
            v = operand(h, name);
        } else {
            /* the piped value is the last argument */
            value last = i ? v : count > 1 ? operand(h, words[to - 1]) : (value){0};
            size_t own = count - 1 - (i == 0);
            if (!strcmp(name, "default") && own == 1) {
                value otherwise = operand(h, words[i + 1]);
                v = !last.known ? last : is_empty(&last) ? otherwise : last;
            } else if (!strcmp(name, "toYaml") || !strcmp(name, "quote") || !strcmp(name, "squote") ||
                       !strcmp(name, "toString") || !strcmp(name, "int") || !strcmp(name, "trim")) {
                v = last;
                v.quoted |= strstr(name, "quote") != NULL;
                if (!own && !strcmp(name, "int") && last.known &&
                    strspn(text_of(&v) ? text_of(&v) : "?", "-0123456789") !=
                        strlen(text_of(&v) ? text_of(&v) : "?"))
                    v = (value){0};
            } else if ((!strcmp(name, "indent") || !strcmp(name, "nindent")) && own == 1) {
                v = last;
            } else {
                v = (value){0};
            }
        }
        i = to + (to < n);
    }
    return v;
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
    block b = {.outer = h->dot, .outer_known = h->dot_known};
    b.unknown = h->in_root; /* whether the dot outside is the root, until end */
    if (!strcmp(words[0], "define") || !strcmp(words[0], "block")) {
        known = true;
    } else {
        size_t last = n - 1; /* of range $k, $v := .Values.x */
        truth = shown && n > 1 && truth_of(h, range ? words + last : words + 1, range ? 1 : n - 1, &known);
        if (shown && !known) leave_out(h, line);
    }
    b.shown = shown && known && truth;
    b.chosen = !shown || truth || !known;
    if (range || with) {
        value v = with && n == 2 ? operand(h, words[1]) : (value){0};
        h->dot = v.node;
        h->dot_known = with && v.known;
        h->in_root = false;
    }
    h->open[h->depth++] = b;
}

static void otherwise(llw_helm *h, const char *const *words, size_t n, int line) {
    if (!h->depth) return;
    block *b = &h->open[h->depth - 1];
    h->dot = b->outer;
    h->dot_known = b->outer_known;
    h->in_root = b->unknown;
    b->shown = false;
    if (b->chosen) return;
    bool known = true, truth = n < 2 || truth_of(h, words + 2, n - 2, &known); /* else if */
    if (!known) leave_out(h, line);
    b->shown = known && truth;
    b->chosen = truth || !known;
}

static void end(llw_helm *h) {
    if (!h->depth) return;
    const block *b = &h->open[--h->depth];
    h->dot = b->outer;
    h->dot_known = b->outer_known;
    h->in_root = b->unknown;
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

static void put_mark(llw_helm *h, llw_text *out, const value *v, const char *action, size_t len) {
    if (h->n_marks == MAX_MARKS || memchr(action, '\n', len)) {
        put_blank(out, action, len);
        return;
    }
    put_private(out, FIRST_MARK + (unsigned)h->n_marks);
    void *items = h->marks;
    *(value *)llw_arena_push(h->r->arena, &items, &h->n_marks, &h->mark_capacity, sizeof *v) = *v;
    h->marks = items;
    for (size_t i = 1; i < len; i++)
        if (((unsigned char)action[i] & 0xc0) != 0x80) put_private(out, FILL);
}

static void put_action(llw_helm *h, llw_text *out, const char *text, size_t len, int line) {
    size_t from = 2, to = len - 2;
    if (from < to && text[from] == '-') from++;
    if (to > from && text[to - 1] == '-') to--;
    const char *words[MAX_WORDS];
    size_t n = words_of(h->r->arena, text + from, to - from, words);
    if (control(h, words, n, line) || !is_shown(h)) {
        put_blank(out, text, len);
        return;
    }
    value v = evaluate(h, words, n);
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

llw_helm *llw_helm_read(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                        const char **bytes, size_t *len) {
    const char *directory = memmem(file->bytes, file->len, "{{", 2) ? chart_of(r->arena, file) : NULL;
    if (!directory) return NULL;
    llw_helm *h = llw_arena_alloc(r->arena, sizeof *h);
    *h = (llw_helm){.r = r, .file = file, .in_root = true};
    h->chart = tree_of(h, set, directory, "Chart.yaml", &h->chart_text);
    if (!h->chart) return NULL;
    h->values = tree_of(h, set, directory, "values.yaml", &h->values_text);
    llw_text text = {0};
    render(h, &text);
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
static const value *only_mark(const llw_helm *h, const llw_yaml *node) {
    if (!h || !node || node->kind != LLW_YAML_SCALAR || !node->plain) return NULL;
    unsigned code = private_at(node->text, node->len);
    if (!code || code == FILL || code - FIRST_MARK >= h->n_marks) return NULL;
    for (size_t i = 3; i < node->len; i += 3)
        if (private_at(node->text + i, node->len - i) != FILL) return NULL;
    return &h->marks[code - FIRST_MARK];
}

const llw_yaml *llw_helm_node(const llw_helm *h, const llw_yaml *node) {
    const value *v = only_mark(h, node);
    bool whole = v && v->known && v->node && v->node->kind != LLW_YAML_SCALAR;
    return whole ? v->node : node;
}

const char *llw_helm_bare(const llw_helm *h, const llw_yaml *node) {
    const value *v = only_mark(h, node);
    return v && v->known && !v->quoted && (!v->node || v->node->kind == LLW_YAML_SCALAR) ? text_of(v) : NULL;
}

/* The text of the chart's own files that a node is of; NULL when it is of the template. */
static const llw_yaml_text *chart_file(const llw_helm *h, const llw_yaml *node) {
    node = llw_yaml_root(node);
    return node == h->chart ? &h->chart_text : node == h->values ? &h->values_text : NULL;
}

static llw_rich of_chart(const llw_helm *h, const llw_yaml_text *text, const llw_yaml *node) {
    const char *origin = text == &h->chart_text ? "Chart.yaml" : "Helm values";
    return llw_yaml_rich(text, node, llw_link_new(h->r->arena, text->path, origin, true));
}

static llw_rich value_text(const llw_helm *h, const value *v, const llw_char *at) {
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
    return of_chart(h, chart_file(h, node), node);
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
    const llw_yaml_text *text = h ? chart_file(h, node) : NULL;
    if (text) return of_chart(h, text, node);
    llw_rich raw = llw_yaml_rich(own, node, link);
    return h ? put_in(h, &raw) : raw;
}

const char *llw_helm_path(const llw_helm *h, const llw_yaml_text *own, const llw_yaml *node) {
    const llw_yaml_text *text = h ? chart_file(h, node) : NULL;
    return text ? text->path : own->path;
}

void llw_helm_tell(const llw_helm *h) {
    for (size_t i = 0; h && i < h->n_left; i++)
        llw_config_unread(
            h->r, h->file->path, h->left_out[i],
            "whether this part of the template is there is not known from values.yaml: it is left out");
}
