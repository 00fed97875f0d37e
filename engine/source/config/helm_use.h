/* Charts as commands install them: `helm upgrade NAME CHART -f FILE --set KEY=VALUE`.
 *
 * By Helm 3 pkg/cli/values and pkg/strvals: values.yaml of the chart, then each -f in its order, then --set
 * and its kin; maps grow, lists and scalars are replaced, null takes away. In --set a comma separates pairs,
 * a dot keys, a backslash takes either meaning away, {a,b} is a list. A values file that no command names is
 * an alternative: nothing starts with it. */
#ifndef LLW_SOURCE_HELM_USE_H
#define LLW_SOURCE_HELM_USE_H

#include "source/config/set.h"
#include "source/config/yaml_text.h"

/* A file, a command or a declaration (Argo CD, helmfile) that values were written in. */
typedef struct llw_helm_layer {
    const llw_yaml *root; /* of values in a declaration: the map that holds them */
    const llw_yaml_text *text;
    const char *origin;
} llw_helm_layer;

typedef struct llw_helm_layers {
    llw_helm_layer *items;
    size_t n, capacity;
} llw_helm_layers;

typedef struct llw_helm_use {
    const char *chart;           /* its directory */
    const char *release;         /* ""; what the launches are called after */
    const llw_config_file *file; /* of the command, or of the declaration */
    const char *origin;          /* what declares it; NULL: a command */
    llw_words files;             /* of -f, of valueFiles, of values */
    llw_helm_layers own;         /* values that a declaration holds itself: over those of files */
    bool beside_chart;           /* files are named from the chart's directory */
    llw_words sets;              /* KEY=VALUE of --set, of parameters, of set */
    size_t n_strings;            /* the last so many of them are of --set-string */
    int line;
    bool unclear; /* values that nobody knows are among them: of a file without a name, of another make */
} llw_helm_use;

/* Notes a use that is not known yet. */
void llw_helm_add_use(llw_config_reader *r, const llw_helm_use *use);
/* Notes what Applications of Argo CD and releases of helmfile install (config/helm_declared.c). */
void llw_helm_declared(llw_config_reader *r, llw_config_set *set);
/* Notes what the words behind helm install. */
void llw_helm_command(llw_config_reader *r, const llw_start_site *site, const llw_words *words, size_t from);

/* The values of a chart (its own: NULL for none) as a use leaves them; adds the layers that it brings. */
const llw_yaml *llw_helm_values(llw_config_reader *r, llw_config_set *set, const llw_helm_use *use,
                                const llw_yaml *own, llw_helm_layers *layers);
/* The values of a chart in charts/NAME: its own (NULL for none), under what its parent's hold as NAME and
 * global. */
const llw_yaml *llw_helm_part(llw_config_reader *r, const llw_yaml *parent, const char *name,
                              const llw_yaml *own);
void llw_helm_add_layer(llw_arena *arena, llw_helm_layers *layers, llw_helm_layer layer);
/* The layer that a node was written in; NULL. */
const llw_helm_layer *llw_helm_layer_of(const llw_helm_layers *layers, const llw_yaml *node);

/* The tag of a value that nobody knows. */
extern const char llw_helm_unknown[];

#endif
