/* YAML with places, from libyaml's events. */
#include "source/config/yaml_tree.h"

#include <stdint.h>
#include <string.h>
#include <yaml.h>

enum { MAX_ANCHORS = 256, MAX_MERGES = 32, MAX_KEYS = 1000 };

typedef struct builder {
    llw_arena *arena;
    const char *path;
    llw_yaml *stack[LLW_YAML_MAX_DEPTH];
    int depth;
    llw_yaml *root; /* of the document that is read */
    llw_yaml **roots;
    size_t n_roots, max_roots;
    const char *key; /* a key that waits for its value */
    int key_line, key_column;
    bool has_key;
    llw_yaml *anchors[MAX_ANCHORS];
    size_t n_anchors;
    const llw_yaml *twice;
    llw_err *err;
} builder;

static void remember(builder *b, llw_yaml *node, const char *anchor) {
    if (!anchor) return;
    node->anchor = llw_arena_strdup(b->arena, anchor);
    for (size_t i = 0; i < b->n_anchors; i++)
        if (!strcmp(b->anchors[i]->anchor, anchor)) {
            b->anchors[i] = node;
            return;
        }
    if (b->n_anchors < MAX_ANCHORS) b->anchors[b->n_anchors++] = node;
}

/* A new node in the container that is open, with the key that waits. */
static llw_yaml *add(builder *b, llw_yaml_kind kind, const yaml_event_t *event) {
    llw_yaml *node = llw_arena_alloc(b->arena, sizeof *node);
    node->kind = kind;
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    node->end_line = (int)event->end_mark.line + 1;
    node->end_column = (int)event->end_mark.column + 1;
    if (b->has_key) {
        node->key = b->key;
        node->key_line = b->key_line;
        node->key_column = b->key_column;
        b->has_key = false;
    }
    if (!b->depth) {
        b->root = node;
        return node;
    }
    llw_yaml *parent = b->stack[b->depth - 1];
    node->parent = parent;
    if (node->key && !b->twice && parent->n < MAX_KEYS && strcmp(node->key, "<<"))
        for (llw_yaml *other = parent->first; other; other = other->next)
            if (!strcmp(other->key, node->key)) b->twice = node;
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->n++;
    return node;
}

/* !reset and the like; tags of YAML itself say nothing new. */
static const char *own_tag(builder *b, const yaml_char_t *tag) {
    return tag && tag[0] == '!' && tag[1] ? llw_arena_strdup(b->arena, (const char *)tag) : NULL;
}

static bool wants_key(const builder *b) {
    return b->depth && b->stack[b->depth - 1]->kind == LLW_YAML_MAP && !b->has_key;
}

static void take_key(builder *b, const yaml_event_t *event, const char *text, size_t len) {
    b->key = llw_arena_strndup(b->arena, text, len);
    b->key_line = (int)event->start_mark.line + 1;
    b->key_column = (int)event->start_mark.column + 1;
    b->has_key = true;
}

static llw_rc on_scalar(builder *b, const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    int line = (int)event->start_mark.line + 1;
    if (len > LLW_YAML_MAX_SCALAR)
        return llw_fail(b->err, LLW_ERR_INPUT, b->path, line,
                        "a value of %zu bytes is longer than any llama.cpp setting", len);
    if (wants_key(b)) {
        take_key(b, event, text, len);
        return LLW_OK;
    }
    llw_yaml *node = add(b, LLW_YAML_SCALAR, event);
    node->text = llw_arena_strndup(b->arena, text, len);
    node->len = strlen(node->text);
    yaml_scalar_style_t style = event->data.scalar.style;
    node->plain = style == YAML_PLAIN_SCALAR_STYLE;
    node->block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    if (!node->plain && !node->block) node->column++; /* behind the quote */
    remember(b, node, (const char *)event->data.scalar.anchor);
    node->tag = own_tag(b, event->data.scalar.tag);
    return LLW_OK;
}

static llw_rc on_start(builder *b, const yaml_event_t *event, llw_yaml_kind kind) {
    int line = (int)event->start_mark.line + 1;
    if (wants_key(b))
        return llw_fail(b->err, LLW_ERR_INPUT, b->path, line,
                        "a key that is itself a list or map cannot be read");
    if (b->depth == LLW_YAML_MAX_DEPTH)
        return llw_fail(b->err, LLW_ERR_INPUT, b->path, line, "is nested more than %d deep",
                        LLW_YAML_MAX_DEPTH);
    llw_yaml *node = add(b, kind, event);
    remember(b, node,
             (const char *)(kind == LLW_YAML_MAP ? event->data.mapping_start.anchor
                                                 : event->data.sequence_start.anchor));
    node->tag =
        own_tag(b, kind == LLW_YAML_MAP ? event->data.mapping_start.tag : event->data.sequence_start.tag);
    b->stack[b->depth++] = node;
    return LLW_OK;
}

static llw_rc on_alias(builder *b, const yaml_event_t *event) {
    const char *name = (const char *)event->data.alias.anchor;
    if (wants_key(b)) {
        take_key(b, event, name, strlen(name));
        return LLW_OK;
    }
    llw_yaml *node = add(b, LLW_YAML_SCALAR, event);
    node->text = "";
    for (size_t i = 0; i < b->n_anchors; i++)
        if (!strcmp(b->anchors[i]->anchor, name)) node->target = b->anchors[i];
    if (node->target) return LLW_OK;
    return llw_fail(b->err, LLW_ERR_INPUT, b->path, node->line, "the alias *%.40s names nothing above it",
                    name);
}

static llw_rc on_event(builder *b, const yaml_event_t *event, bool *done) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_scalar(b, event);
    case YAML_ALIAS_EVENT: return on_alias(b, event);
    case YAML_MAPPING_START_EVENT: return on_start(b, event, LLW_YAML_MAP);
    case YAML_SEQUENCE_START_EVENT: return on_start(b, event, LLW_YAML_LIST);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        b->has_key = false;
        b->depth--;
        return LLW_OK;
    case YAML_DOCUMENT_START_EVENT: b->n_anchors = 0; return LLW_OK;
    case YAML_DOCUMENT_END_EVENT:
        if (b->root && b->n_roots < b->max_roots) b->roots[b->n_roots++] = b->root;
        b->root = NULL;
        *done = b->n_roots == b->max_roots;
        return LLW_OK;
    case YAML_STREAM_END_EVENT: *done = true; return LLW_OK;
    default: return LLW_OK;
    }
}

/* Where it went wrong, or where what went wrong began. libyaml ends the last line itself and then counts one
 * more: that line is not there. */
static int problem_line(const yaml_parser_t *parser, const char *bytes, size_t len) {
    size_t line = parser->problem_mark.line ? parser->problem_mark.line : parser->context_mark.line;
    size_t last = 0;
    for (size_t i = 0; i + 1 < len; i++)
        last += bytes[i] == '\n' || (bytes[i] == '\r' && bytes[i + 1] != '\n');
    return (int)(line < last ? line : last) + 1;
}

static llw_rc parse(builder *b, const char *bytes, size_t len) {
    const char *path = b->path;
    if (len > LLW_YAML_MAX_BYTES)
        return llw_fail(b->err, LLW_ERR_INPUT, path, 0, "is larger than %d MiB", LLW_YAML_MAX_BYTES >> 20);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return llw_fail(b->err, LLW_ERR_MEMORY, path, 0, "no memory for the YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    llw_rc rc = LLW_OK;
    bool done = false;
    for (int n = 0; !done && rc == LLW_OK; n++) {
        yaml_event_t event;
        if (n == LLW_YAML_MAX_EVENTS) {
            rc = llw_fail(b->err, LLW_ERR_INPUT, path, 0, "has more than %d parts", LLW_YAML_MAX_EVENTS);
            break;
        }
        if (!yaml_parser_parse(&parser, &event)) {
            rc = llw_fail(b->err, LLW_ERR_INPUT, path, problem_line(&parser, bytes, len), "is no YAML: %s",
                          parser.problem ? parser.problem : "it cannot be read");
            break;
        }
        rc = on_event(b, &event, &done);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return rc;
}

llw_rc llw_yaml_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_yaml **root,
                      const llw_yaml **twice, llw_err *err) {
    builder b = {.arena = arena, .path = path, .err = err, .roots = root, .max_roots = 1};
    *root = NULL;
    *twice = NULL;
    llw_rc rc = parse(&b, bytes, len);
    *twice = rc == LLW_OK ? b.twice : NULL;
    if (rc != LLW_OK) *root = NULL;
    return rc;
}

llw_rc llw_yaml_parse_all(llw_arena *arena, const char *path, const char *bytes, size_t len,
                          llw_yaml *roots[LLW_YAML_MAX_DOCUMENTS], size_t *n, const llw_yaml **twice,
                          llw_err *err) {
    builder b = {
        .arena = arena, .path = path, .err = err, .roots = roots, .max_roots = LLW_YAML_MAX_DOCUMENTS};
    llw_rc rc = parse(&b, bytes, len);
    *n = b.n_roots;
    *twice = b.twice;
    return rc;
}

const llw_yaml *llw_yaml_follow(const llw_yaml *node) {
    return node && node->target ? node->target : node;
}

const llw_yaml *llw_yaml_root(const llw_yaml *node) {
    while (node->original || node->parent) node = node->original ? node->original : node->parent;
    return node;
}

/* Merges are followed breadth by breadth: a map may name one map or a list of them, each with merges of its
 * own. */
const llw_yaml *llw_yaml_get(const llw_yaml *map, const char *key) {
    const llw_yaml *queue[MAX_MERGES];
    size_t n = 0;
    map = llw_yaml_follow(map);
    if (!map || map->kind != LLW_YAML_MAP) return NULL;
    queue[n++] = map;
    for (size_t i = 0; i < n; i++) {
        const llw_yaml *found = NULL;
        for (const llw_yaml *c = queue[i]->first; c; c = c->next) {
            if (!strcmp(c->key, key)) found = c;
            if (strcmp(c->key, "<<") != 0) continue;
            const llw_yaml *merged = llw_yaml_follow(c);
            bool several = merged->kind == LLW_YAML_LIST;
            for (const llw_yaml *one = several ? merged->first : merged; one;
                 one = several ? one->next : NULL) {
                const llw_yaml *from = llw_yaml_follow(one);
                if (from->kind == LLW_YAML_MAP && n < MAX_MERGES) queue[n++] = from;
            }
        }
        if (found) return llw_yaml_follow(found);
    }
    return NULL;
}

bool llw_yaml_is_null(const llw_yaml *node) {
    return !node || (node->kind == LLW_YAML_SCALAR && node->plain &&
                     (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null")));
}

const char *llw_yaml_string(const llw_yaml *node, const char *otherwise) {
    node = llw_yaml_follow(node);
    return llw_yaml_is_null(node) || node->kind != LLW_YAML_SCALAR ? otherwise : node->text;
}

bool llw_yaml_is_cut(const char *bytes, size_t len, const llw_yaml *node) {
    if (!node || !node->plain || !*node->text) return false;
    const char *end = bytes + len, *at = bytes;
    for (int line = 1; at && line < node->end_line; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at) at++;
    }
    if (!at) return false;
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    return memmem(at, (size_t)((stop ? stop : end) - at), " #", 2) != NULL;
}
