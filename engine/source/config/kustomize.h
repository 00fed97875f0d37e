/* What kustomizations make of manifests: patches, images, generated ConfigMaps.
 *
 * By kubernetes-sigs/kustomize api/types, api/internal/target and its reference of kustomization.yaml, and by
 * `kubectl kustomize` of kustomize 5.5: a kustomization builds what its resources (files, and directories
 * with a kustomization of their own) come to, then its components, then patchesStrategicMerge, patches,
 * patchesJson6902 and images are applied in this order. Not read: replacements and vars, which are told
 * (llw_kustomize_tell) as what lies elsewhere is, and generators and transformers of other makes. */
#ifndef LLW_SOURCE_KUSTOMIZE_H
#define LLW_SOURCE_KUSTOMIZE_H

#include "source/config/config_map.h"
#include "source/config/set.h"
#include "source/config/yaml_text.h"

/* A patch: operations when its document is a list, else laid over what it is for. */
typedef struct llw_kustomize_patch {
    const llw_yaml *document;
    const llw_yaml *target;    /* a selector; NULL: what the document itself names */
    const llw_yaml_text *text; /* of the file where it is written */
} llw_kustomize_patch;

typedef struct llw_kustomization {
    const llw_config_file *file;
    const llw_yaml *root; /* NULL when it is no YAML */
    llw_yaml_text text;
    bool taken;               /* by another one */
    size_t first_way, n_ways; /* that it builds, when nobody takes it */
    bool patches_read;
    llw_kustomize_patch *patches;
    size_t n_patches, patch_capacity;
} llw_kustomization;

/* One of those that a manifest goes through, and the one that takes it. */
typedef struct llw_kustomize_level {
    llw_kustomization *by;
    const struct llw_kustomize_level *above; /* NULL: it is built itself */
} llw_kustomize_level;

/* A manifest as a kustomization that nobody takes builds it. */
typedef struct llw_kustomize_way {
    const char *path;
    const llw_kustomize_level *level; /* the first one */
    const llw_config_file *built;     /* the last one's */
    size_t order;                     /* in which they were found: those of one kustomization together */
} llw_kustomize_way;

/* The file's, sorted by who builds; or those that a kustomization builds, in its own order. */
size_t llw_kustomize_ways_of(llw_config_reader *r, llw_config_set *set, const llw_config_file *manifest,
                             const llw_kustomize_way **out);
size_t llw_kustomize_ways_by(llw_config_reader *r, llw_config_set *set, const llw_config_file *built,
                             const llw_kustomize_way **out);

/* The kustomization of a file of the set, read once; without a root when it is no YAML. */
llw_kustomization *llw_kustomization_of(llw_config_reader *r, llw_config_set *set,
                                        const llw_config_file *file);
/* The kustomization in that directory; NULL. */
llw_kustomization *llw_kustomization_in(llw_config_reader *r, llw_config_set *set, const char *directory);
/* Tells of what a kustomization that speaks of llama.cpp takes and that is not in the folder, and of what
 * puts values of other objects into its own (replacements, vars), which is not followed. */
void llw_kustomize_tell(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);
/* The first item of a list; NULL. */
const llw_yaml *llw_kustomize_list(const llw_yaml *map, const char *key);

/* Whether a file is a patch of some kustomization: it is no manifest of its own. */
bool llw_kustomize_is_patch(llw_config_reader *r, llw_config_set *set, const llw_config_file *file);

/* An image as the way leaves it. */
llw_rich llw_kustomize_image(llw_config_reader *r, const llw_kustomize_way *way, const llw_rich *image);

/* Adds what configMapGenerator of every kustomization makes: literals, envs and files, for the manifests
 * beside it and in the directories that it takes its resources from. */
void llw_kustomize_maps(llw_config_reader *r, llw_config_set *set);
/* What generators of the way with behavior merge or replace leave of a map. */
struct llw_config_map llw_kustomize_generated(llw_config_reader *r, llw_config_set *set,
                                              const llw_kustomize_way *way, const struct llw_config_map *map);

/* --- config/kustomize_patch.c --- */

/* Whether the way makes something else of an object, or of what it may refer to. */
bool llw_kustomize_alters(llw_config_reader *r, llw_config_set *set, const llw_kustomize_way *way,
                          const llw_yaml *object);
/* The object with all patches of the way; itself when none is for it. `tell`: what kustomize stops at, and
 * what cannot be followed, is told. */
const llw_yaml *llw_kustomize_patched(llw_config_reader *r, llw_config_set *set, const llw_kustomize_way *way,
                                      const llw_yaml *object, bool tell);
/* The text that a node of a patch was written in; NULL when it is of no patch. */
const llw_yaml_text *llw_kustomize_text(llw_config_reader *r, llw_config_set *set,
                                        const llw_kustomize_way *way, const llw_yaml *node);

#endif
