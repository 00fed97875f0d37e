/* What the readers of Kubernetes manifests share: config/kubernetes.c finds the objects, their ConfigMaps and
 * where each node stands; config/kubernetes_pod.c reads a container. */
#ifndef LLW_SOURCE_KUBERNETES_H
#define LLW_SOURCE_KUBERNETES_H

#include "source/config/front.h"
#include "source/config/helm.h"
#include "source/config/kustomize.h"

typedef struct llw_manifest {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    llw_yaml_text text;
    llw_helm *helm;               /* of a chart's template; NULL */
    const llw_kustomize_way *way; /* that it is read for; NULL: as it stands, or as nobody changes it */
    llw_yaml *documents[LLW_YAML_MAX_DOCUMENTS];
    size_t n;
    llw_err err; /* of a document that cannot be read */
} llw_manifest;

/* Where a node stands, with line and column: in the manifest, in a chart's values, in a patch. */
const char *llw_manifest_path(const llw_manifest *m, const llw_yaml *node);
const char *llw_manifest_place(const llw_manifest *m, const llw_yaml *node);
/* A scalar's text; of a patch's it is known what it was put over. */
llw_rich llw_manifest_scalar(const llw_manifest *m, const llw_yaml *node, const llw_link *link);
/* The ConfigMap that the manifest means by a name; NULL. */
const struct llw_config_map *llw_manifest_map(llw_manifest *m, const char *name, const char *namespace);

/* What a container of a pod starts; false when it is not llama.cpp. `name` is its own. */
bool llw_manifest_start(llw_manifest *m, const llw_yaml *spec, const llw_yaml *container,
                        const char *namespace, const char *name, llw_start *out);

#endif
