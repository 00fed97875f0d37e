/* ConfigMaps: those of manifests, and those that kustomizations generate. */
#ifndef LLW_SOURCE_CONFIG_MAP_H
#define LLW_SOURCE_CONFIG_MAP_H

#include "source/config/parts.h"
#include "source/config/yaml_text.h"

typedef struct llw_map_entry {
    const char *key;
    llw_rich value;
    const char *place;
} llw_map_entry;

struct llw_config_map {
    const char *name, *namespace;
    const char *directory; /* manifests of it may mean this one */
    llw_map_entry *entries;
    size_t n, capacity;
    const llw_yaml *object;    /* of the manifest that it stands in; NULL when it is generated */
    const llw_yaml_text *text; /* of that */
    bool twice;                /* there is another one of that name: nobody knows which is meant */
};

void llw_map_set(llw_arena *arena, struct llw_config_map *map, const char *key, llw_rich value,
                 const char *place);
/* NULL when there is no such key. */
const llw_map_entry *llw_map_get(const struct llw_config_map *map, const char *key);
/* Adds it to the reader's; one of the same name in the same directory makes both uncertain. */
void llw_map_add(llw_config_reader *r, struct llw_config_map map);
/* The map that a manifest in that directory means; NULL when there is none, or when it is not certain. */
const struct llw_config_map *llw_map_find(const llw_config_reader *r, const char *directory, const char *name,
                                          const char *namespace);

#endif
