/* Strategic merge by Kubernetes' merge keys, and the operations of RFC 6902.
 *
 * By kubernetes-sigs/kustomize kyaml/yaml/merge2 and walk, evanphx/json-patch v4, and `kubectl kustomize` of
 * kustomize 5.5. */
#include "source/config/yaml_patch.h"

#include <stdlib.h>
#include <string.h>

static bool spend(llw_yaml_patch *p, size_t n) {
    if (p->budget < n) p->unclear = true;
    p->budget -= p->budget < n ? p->budget : n;
    return !p->unclear;
}

/* --- trees --- */

/* Puts a node in front of another one, or at the end. */
static void insert(llw_yaml *parent, llw_yaml *node, llw_yaml *before) {
    llw_yaml **at = &parent->first;
    while (*at && *at != before) at = &(*at)->next;
    node->parent = parent;
    node->next = before;
    *at = node;
    if (!before) parent->last = node;
    parent->n++;
}

static void take_out(llw_yaml *node) {
    llw_yaml *parent = node->parent, *last = NULL, **at = &parent->first;
    for (; *at != node; at = &(*at)->next) last = *at;
    *at = node->next;
    if (parent->last == node) parent->last = last;
    parent->n--;
    node->next = NULL;
}

static llw_yaml *copy_at(llw_yaml_patch *p, const llw_yaml *node, int depth);

static llw_yaml *child(const llw_yaml *map, const char *key) {
    llw_yaml *found = NULL;
    for (llw_yaml *c = map->first; c; c = c->next)
        if (!strcmp(c->key, key)) found = c;
    return found;
}

/* NOLINTBEGIN(misc-no-recursion): at most LLW_YAML_MAX_DEPTH deep */
static void copy_in(llw_yaml_patch *p, llw_yaml *out, const llw_yaml *node, llw_yaml *before, int depth) {
    llw_yaml *copy = copy_at(p, node, depth);
    if (copy) insert(out, copy, before);
}

/* What << names: keys that neither the map nor an earlier one of them has. */
static void copy_merged(llw_yaml_patch *p, llw_yaml *out, const llw_yaml *node, const llw_yaml *merge,
                        int depth) {
    const llw_yaml *from = llw_yaml_follow(merge);
    bool several = from->kind == LLW_YAML_LIST;
    const llw_yaml *one = several ? from->first : from;
    for (; one && spend(p, 1); one = several ? one->next : NULL) {
        const llw_yaml *map = llw_yaml_follow(one);
        for (const llw_yaml *m = map->kind == LLW_YAML_MAP ? map->first : NULL; m; m = m->next)
            if (!child(node, m->key) && !child(out, m->key)) copy_in(p, out, m, NULL, depth);
    }
}

static void copy_children(llw_yaml_patch *p, llw_yaml *out, const llw_yaml *node, int depth) {
    for (const llw_yaml *c = node->first; c; c = c->next)
        if (c->key && !strcmp(c->key, "<<"))
            copy_merged(p, out, node, c, depth + 1);
        else
            copy_in(p, out, c, NULL, depth + 1);
}

/* NULL when the budget is spent. */
static llw_yaml *copy_at(llw_yaml_patch *p, const llw_yaml *node, int depth) {
    const llw_yaml *meant = llw_yaml_follow(node);
    if (depth > LLW_YAML_MAX_DEPTH || !spend(p, 1)) {
        p->unclear = true;
        return NULL;
    }
    llw_yaml *out = llw_arena_alloc(p->arena, sizeof *out);
    *out = *meant;
    out->key = node->key;
    out->key_line = node->key_line;
    out->key_column = node->key_column;
    out->original = meant->original ? meant->original : meant;
    out->parent = out->first = out->last = out->next = NULL;
    out->n = 0;
    copy_children(p, out, meant, depth);
    return out;
}
/* NOLINTEND(misc-no-recursion) */

llw_yaml *llw_yaml_copy(llw_yaml_patch *p, const llw_yaml *node) {
    return copy_at(p, node, 0);
}

static void put_over(llw_yaml *old, llw_yaml *new) {
    llw_yaml *parent = old->parent, *behind = old->next;
    take_out(old);
    new->under = old;
    new->key = old->key;
    insert(parent, new, behind);
}

static void put(llw_yaml_patch *p, llw_yaml *map, llw_yaml *old, const llw_yaml *value) {
    llw_yaml *copy = llw_yaml_copy(p, value);
    if (!copy) return;
    if (old)
        put_over(old, copy);
    else
        insert(map, copy, NULL);
}

void llw_yaml_splice(llw_yaml_patch *p, llw_yaml *item, const llw_yaml *node) {
    llw_yaml *parent = item->parent, *behind = item->next;
    take_out(item);
    if (!parent->under) parent->under = node->under;
    for (const llw_yaml *c = node->first; c; c = c->next) {
        if (parent->kind == LLW_YAML_LIST || !child(parent, c->key)) copy_in(p, parent, c, behind, 0);
    }
}

/* --- strategic merge --- */

/* patchMergeKey of api/core/v1 and its kin, for what a pod and its makers hold. */
static const char *merge_key(const char *list) {
    static const char *const keys[][2] = {{"containers", "name"},
                                          {"initContainers", "name"},
                                          {"ephemeralContainers", "name"},
                                          {"env", "name"},
                                          {"volumes", "name"},
                                          {"imagePullSecrets", "name"},
                                          {"volumeMounts", "mountPath"},
                                          {"volumeDevices", "devicePath"},
                                          {"ports", "containerPort"},
                                          {"hostAliases", "ip"},
                                          {"topologySpreadConstraints", "topologyKey"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(list, keys[i][0])) return keys[i][1];
    return NULL;
}

static const char *directive(const llw_yaml *map) {
    return llw_yaml_string(llw_yaml_get(map, "$patch"), "");
}

static const char *const no_item = "";

/* The value of an item's merge key, no_item when it has none. */
static const char *key_of(const llw_yaml *item, const char *key) {
    return llw_yaml_string(llw_yaml_get(item, key), no_item);
}

static llw_yaml *item_of(llw_yaml_patch *p, const llw_yaml *list, const char *key, const char *value) {
    for (llw_yaml *i = list->first; i && spend(p, 1); i = i->next)
        if (value != no_item && !strcmp(key_of(i, key), value)) return i;
    return NULL;
}

static void merge_at(llw_yaml_patch *p, llw_yaml *target, const llw_yaml *patch, bool types, int depth);

static bool replaces_list(const llw_yaml *patch) {
    for (const llw_yaml *i = patch->first; i; i = i->next)
        if (!strcmp(directive(i), "replace")) return true;
    return false;
}

/* NOLINTBEGIN(misc-no-recursion): at most LLW_YAML_MAX_DEPTH deep */
/* Items of the patch come first, in its order; then what the list had besides. */
static void merge_list(llw_yaml_patch *p, llw_yaml *target, const llw_yaml *patch, const char *key,
                       int depth) {
    llw_yaml *rest = target->first;
    bool anew = replaces_list(patch);
    while (anew && target->first) take_out(target->first);
    if (anew) rest = NULL;
    for (const llw_yaml *i = patch->first; i && spend(p, 1); i = i->next) {
        const char *what = directive(i);
        llw_yaml *old = item_of(p, target, key, key_of(i, key));
        if (!strcmp(what, "replace")) continue;
        if (old && old == rest) rest = rest->next;
        if (!strcmp(what, "delete")) {
            if (old) take_out(old);
            continue;
        }
        if (old) {
            take_out(old);
            insert(target, old, rest);
            merge_at(p, old, llw_yaml_follow(i), true, depth + 1);
        } else {
            copy_in(p, target, i, rest, 0);
        }
    }
}

static void merge_value(llw_yaml_patch *p, llw_yaml *target, const llw_yaml *entry, bool types, int depth) {
    const llw_yaml *value = llw_yaml_follow(entry);
    llw_yaml *old = child(target, entry->key);
    const char *key = types ? merge_key(entry->key) : NULL;
    bool alike = old && old->kind == value->kind;
    if (llw_yaml_is_null(value) || (value->kind == LLW_YAML_MAP && !strcmp(directive(value), "delete"))) {
        if (old) take_out(old);
    } else if (alike && value->kind == LLW_YAML_MAP && strcmp(directive(value), "replace") != 0) {
        merge_at(p, old, value, types, depth + 1);
    } else if (alike && value->kind == LLW_YAML_LIST && key) {
        merge_list(p, old, value, key, depth);
    } else {
        put(p, target, old, entry);
    }
}

static void merge_at(llw_yaml_patch *p, llw_yaml *target, const llw_yaml *patch, bool types, int depth) {
    if (patch->kind != LLW_YAML_MAP || target->kind != LLW_YAML_MAP) return;
    if (depth > LLW_YAML_MAX_DEPTH) p->unclear = true;
    for (const llw_yaml *c = patch->first; c && spend(p, 1); c = c->next) {
        if (*c->key == '$') continue; /* $patch, $setElementOrder/... */
        if (!strcmp(c->key, "<<"))
            p->unclear = true;
        else
            merge_value(p, target, c, types, depth);
    }
}
/* NOLINTEND(misc-no-recursion) */

void llw_yaml_merge(llw_yaml_patch *p, llw_yaml *target, const llw_yaml *patch, bool types) {
    if (patch) merge_at(p, target, llw_yaml_follow(patch), types, 0);
}

/* --- JSON 6902 --- */

/* One part of a path, ~1 for / and ~0 for ~; *path moves behind it. */
static const char *part_of(llw_arena *arena, const char **path) {
    size_t len = strcspn(*path, "/"), n = 0;
    char *out = llw_arena_strndup(arena, *path, len);
    for (size_t i = 0; i < len; i++) {
        bool escape = out[i] == '~' && (out[i + 1] == '0' || out[i + 1] == '1');
        out[n++] = !escape ? out[i] : out[i + 1] == '1' ? '/' : '~';
        i += escape;
    }
    out[n] = 0;
    *path += len;
    return out;
}

/* The item of a list by its number; NULL with *n as large as the list for its end. */
static llw_yaml *at_index(llw_yaml_patch *p, const llw_yaml *list, const char *part, long *n) {
    char *end = NULL;
    *n = strtol(part, &end, 10);
    if (*part == '-' && part[1]) p->unclear = true; /* counts from the end: not in the RFC */
    if (!*part || *end || *n < 0) *n = -1;
    llw_yaml *i = list->first;
    for (long k = 0; i && k < *n && spend(p, 1); k++) i = i->next;
    return *n < 0 ? NULL : i;
}

typedef struct spot {
    llw_yaml *parent, *node; /* node NULL: there is none yet */
    const char *part;
    long index; /* in a list; its length for - */
} spot;

/* Where a path leads; false when what is above it is missing. */
static bool find(llw_yaml_patch *p, llw_yaml *root, const char *path, spot *out) {
    *out = (spot){.node = root};
    while (*path == '/') {
        path++;
        llw_yaml *up = out->node;
        const char *part = part_of(p->arena, &path);
        if (!up || up->kind == LLW_YAML_SCALAR || !spend(p, 1)) return false;
        *out = (spot){.parent = up, .part = part, .index = -1};
        if (up->kind == LLW_YAML_MAP)
            out->node = child(up, part);
        else if (!strcmp(part, "-"))
            out->index = up->n;
        else
            out->node = at_index(p, up, part, &out->index);
    }
    return !*path && out->parent;
}

static void add(llw_yaml_patch *p, const spot *at, const llw_yaml *value) {
    llw_yaml *copy = llw_yaml_copy(p, value);
    if (!copy) return;
    bool list = at->parent->kind == LLW_YAML_LIST;
    copy->key = list ? NULL : at->part;
    if (list)
        insert(at->parent, copy, at->node);
    else if (at->node)
        put_over(at->node, copy);
    else
        insert(at->parent, copy, NULL);
}

static bool applies(llw_yaml_patch *p, llw_yaml *root, const llw_yaml *operation) {
    const char *op = llw_yaml_string(llw_yaml_get(operation, "op"), ""),
               *path = llw_yaml_string(llw_yaml_get(operation, "path"), ""),
               *from = llw_yaml_string(llw_yaml_get(operation, "from"), NULL);
    const llw_yaml *value = llw_yaml_get(operation, "value");
    bool move = !strcmp(op, "move"), adds = move || !strcmp(op, "copy");
    spot at, source;
    if (adds) {
        if (!from || !find(p, root, from, &source) || !source.node) return false;
        value = source.node;
        if (move) take_out(source.node);
    }
    if (!find(p, root, path, &at)) return false;
    if (adds || !strcmp(op, "add")) {
        bool list = at.parent->kind == LLW_YAML_LIST;
        if (!value || (list && (at.index < 0 || at.index > at.parent->n))) return false;
        add(p, &at, value);
        return true;
    }
    if (!at.node) return false;
    if (!strcmp(op, "remove")) {
        take_out(at.node);
    } else if (!strcmp(op, "replace") && value) {
        llw_yaml *copy = llw_yaml_copy(p, value);
        if (copy) put_over(at.node, copy);
    } else if (strcmp(op, "test")) {
        return false;
    }
    return true;
}

void llw_yaml_operate(llw_yaml_patch *p, llw_yaml *root, const llw_yaml *operations) {
    operations = llw_yaml_follow(operations);
    const llw_yaml *i = operations && operations->kind == LLW_YAML_LIST ? operations->first : NULL;
    for (; i && !p->unclear && !p->wrong; i = i->next) {
        const llw_yaml *operation = llw_yaml_follow(i);
        if (applies(p, root, operation) || p->unclear) continue;
        const llw_yaml *path = llw_yaml_get(operation, "path");
        p->here = path ? path : operation;
        p->wrong = llw_arena_printf(p->arena, "%.20s has nothing to work on at %.200s",
                                    llw_yaml_string(llw_yaml_get(operation, "op"), "an operation"),
                                    llw_yaml_string(path, "no path"));
    }
}
