/* The patches of kustomizations: where they are written, what they are for, what they make of it. */
#include "source/config/kustomize.h"
#include "source/config/yaml_patch.h"

#include <string.h>

enum { MAX_PATCHES = 200, MAX_NODES = 20000, MAX_DEPTH = 8 };

/* --- where they are written --- */

static void add_patch(llw_config_reader *r, llw_kustomization *k, const llw_yaml *document,
                      const llw_yaml *target, const llw_yaml_text *text) {
    if (k->n_patches == MAX_PATCHES) return;
    void *items = k->patches;
    *(llw_kustomize_patch *)llw_arena_push(r->arena, &items, &k->n_patches, &k->patch_capacity,
                                           sizeof *k->patches) =
        (llw_kustomize_patch){document, target, text};
    k->patches = items;
}

static void add_text(llw_config_reader *r, llw_kustomization *k, const char *path, const char *bytes,
                     size_t len, const llw_yaml *target) {
    llw_yaml **documents = llw_arena_alloc(r->arena, LLW_YAML_MAX_DOCUMENTS * sizeof *documents);
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    size_t n = 0, cost = len + LLW_YAML_MAX_DOCUMENTS;
    if (r->reread < cost) return;
    r->reread -= cost;
    if (llw_yaml_parse_all(r->arena, path, bytes, len, documents, &n, &twice, &err) != LLW_OK)
        llw_config_unread(r, path, err.line, "%s", err.text);
    llw_yaml_text *text = llw_arena_alloc(r->arena, sizeof *text);
    llw_yaml_text_init(text, r->arena, path, bytes, len);
    for (size_t i = 0; i < n; i++) add_patch(r, k, documents[i], target, text);
}

static void add_inline(llw_config_reader *r, llw_kustomization *k, const llw_yaml *node,
                       const llw_yaml *target) {
    llw_rich text =
        llw_yaml_rich(&k->text, node, llw_link_new(r->arena, k->file->path, "Kustomize patch", false));
    const llw_config_file *file = llw_config_embedded(r, k->file, &text);
    if (file) add_text(r, k, file->path, file->bytes, file->len, target);
}

static void add_file(llw_config_reader *r, llw_config_set *set, llw_kustomization *k, const llw_yaml *path,
                     const llw_yaml *target) {
    const llw_config_file *file = llw_config_set_find(r, set, k->file->directory, llw_yaml_string(path, ""));
    if (file) add_text(r, k, file->path, file->bytes, file->len, target);
}

/* In the order in which kustomize applies them. */
static void read_patches(llw_config_reader *r, llw_config_set *set, llw_kustomization *k) {
    static const char *const lists[] = {"patchesStrategicMerge", "patches", "patchesJson6902"};
    if (k->patches_read) return;
    k->patches_read = true;
    r->n_parsed++;
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
        for (const llw_yaml *i = llw_kustomize_list(k->root, lists[list]); i; i = i->next) {
            const llw_yaml *entry = llw_yaml_follow(i);
            if (!entry) continue;
            bool bare = entry->kind == LLW_YAML_SCALAR; /* a path, or the patch itself */
            const llw_yaml *path = bare ? entry : llw_yaml_get(entry, "path"),
                           *text = bare ? entry : llw_yaml_get(entry, "patch"),
                           *target = bare ? NULL : llw_yaml_get(entry, "target");
            if (path && (!bare || !strchr(entry->text, '\n')))
                add_file(r, set, k, path, target);
            else if (text && text->kind == LLW_YAML_SCALAR)
                add_inline(r, k, text, target);
        }
}

/* --- what they are for --- */

typedef enum fit { NOT_FOR_IT, FOR_IT, NOT_KNOWN } fit;

static fit both(fit a, fit b) {
    if (a == NOT_FOR_IT || b == NOT_FOR_IT) return NOT_FOR_IT;
    return a == NOT_KNOWN || b == NOT_KNOWN ? NOT_KNOWN : FOR_IT;
}

/* One alternative of a regular expression that has to match all of a text: plain letters and .* alone. */
static fit fits_plain(const char *pattern, size_t len, const char *text) {
    const char *rest = memmem(pattern, len, ".*", 2);
    size_t head = rest ? (size_t)(rest - pattern) : len, n = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (strchr("\\^$+?()[]{}|", pattern[i]) || (pattern[i] == '*' && (!i || pattern[i - 1] != '.')))
            return NOT_KNOWN;
    if (!rest) return len == n && !memcmp(pattern, text, n) ? FOR_IT : NOT_FOR_IT;
    size_t tail = len - head - 2;
    if (memmem(rest + 2, tail, ".*", 2)) return NOT_KNOWN;
    bool fits = n >= head + tail && !memcmp(pattern, text, head) && !memcmp(rest + 2, text + n - tail, tail);
    return fits ? FOR_IT : NOT_FOR_IT;
}

/* A field of a selector; what is not given fits all. */
static fit fits(const char *pattern, const char *text) {
    fit found = *pattern ? NOT_FOR_IT : FOR_IT;
    for (const char *at = pattern; *at && found != FOR_IT;) {
        size_t len = strcspn(at, "|");
        fit one = fits_plain(at, len, text);
        if (one != NOT_FOR_IT) found = one;
        at += len + (at[len] == '|');
    }
    return found;
}

static const char *string_at(const llw_yaml *map, const char *key) {
    return llw_yaml_string(llw_yaml_get(map, key), "");
}

/* a=b,c=d */
static fit fits_labels(llw_arena *arena, const char *selector, const llw_yaml *labels) {
    for (const char *at = selector; *at;) {
        size_t len = strcspn(at, ","), sign = strcspn(at, "=");
        if (sign >= len || at[sign + 1] == '=' || strcspn(at, "!( ") < len) return NOT_KNOWN;
        const char *key = llw_arena_strndup(arena, at, sign),
                   *value = llw_arena_strndup(arena, at + sign + 1, len - sign - 1);
        if (strcmp(string_at(labels, key), value)) return NOT_FOR_IT;
        at += len + (at[len] == ',');
    }
    return FOR_IT;
}

/* What an object is called, as it is written and as the kustomizations below have made it. */
typedef struct called {
    const char *name, *now;
} called;

static fit fits_name(const char *pattern, const called *names) {
    fit as_written = fits(pattern, names->name), now = fits(pattern, names->now);
    return as_written == FOR_IT || now == FOR_IT ? FOR_IT : as_written == NOT_KNOWN ? as_written : now;
}

static fit is_for(llw_arena *arena, const llw_kustomize_patch *p, const llw_yaml *object,
                  const called *names) {
    const llw_yaml *metadata = llw_yaml_get(object, "metadata"), *own = llw_yaml_get(p->document, "metadata");
    const char *version = string_at(object, "apiVersion"), *kind = string_at(object, "kind"),
               *slash = strchr(version, '/'), *space = string_at(metadata, "namespace");
    if (!p->target) { /* the document names it */
        const char *name = string_at(own, "name"), *in = string_at(own, "namespace");
        bool same = !strcmp(string_at(p->document, "kind"), kind) &&
                    !strcmp(string_at(p->document, "apiVersion"), version) &&
                    (!strcmp(name, names->name) || !strcmp(name, names->now));
        return same && (!*in || !*space || !strcmp(in, space)) ? FOR_IT : NOT_FOR_IT;
    }
    const char *group = slash ? llw_arena_strndup(arena, version, (size_t)(slash - version)) : "";
    fit all = both(fits(string_at(p->target, "kind"), kind), fits_name(string_at(p->target, "name"), names));
    all = both(all, fits(string_at(p->target, "group"), group));
    all = both(all, fits(string_at(p->target, "version"), slash ? slash + 1 : version));
    if (*space) all = both(all, fits(string_at(p->target, "namespace"), space));
    all = both(all,
               fits_labels(arena, string_at(p->target, "labelSelector"), llw_yaml_get(metadata, "labels")));
    return both(all, fits_labels(arena, string_at(p->target, "annotationSelector"),
                                 llw_yaml_get(metadata, "annotations")));
}

/* --- along a way --- */

/* What an entry of components names; NULL. */
static llw_kustomization *component_of(llw_config_reader *r, llw_config_set *set, const llw_kustomization *k,
                                       const llw_yaml *entry) {
    const char *path = llw_config_inside(r->arena, k->file->directory, llw_yaml_string(entry, "/"));
    return path ? llw_kustomization_in(r, set, path) : NULL;
}

/* What is done with a patch; false ends it. */
typedef struct visit {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_yaml *object;
    called names;
    bool (*each)(struct visit *v, const llw_kustomize_patch *patch, fit how);
    void *context;
} visit;

/* NOLINTNEXTLINE(misc-no-recursion): at most MAX_DEPTH deep */
static bool visit_level(visit *v, llw_kustomization *k, const llw_kustomization *from, int depth) {
    bool behind = from == NULL; /* components in front of the one that the object comes from never see it */
    for (const llw_yaml *i = depth < MAX_DEPTH ? llw_kustomize_list(k->root, "components") : NULL; i;
         i = i->next) {
        llw_kustomization *component = component_of(v->r, v->set, k, i);
        if (component && component == from)
            behind = true;
        else if (component && behind && !visit_level(v, component, NULL, depth + 1))
            return false;
    }
    read_patches(v->r, v->set, k);
    for (size_t i = 0; i < k->n_patches; i++) {
        fit how = is_for(v->r->arena, &k->patches[i], v->object, &v->names);
        if (how != NOT_FOR_IT && !v->each(v, &k->patches[i], how)) return false;
    }
    return true;
}

static bool is_component_of(visit *v, const llw_kustomization *k, const llw_kustomization *from) {
    for (const llw_yaml *i = from ? llw_kustomize_list(k->root, "components") : NULL; i; i = i->next) {
        if (component_of(v->r, v->set, k, i) == from) return true;
    }
    return false;
}

static void visit_way(visit *v, const llw_kustomize_way *way) {
    const char *name = string_at(llw_yaml_get(v->object, "metadata"), "name");
    const llw_kustomization *from = NULL;
    v->names = (called){name, name};
    for (const llw_kustomize_level *level = way->level; level; level = level->above) {
        llw_kustomization *k = level->by;
        if (!visit_level(v, k, is_component_of(v, k, from) ? from : NULL, 0)) return;
        v->names.now = llw_arena_printf(v->r->arena, "%.200s%.200s%.200s", string_at(k->root, "namePrefix"),
                                        v->names.now, string_at(k->root, "nameSuffix"));
        from = k;
    }
}

/* --- what they make of it --- */

static bool note_one(visit *v, const llw_kustomize_patch *patch, fit how) {
    (void)patch;
    *(bool *)v->context |= how == FOR_IT;
    return !*(bool *)v->context;
}

static bool changes_maps(llw_config_reader *r, llw_config_set *set, const llw_kustomize_way *way) {
    for (const llw_kustomize_level *level = way->level; level; level = level->above) {
        const llw_yaml *i = llw_kustomize_list(level->by->root, "configMapGenerator");
        for (; i; i = i->next)
            if (llw_yaml_get(i, "behavior") && strcmp(string_at(i, "behavior"), "create")) return true;
        read_patches(r, set, level->by);
        for (size_t p = 0; p < level->by->n_patches; p++) {
            const llw_kustomize_patch *patch = &level->by->patches[p];
            const char *kind = string_at(patch->target ? patch->target : patch->document, "kind");
            if (fits(kind, "ConfigMap") == FOR_IT) return true;
        }
    }
    return false;
}

bool llw_kustomize_alters(llw_config_reader *r, llw_config_set *set, const llw_kustomize_way *way,
                          const llw_yaml *object) {
    bool found = false;
    visit v = {.r = r, .set = set, .object = object, .each = note_one, .context = &found};
    visit_way(&v, way);
    return found || changes_maps(r, set, way);
}

typedef struct work {
    llw_yaml_patch patch;
    llw_yaml *copy; /* NULL: nothing was changed yet */
    bool types;     /* Kubernetes' own */
    bool tell;
} work;

/* Custom resources have no merge keys: their API groups hold a dot that is none of Kubernetes'. */
static bool has_types(const llw_yaml *object) {
    const char *version = string_at(object, "apiVersion"), *slash = strchr(version, '/'),
               *dot = strchr(version, '.');
    return !slash || !dot || dot > slash || memmem(version, (size_t)(slash - version), ".k8s.io", 7) != NULL;
}

static bool apply(visit *v, const llw_kustomize_patch *patch, fit how) {
    work *w = v->context;
    const llw_yaml *document = patch->document;
    const char *path = patch->text->path;
    if (how == NOT_KNOWN) {
        if (w->tell)
            llw_config_unread(v->r, path, document->line,
                              "which objects this patch is for is not known here");
        return true;
    }
    if (!w->copy) w->copy = llw_yaml_copy(&w->patch, v->object);
    if (!w->copy) return false;
    if (document->kind == LLW_YAML_LIST)
        llw_yaml_operate(&w->patch, w->copy, document);
    else if (!strcmp(string_at(document, "$patch"), "delete"))
        w->copy = llw_yaml_copy(&w->patch, document); /* an object without a pod */
    else
        llw_yaml_merge(&w->patch, w->copy, document, w->types);
    if (w->patch.unclear && w->tell)
        llw_config_unread(v->r, path, document->line, "what this patch makes of %s is not known here",
                          v->names.name);
    if (w->patch.wrong && w->tell)
        llw_config_problem(v->r, LLW_F_FILE_REFUSED, LLW_PROBLEM_WRONG,
                           llw_place(v->r->arena, path, w->patch.here->line, w->patch.here->column), "patch",
                           "make the path one that is there, or write add for what is new",
                           "kustomize builds nothing: %s", w->patch.wrong);
    return !w->patch.unclear && !w->patch.wrong;
}

const llw_yaml *llw_kustomize_patched(llw_config_reader *r, llw_config_set *set, const llw_kustomize_way *way,
                                      const llw_yaml *object, bool tell) {
    work w = {.patch = {.arena = r->arena, .budget = MAX_NODES}, .types = has_types(object), .tell = tell};
    visit v = {.r = r, .set = set, .object = object, .each = apply, .context = &w};
    if (r->budget < MAX_NODES) return object;
    visit_way(&v, way);
    r->budget -= MAX_NODES - w.patch.budget;
    return w.copy ? w.copy : object;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most MAX_DEPTH deep */
static const llw_yaml_text *text_in(llw_config_reader *r, llw_config_set *set, const llw_kustomization *k,
                                    const llw_yaml *root, int depth) {
    const llw_yaml_text *found = NULL;
    for (size_t i = 0; i < k->n_patches && !found; i++)
        if (k->patches[i].document == root) found = k->patches[i].text;
    const llw_yaml *i = depth < MAX_DEPTH ? llw_kustomize_list(k->root, "components") : NULL;
    for (; i && !found; i = i->next) {
        const llw_kustomization *component = component_of(r, set, k, i);
        if (component) found = text_in(r, set, component, root, depth + 1);
    }
    return found;
}

const llw_yaml_text *llw_kustomize_text(llw_config_reader *r, llw_config_set *set,
                                        const llw_kustomize_way *way, const llw_yaml *node) {
    const llw_yaml *root = way ? llw_yaml_root(node) : NULL;
    const llw_yaml_text *found = NULL;
    for (const llw_kustomize_level *level = way ? way->level : NULL; level && !found; level = level->above)
        found = text_in(r, set, level->by, root, 0);
    return found;
}
