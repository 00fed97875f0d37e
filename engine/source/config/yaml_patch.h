/* Patches on YAML trees: strategic merge and JSON 6902, as kustomize applies them.
 *
 * A tree is copied before it is patched. Each copy remembers the node that it was (`original`: its line, its
 * file) and what a patch put it over (`under`). Copying follows aliases and merges, so all of it has a
 * budget. */
#ifndef LLW_SOURCE_YAML_PATCH_H
#define LLW_SOURCE_YAML_PATCH_H

#include "source/config/yaml_tree.h"

typedef struct llw_yaml_patch {
    llw_arena *arena;
    size_t budget;        /* of nodes copied and compared */
    const char *wrong;    /* why the patch does not apply: kustomize stops there; NULL */
    const llw_yaml *here; /* what of the patch that is */
    bool unclear;         /* it cannot be followed here, or the budget is spent */
} llw_yaml_patch;

llw_yaml *llw_yaml_copy(llw_yaml_patch *p, const llw_yaml *node);
/* Lays a map over a copy. Lists of Kubernetes' own types that have a merge key (containers and env by name,
 * ...) are merged by it, the patch's items first; all other lists are replaced: `types` false for custom
 * resources. null and $patch: delete take away, $patch: replace replaces. */
void llw_yaml_merge(llw_yaml_patch *p, llw_yaml *target, const llw_yaml *patch, bool types);
/* Puts copies of what a list or map holds in the place of an item of another of its kind; keys that are
 * there stay. */
void llw_yaml_splice(llw_yaml_patch *p, llw_yaml *item, const llw_yaml *node);
/* Carries out the operations of a JSON patch (RFC 6902) on a copy, until one does not apply. */
void llw_yaml_operate(llw_yaml_patch *p, llw_yaml *root, const llw_yaml *operations);

#endif
