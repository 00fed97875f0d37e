/* Kustomizations: which of them take which manifests, and the images they name anew.
 *
 * Images match by name, without tag; inner kustomizations come first. */
#include "source/config/kustomize.h"
#include "base/file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_STEPS = 500, MAX_WAYS = 100000 };

struct llw_kustomize {
    llw_kustomize_way *found;   /* in the order in which they were found */
    llw_kustomize_way *by_path; /* the same, sorted */
    size_t n, capacity;
};

const llw_yaml *llw_kustomize_list(const llw_yaml *map, const char *key) {
    const llw_yaml *list = llw_yaml_get(map, key);
    return list && list->kind == LLW_YAML_LIST ? list->first : NULL;
}

llw_kustomization *llw_kustomization_of(llw_config_reader *r, llw_config_set *set,
                                        const llw_config_file *file) {
    llw_config_entry *e = llw_config_set_entry(set, file->path);
    assert(e != NULL);
    if (e->kustomization) return e->kustomization;
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    r->n_parsed++;
    llw_kustomization *k = e->kustomization = llw_arena_alloc(r->arena, sizeof *k);
    *k = (llw_kustomization){.file = file};
    if (llw_yaml_parse(r->arena, file->path, file->bytes, file->len, &root, &twice, &err) == LLW_OK)
        k->root = root;
    llw_yaml_text_init(&k->text, r->arena, file->path, file->bytes, file->len);
    return k;
}

llw_kustomization *llw_kustomization_in(llw_config_reader *r, llw_config_set *set, const char *directory) {
    static const char *const names[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const llw_config_entry *e = llw_config_set_entry(set, llw_path_join(r->arena, directory, names[i]));
        if (e) return llw_kustomization_of(r, set, &e->file);
    }
    return NULL;
}

/* --- what takes what --- */

/* Where an entry leads; NULL when that is not here. */
static const char *there(llw_config_reader *r, const llw_kustomization *k, const llw_yaml *entry) {
    const char *name = llw_yaml_string(entry, NULL);
    return name ? llw_config_inside(r->arena, k->file->directory, name) : NULL;
}

static const char *const takers[] = {"resources", "bases", "components"};

/* What a kustomization takes: files by name, and what those of the directories that it names take. */
/* NOLINTNEXTLINE(misc-no-recursion): at most MAX_DEPTH deep */
static void take(llw_config_reader *r, llw_config_set *set, struct llw_kustomize *all,
                 const llw_config_file *built, const llw_kustomize_level *level, int depth, int *steps) {
    for (size_t list = 0; list < sizeof takers / sizeof *takers; list++)
        for (const llw_yaml *i = llw_kustomize_list(level->by->root, takers[list]); i && ++*steps < MAX_STEPS;
             i = i->next) {
            const char *path = there(r, level->by, i);
            if (!path) continue;
            llw_kustomization *below = depth < MAX_DEPTH ? llw_kustomization_in(r, set, path) : NULL;
            if (below) {
                llw_kustomize_level *next = llw_arena_alloc(r->arena, sizeof *next);
                *next = (llw_kustomize_level){below, level};
                take(r, set, all, built, next, depth + 1, steps);
                continue;
            }
            void *items = all->found;
            size_t order = all->n;
            *(llw_kustomize_way *)llw_arena_push(r->arena, &items, &all->n, &all->capacity,
                                                 sizeof *all->found) =
                (llw_kustomize_way){path, level, built, order};
            all->found = items;
        }
}

static int by_path(const void *a, const void *b) {
    const llw_kustomize_way *x = a, *y = b;
    int c = strcmp(x->path, y->path);
    return c ? c : x->order < y->order ? -1 : x->order > y->order;
}

static void mark_taken(llw_config_reader *r, llw_config_set *set, const llw_kustomization *k) {
    for (size_t list = 0; list < sizeof takers / sizeof *takers; list++)
        for (const llw_yaml *i = llw_kustomize_list(k->root, takers[list]); i; i = i->next) {
            const char *path = there(r, k, i);
            llw_kustomization *below = path ? llw_kustomization_in(r, set, path) : NULL;
            if (below) below->taken = true;
        }
}

/* Patches that are files: a path alone, or under path. */
static void mark_patches(llw_config_reader *r, llw_config_set *set, const llw_kustomization *k) {
    static const char *const lists[] = {"patchesStrategicMerge", "patches"};
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
        for (const llw_yaml *i = llw_kustomize_list(k->root, lists[list]); i; i = i->next) {
            const llw_yaml *path = llw_yaml_get(i, "path");
            const char *file = there(r, k, path ? path : i);
            llw_config_entry *e = file ? llw_config_set_entry(set, file) : NULL;
            if (e) e->patch = true;
        }
}

/* All that kustomizations take. */
static const struct llw_kustomize *all_ways(llw_config_reader *r, llw_config_set *set) {
    if (r->kustomize) return r->kustomize;
    struct llw_kustomize *all = r->kustomize = llw_arena_alloc(r->arena, sizeof *all);
    *all = (struct llw_kustomize){0};
    r->n_parsed++;
    const llw_config_file *file;
    for (size_t at = 0; (file = llw_config_set_next(set, LLW_CONFIG_KUSTOMIZE, &at)) != NULL;) {
        llw_kustomization *k = llw_kustomization_of(r, set, file);
        mark_taken(r, set, k);
        mark_patches(r, set, k);
    }
    for (size_t at = 0; (file = llw_config_set_next(set, LLW_CONFIG_KUSTOMIZE, &at)) != NULL;) {
        llw_kustomize_level *level = llw_arena_alloc(r->arena, sizeof *level);
        *level = (llw_kustomize_level){llw_kustomization_of(r, set, file), NULL};
        int steps = 0;
        level->by->first_way = all->n;
        if (!level->by->taken && all->n < MAX_WAYS) take(r, set, all, file, level, 0, &steps);
        level->by->n_ways = all->n - level->by->first_way;
    }
    all->by_path = llw_arena_alloc(r->arena, (all->n + 1) * sizeof *all->by_path);
    for (size_t i = 0; i < all->n; i++) all->by_path[i] = all->found[i];
    if (all->n) qsort(all->by_path, all->n, sizeof *all->by_path, by_path);
    return all;
}

size_t llw_kustomize_ways_of(llw_config_reader *r, llw_config_set *set, const llw_config_file *manifest,
                             const llw_kustomize_way **out) {
    const struct llw_kustomize *all = all_ways(r, set);
    size_t low = 0, high = all->n, n = 0;
    while (low < high) { /* the first of that path */
        size_t mid = (low + high) / 2;
        if (strcmp(all->by_path[mid].path, manifest->path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *out = all->by_path + low;
    while (low + n < all->n && !strcmp((*out)[n].path, manifest->path)) n++;
    return n;
}

size_t llw_kustomize_ways_by(llw_config_reader *r, llw_config_set *set, const llw_config_file *built,
                             const llw_kustomize_way **out) {
    const struct llw_kustomize *all = all_ways(r, set);
    const llw_kustomization *k = llw_kustomization_of(r, set, built);
    *out = k ? all->found + k->first_way : NULL;
    return k ? k->n_ways : 0;
}

bool llw_kustomize_is_patch(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    const llw_config_entry *e = all_ways(r, set) ? llw_config_set_entry(set, file->path) : NULL;
    return e && e->patch;
}

/* --- what is not read --- */

static bool speaks(const char *bytes, size_t len) {
    static const char ours[] = "llama";
    return memmem(bytes, len, ours, sizeof ours - 1) != NULL;
}

/* Whether one of its patches speaks of llama.cpp, in its own words or in a file. */
static bool patches_ours(llw_config_reader *r, llw_config_set *set, const llw_kustomization *k) {
    static const char *const lists[] = {"patchesStrategicMerge", "patches"};
    for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
        for (const llw_yaml *i = llw_kustomize_list(k->root, lists[list]); i; i = i->next) {
            const llw_yaml *path = llw_yaml_get(i, "path");
            const char *text = llw_yaml_string(llw_yaml_get(i, "patch"), ""),
                       *at = there(r, k, path ? path : i);
            const llw_config_entry *e = at ? llw_config_set_entry(set, at) : NULL;
            if (speaks(text, strlen(text)) || (e && speaks(e->file.bytes, e->file.len))) return true;
        }
    return false;
}

static bool is_remote(const char *name) {
    return strstr(name, "://") || strstr(name, "?ref=") || strchr(name, '@') ||
           !strncmp(name, "github.com/", 11);
}

/* A path that leaves the folder that is read; one within it that is not there is kustomize's to tell. */
static bool lies_outside(const llw_config_set *set, const char *path) {
    size_t len = strcmp(set->root, ".") ? strlen(set->root) : 0;
    if (!path) return true;
    if (!len) return !strncmp(path, "..", 2);
    return strncmp(path, set->root, len) || (path[len] && path[len] != '/' && set->root[len - 1] != '/');
}

void llw_kustomize_tell(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    static const char *const movers[] = {"replacements", "vars"};
    const llw_kustomization *k = llw_kustomization_of(r, set, file);
    bool patches = patches_ours(r, set, k);
    if (!patches && !speaks(file->bytes, file->len)) return;
    for (size_t list = 0; list < sizeof takers / sizeof *takers; list++)
        for (const llw_yaml *i = llw_kustomize_list(k->root, takers[list]); i; i = i->next) {
            const char *name = llw_yaml_string(i, NULL), *path = there(r, k, i);
            bool missing = is_remote(name ? name : "") ? patches : lies_outside(set, path);
            if (!name || !missing) continue;
            if (is_remote(name)) /* most that lies there is none of ours; what is patched here is */
                llw_config_unread(r, file->path, i->line, "takes %.120s: what it starts there is not read",
                                  name);
            else
                llw_config_unread(
                    r, file->path, i->line,
                    "takes %.120s, which is not in the folder that is read: what it starts is not known. "
                    "Give the folder above both",
                    name);
        }
    for (size_t i = 0; i < sizeof movers / sizeof *movers; i++) {
        const llw_yaml *list = llw_kustomize_list(k->root, movers[i]);
        if (list)
            llw_config_unread(
                r, file->path, list->line,
                "%s put values of other objects in: the fields they fill are read as they stand", movers[i]);
    }
}

/* --- images --- */

/* The name in front of :tag and @digest. */
static size_t name_length(const llw_rich *image) {
    size_t slash = 0, to = image->n;
    for (size_t i = 0; i < image->n; i++) {
        if (image->chars[i].byte == '/') slash = i;
        if (image->chars[i].byte == '@') to = i < to ? i : to;
    }
    for (size_t i = slash; i < to; i++)
        if (image->chars[i].byte == ':') return i;
    return to;
}

static llw_rich value_at(llw_config_reader *r, const llw_kustomization *k, const llw_yaml *map,
                         const char *key) {
    const llw_yaml *node = llw_yaml_get(map, key);
    if (!node || node->kind != LLW_YAML_SCALAR) return (llw_rich){0};
    return llw_yaml_rich(&k->text, node, llw_link_new(r->arena, k->file->path, "Kustomize images", true));
}

static void append_behind(llw_arena *arena, llw_rich *out, char sign, const llw_rich *more) {
    llw_char c = more->chars[0];
    c.byte = sign;
    llw_rich_push(arena, out, c);
    llw_rich_append(arena, out, more);
}

static llw_rich renamed(llw_config_reader *r, const llw_kustomization *k, const llw_yaml *entry,
                        const llw_rich *image) {
    llw_rich out = value_at(r, k, entry, "newName"), tag = value_at(r, k, entry, "newTag"),
             digest = value_at(r, k, entry, "digest");
    size_t name = name_length(image);
    if (!out.n) out = llw_rich_slice(image, 0, name);
    llw_rich all = {0};
    llw_rich_append(r->arena, &all, &out);
    if (digest.n)
        append_behind(r->arena, &all, '@', &digest);
    else if (tag.n)
        append_behind(r->arena, &all, ':', &tag);
    else {
        llw_rich rest = llw_rich_slice(image, name, image->n);
        llw_rich_append(r->arena, &all, &rest);
    }
    return all;
}

/* The entry of that name; NULL. */
static const llw_yaml *entry_of(const llw_kustomization *k, const char *name) {
    for (const llw_yaml *i = llw_kustomize_list(k->root, "images"); i; i = i->next)
        if (!strcmp(llw_yaml_string(llw_yaml_get(i, "name"), ""), name)) return i;
    return NULL;
}

llw_rich llw_kustomize_image(llw_config_reader *r, const llw_kustomize_way *way, const llw_rich *image) {
    llw_rich out = *image;
    for (const llw_kustomize_level *level = way ? way->level : NULL; level; level = level->above) {
        llw_rich name = llw_rich_slice(&out, 0, name_length(&out));
        const char *text = llw_rich_text(r->arena, &name);
        const llw_yaml *entry = text ? entry_of(level->by, text) : NULL;
        if (entry) out = renamed(r, level->by, entry, &out);
    }
    return out;
}
