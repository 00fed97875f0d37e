/* Kustomizations: the images they name anew and the ConfigMaps they generate.
 *
 * By kubernetes-sigs/kustomize api/types and its reference of kustomization.yaml: resources are files and
 * directories with a kustomization of their own; images match by name, without tag; literals are KEY=VALUE,
 * envs are files of such lines, of which the later one counts, files are KEY=PATH or a path whose last part
 * is the key. Patches are not read: what they change is told as the manifests have it. */
#include "source/config/config_map.h"
#include "source/config/set.h"
#include "source/config/yaml_text.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_STEPS = 500 };

typedef struct llw_kustomization {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_config_file *file;
    const llw_yaml *root;
    llw_yaml_text text;
} kustomization;

/* A manifest, and a kustomization with images that takes it. */
typedef struct taken {
    const char *path;
    kustomization *by;
    size_t order; /* in which they were found */
} taken;

struct llw_kustomize {
    taken *items;
    size_t n, capacity;
};

/* Read once; NULL when it is no YAML. */
static kustomization *read_once(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_config_entry *e = llw_config_set_entry(set, file->path);
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    if (!e || e->kustomization) return e ? e->kustomization : NULL;
    r->n_parsed++;
    kustomization *k = e->kustomization = llw_arena_alloc(r->arena, sizeof *k);
    *k = (kustomization){.r = r, .set = set, .file = file};
    if (llw_yaml_parse(r->arena, file->path, file->bytes, file->len, &root, &twice, &err) == LLW_OK)
        k->root = root;
    llw_yaml_text_init(&k->text, r->arena, file->path, file->bytes, file->len);
    return k;
}

static const llw_yaml *first_of(const llw_yaml *map, const char *key) {
    const llw_yaml *list = llw_yaml_get(map, key);
    return list && list->kind == LLW_YAML_LIST ? list->first : NULL;
}

/* --- generated ConfigMaps --- */

/* KEY=VALUE of a literal; quotes around the value are kustomize's own. */
static void add_literal(kustomization *k, struct llw_config_map *map, const llw_yaml *node) {
    llw_rich all = llw_yaml_rich(&k->text, node, llw_link_new(k->r->arena, k->file->path, "ConfigMap", true));
    const char *key;
    llw_rich value;
    if (!llw_front_split_setting(k->r->arena, &all, &key, &value)) return;
    char quote = value.n > 1 ? value.chars[0].byte : 0;
    if ((quote == '"' || quote == '\'') && value.chars[value.n - 1].byte == quote)
        value = llw_rich_slice(&value, 1, value.n - 1);
    llw_map_set(k->r->arena, map, key, value,
                llw_place(k->r->arena, k->file->path, node->line, node->column));
}

static void add_env(kustomization *k, struct llw_config_map *map, const char *path) {
    const llw_config_file *file = llw_config_set_find(k->r, k->set, k->file->directory, path);
    if (!file) return;
    llw_scope scope = llw_config_env_raw(k->r, file, "ConfigMap");
    for (size_t i = 0; i < scope.n; i++)
        llw_map_set(k->r->arena, map, scope.items[i].name, scope.items[i].value, scope.items[i].token.place);
}

static void add_file(kustomization *k, struct llw_config_map *map, const char *text) {
    const char *sign = strchr(text, '='), *path = sign ? sign + 1 : text;
    const llw_config_file *file = llw_config_set_find(k->r, k->set, k->file->directory, path);
    if (!file) return;
    const char *key = sign ? llw_arena_strndup(k->r->arena, text, (size_t)(sign - text)) : llw_path_name(path);
    llw_map_set(k->r->arena, map, key, llw_config_text(k->r, file, "ConfigMap"),
                llw_place(k->r->arena, file->path, 1, 1));
}

static void generate(kustomization *k, const llw_yaml *generator) {
    struct llw_config_map map = {.name = llw_yaml_string(llw_yaml_get(generator, "name"), ""),
                                 .namespace = llw_yaml_string(llw_yaml_get(generator, "namespace"), ""),
                                 .directory = k->file->directory};
    for (const llw_yaml *i = first_of(generator, "literals"); i; i = i->next)
        if (llw_yaml_follow(i)->kind == LLW_YAML_SCALAR) add_literal(k, &map, llw_yaml_follow(i));
    for (const llw_yaml *i = first_of(generator, "envs"); i; i = i->next)
        add_env(k, &map, llw_yaml_string(i, ""));
    const char *env = llw_yaml_string(llw_yaml_get(generator, "env"), NULL);
    if (env) add_env(k, &map, env);
    for (const llw_yaml *i = first_of(generator, "files"); i; i = i->next)
        add_file(k, &map, llw_yaml_string(i, ""));
    llw_map_add(k->r, map);
    for (const llw_yaml *i = first_of(k->root, "resources"); i;
         i = i->next) { /* a base's manifests name it, too */
        const char *path = llw_config_inside(k->r->arena, k->file->directory, llw_yaml_string(i, "/"));
        const char *slash = path ? strrchr(path, '.') : NULL;
        bool is_file = slash && (!strcmp(slash, ".yaml") || !strcmp(slash, ".yml"));
        if (!path || (is_file && !strchr(path, '/'))) continue;
        map.directory =
            is_file ? llw_arena_strndup(k->r->arena, path, (size_t)(llw_path_name(path) - path - 1)) : path;
        if (strcmp(map.directory, k->file->directory)) llw_map_add(k->r, map);
    }
}

void llw_kustomize_maps(llw_config_reader *r, llw_config_set *set) {
    const llw_config_file *file;
    for (size_t at = 0; (file = llw_config_set_next(set, LLW_CONFIG_KUSTOMIZE, &at)) != NULL;) {
        kustomization *k = read_once(r, set, file);
        for (const llw_yaml *i = k ? first_of(k->root, "configMapGenerator") : NULL; i; i = i->next)
            generate(k, i);
    }
}

/* --- images --- */

/* What a kustomization takes: files by name, and what those of the directories that it names take. */
static void take(struct llw_kustomize *all, kustomization *by, const kustomization *k, int depth,
                 int *steps) {
    static const char *const names[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
    llw_arena *arena = by->r->arena;
    for (const llw_yaml *i = first_of(k->root, "resources"); i && ++*steps < MAX_STEPS; i = i->next) {
        const char *name = llw_yaml_string(i, NULL);
        const char *there = name ? llw_config_inside(arena, k->file->directory, name) : NULL;
        if (!there) continue;
        void *items = all->items;
        taken *t = llw_arena_push(arena, &items, &all->n, &all->capacity, sizeof *t);
        all->items = items;
        *t = (taken){there, by, all->n};
        for (size_t n = 0; n < 3 && depth < MAX_DEPTH; n++) {
            const llw_config_entry *e = llw_config_set_entry(k->set, llw_path_join(arena, there, names[n]));
            const kustomization *below = e ? read_once(by->r, by->set, &e->file) : NULL;
            if (below) take(all, by, below, depth + 1, steps);
        }
    }
}

static int by_path(const void *a, const void *b) {
    const taken *x = a, *y = b;
    int c = strcmp(x->path, y->path);
    return c ? c : x->order < y->order ? -1 : x->order > y->order;
}

/* All that kustomizations with images take, sorted by path. */
static const struct llw_kustomize *all_taken(llw_config_reader *r, llw_config_set *set) {
    static const char key[] = "images";
    if (r->kustomize) return r->kustomize;
    struct llw_kustomize *all = r->kustomize = llw_arena_alloc(r->arena, sizeof *all);
    *all = (struct llw_kustomize){0};
    r->n_parsed++;
    const llw_config_file *file;
    for (size_t at = 0; (file = llw_config_set_next(set, LLW_CONFIG_KUSTOMIZE, &at)) != NULL;) {
        kustomization *k = read_once(r, set, file);
        int steps = 0;
        if (k && first_of(k->root, key)) take(all, k, k, 0, &steps);
    }
    if (all->n) qsort(all->items, all->n, sizeof *all->items, by_path);
    return all;
}

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

static llw_rich value_at(kustomization *k, const llw_yaml *map, const char *key) {
    const llw_yaml *node = llw_yaml_get(map, key);
    if (!node || node->kind != LLW_YAML_SCALAR) return (llw_rich){0};
    return llw_yaml_rich(&k->text, node, llw_link_new(k->r->arena, k->file->path, "Kustomize images", true));
}

static void append_behind(llw_arena *arena, llw_rich *out, char sign, const llw_rich *more) {
    llw_char c = more->chars[0];
    c.byte = sign;
    llw_rich_push(arena, out, c);
    llw_rich_append(arena, out, more);
}

static llw_rich renamed(kustomization *k, const llw_yaml *entry, const llw_rich *image) {
    llw_rich out = value_at(k, entry, "newName"), tag = value_at(k, entry, "newTag"),
             digest = value_at(k, entry, "digest");
    size_t name = name_length(image);
    if (!out.n) out = llw_rich_slice(image, 0, name);
    llw_rich all = {0};
    llw_rich_append(k->r->arena, &all, &out);
    if (digest.n)
        append_behind(k->r->arena, &all, '@', &digest);
    else if (tag.n)
        append_behind(k->r->arena, &all, ':', &tag);
    else {
        llw_rich rest = llw_rich_slice(image, name, image->n);
        llw_rich_append(k->r->arena, &all, &rest);
    }
    return all;
}

llw_rich llw_kustomize_image(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                             const llw_rich *image) {
    llw_rich name = llw_rich_slice(image, 0, name_length(image));
    const char *text = llw_rich_text(r->arena, &name);
    const struct llw_kustomize *all = all_taken(r, set);
    size_t low = 0, high = all->n;
    while (low < high) { /* the first of that path */
        size_t mid = (low + high) / 2;
        if (strcmp(all->items[mid].path, file->path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; text && low < all->n && !strcmp(all->items[low].path, file->path); low++) {
        kustomization *k = all->items[low].by;
        for (const llw_yaml *i = first_of(k->root, "images"); i; i = i->next)
            if (!strcmp(llw_yaml_string(llw_yaml_get(i, "name"), ""), text)) return renamed(k, i, image);
    }
    return *image;
}
