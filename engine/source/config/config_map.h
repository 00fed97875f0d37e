/* ConfigMaps: those of manifests, and those that kustomizations generate. */
#ifndef LLW_SOURCE_CONFIG_MAP_H
#define LLW_SOURCE_CONFIG_MAP_H

#include "source/config/parts.h"

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
    bool twice; /* there is another one of that name: nobody knows which is meant */
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

/* Adds what configMapGenerator of every kustomization makes: literals, envs and files, for the manifests
 * beside it and in the directories that it takes its resources from. */
void llw_kustomize_maps(llw_config_reader *r, llw_config_set *set);
/* A manifest's image as the kustomizations that take the manifest leave it: images with newName, newTag,
 * digest. With several of them the first by its path counts. The image itself when none says otherwise. */
llw_rich llw_kustomize_image(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                             const llw_rich *image);

#endif
