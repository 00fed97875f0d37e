/* ConfigMaps that kustomizations generate.
 *
 * literals are KEY=VALUE, envs are files of such lines, of which the later one counts, files are KEY=PATH or
 * a path whose last part is the key; behavior merge puts them over what the map of that name has, replace in
 * its place. */
#include "source/config/kustomize.h"
#include "base/file.h"

#include <string.h>

typedef struct maker {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_kustomization *by;
} maker;

/* KEY=VALUE of a literal; quotes around the value are kustomize's own. */
static void add_literal(const maker *k, struct llw_config_map *map, const llw_yaml *node) {
    llw_rich all =
        llw_yaml_rich(&k->by->text, node, llw_link_new(k->r->arena, k->by->file->path, "ConfigMap", true));
    const char *key;
    llw_rich value;
    if (!llw_front_split_setting(k->r->arena, &all, &key, &value)) return;
    char quote = value.n > 1 ? value.chars[0].byte : 0;
    if ((quote == '"' || quote == '\'') && value.chars[value.n - 1].byte == quote)
        value = llw_rich_slice(&value, 1, value.n - 1);
    llw_map_set(k->r->arena, map, key, value,
                llw_place(k->r->arena, k->by->file->path, node->line, node->column));
}

static void add_env(const maker *k, struct llw_config_map *map, const char *path) {
    const llw_config_file *file = llw_config_set_find(k->r, k->set, k->by->file->directory, path);
    if (!file) return;
    llw_scope scope = llw_config_env_raw(k->r, file, "ConfigMap");
    for (size_t i = 0; i < scope.n; i++)
        llw_map_set(k->r->arena, map, scope.items[i].name, scope.items[i].value, scope.items[i].token.place);
}

static void add_file(const maker *k, struct llw_config_map *map, const char *text) {
    const char *sign = strchr(text, '='), *path = sign ? sign + 1 : text;
    const llw_config_file *file = llw_config_set_find(k->r, k->set, k->by->file->directory, path);
    if (!file) return;
    const char *key =
        sign ? llw_arena_strndup(k->r->arena, text, (size_t)(sign - text)) : llw_path_name(path);
    llw_map_set(k->r->arena, map, key, llw_config_text(k->r, file, "ConfigMap"),
                llw_place(k->r->arena, file->path, 1, 1));
}

static void add_entries(const maker *k, struct llw_config_map *map, const llw_yaml *generator) {
    for (const llw_yaml *i = llw_kustomize_list(generator, "literals"); i; i = i->next)
        if (llw_yaml_follow(i)->kind == LLW_YAML_SCALAR) add_literal(k, map, llw_yaml_follow(i));
    for (const llw_yaml *i = llw_kustomize_list(generator, "envs"); i; i = i->next)
        add_env(k, map, llw_yaml_string(i, ""));
    const char *env = llw_yaml_string(llw_yaml_get(generator, "env"), NULL);
    if (env) add_env(k, map, env);
    for (const llw_yaml *i = llw_kustomize_list(generator, "files"); i; i = i->next)
        add_file(k, map, llw_yaml_string(i, ""));
}

/* merge, replace, or "" for a map of its own. */
static const char *behavior_of(const llw_yaml *generator) {
    const char *behavior = llw_yaml_string(llw_yaml_get(generator, "behavior"), "");
    return !strcmp(behavior, "merge") || !strcmp(behavior, "replace") ? behavior : "";
}

static void generate(const maker *k, const llw_yaml *generator) {
    const char *home = k->by->file->directory;
    struct llw_config_map map = {.name = llw_yaml_string(llw_yaml_get(generator, "name"), ""),
                                 .namespace = llw_yaml_string(llw_yaml_get(generator, "namespace"), ""),
                                 .directory = home};
    if (*behavior_of(generator)) return;
    add_entries(k, &map, generator);
    llw_map_add(k->r, map);
    for (const llw_yaml *i = llw_kustomize_list(k->by->root, "resources"); i;
         i = i->next) { /* a base's manifests name it, too */
        const char *path = llw_config_inside(k->r->arena, home, llw_yaml_string(i, "/"));
        const char *dot = path ? strrchr(path, '.') : NULL;
        bool is_file = dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
        if (!path || (is_file && !strchr(path, '/'))) continue;
        map.directory = is_file ? llw_path_folder(k->r->arena, path) : path;
        if (strcmp(map.directory, home)) llw_map_add(k->r, map);
    }
}

void llw_kustomize_maps(llw_config_reader *r, llw_config_set *set) {
    const llw_config_file *file;
    for (size_t at = 0; (file = llw_config_set_next(set, LLW_CONFIG_KUSTOMIZE, &at)) != NULL;) {
        maker k = {r, set, llw_kustomization_of(r, set, file)};
        for (const llw_yaml *i = llw_kustomize_list(k.by->root, "configMapGenerator"); i; i = i->next)
            generate(&k, i);
    }
}

static void put_over(llw_arena *arena, struct llw_config_map *map, const llw_map_entry *over) {
    for (size_t i = 0; i < map->n; i++) {
        llw_map_entry *old = &map->entries[i];
        if (strcmp(old->key, over->key)) continue;
        llw_token *lost = llw_arena_alloc(arena, sizeof *lost);
        *lost = llw_rich_token(arena, &old->value, &(llw_token){.place = old->place, .origin = "ConfigMap"});
        *old = (llw_map_entry){over->key, llw_rich_over(arena, &over->value, lost), over->place};
        return;
    }
    llw_map_set(arena, map, over->key, over->value, over->place);
}

struct llw_config_map llw_kustomize_generated(llw_config_reader *r, llw_config_set *set,
                                              const llw_kustomize_way *way,
                                              const struct llw_config_map *map) {
    struct llw_config_map out = *map;
    out.entries = NULL;
    out.n = out.capacity = 0;
    for (size_t i = 0; i < map->n; i++)
        llw_map_set(r->arena, &out, map->entries[i].key, map->entries[i].value, map->entries[i].place);
    for (const llw_kustomize_level *level = way->level; level; level = level->above) {
        maker k = {r, set, level->by};
        const llw_yaml *i = llw_kustomize_list(level->by->root, "configMapGenerator");
        for (; i; i = i->next) {
            const char *behavior = behavior_of(i);
            struct llw_config_map over = {0};
            if (!*behavior || strcmp(llw_yaml_string(llw_yaml_get(i, "name"), ""), map->name)) continue;
            add_entries(&k, &over, i);
            if (*behavior == 'r') out.n = 0;
            for (size_t e = 0; e < over.n; e++) put_over(r->arena, &out, &over.entries[e]);
        }
    }
    return out;
}
