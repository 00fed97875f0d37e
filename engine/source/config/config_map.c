/* ConfigMaps by name and directory. */
#include "source/config/config_map.h"

#include <string.h>

enum { MAX_MAPS = 2000, MAX_ENTRIES = 1000 };

void llw_map_set(llw_arena *arena, struct llw_config_map *map, const char *key, llw_rich value,
                 const char *place) {
    if (map->n >= MAX_ENTRIES) return;
    void *items = map->entries;
    *(llw_map_entry *)llw_arena_push(arena, &items, &map->n, &map->capacity, sizeof(llw_map_entry)) =
        (llw_map_entry){key, value, place};
    map->entries = items;
}

const llw_map_entry *llw_map_get(const struct llw_config_map *map, const char *key) {
    const llw_map_entry *found = NULL;
    for (size_t i = 0; i < map->n; i++)
        if (!strcmp(map->entries[i].key, key)) found = &map->entries[i];
    return found;
}

void llw_map_add(llw_config_reader *r, struct llw_config_map map) {
    if (!*map.name || r->n_maps >= MAX_MAPS) return;
    for (size_t i = 0; i < r->n_maps; i++) {
        struct llw_config_map *other = &r->maps[i];
        if (strcmp(other->name, map.name) || strcmp(other->namespace, map.namespace) ||
            strcmp(other->directory, map.directory))
            continue;
        map.twice = other->twice = true;
    }
    void *items = r->maps;
    *(struct llw_config_map *)llw_arena_push(r->arena, &items, &r->n_maps, &r->map_capacity, sizeof map) =
        map;
    r->maps = items;
}

const struct llw_config_map *llw_map_find(const llw_config_reader *r, const char *directory, const char *name,
                                          const char *namespace) {
    for (size_t i = 0; i < r->n_maps; i++) {
        const struct llw_config_map *map = &r->maps[i];
        bool same = !*namespace || !*map->namespace || !strcmp(map->namespace, namespace);
        if (same && !strcmp(map->name, name) && !strcmp(map->directory, directory))
            return map->twice ? NULL : map;
    }
    return NULL;
}
