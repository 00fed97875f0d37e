/* Helm templates, as far as the chart alone says what becomes of them.
 *
 * A template is rendered into text of the same lines and columns that YAML can read: what {{ }} puts in
 * becomes a mark of private characters, as long as the action, and the mark becomes the value when a scalar
 * is read. Known are .Values (config/helm_use.h says of which files), .Chart of its Chart.yaml, `default`,
 * `quote`, `int`, `toString`, `trim` and, for a node alone, `toYaml`; of control structures `if`, `with` and
 * `range` over what is known. Anything else is unknown: a word with it has no value, and a part that depends
 * on it is told of and left out. */
#ifndef LLW_SOURCE_HELM_H
#define LLW_SOURCE_HELM_H

#include "source/config/helm_use.h"

typedef struct llw_helm llw_helm;

/* NULL when the file is no template of a chart that is here; else *bytes is what YAML is to read. `use`: how
 * a command installs the chart; NULL: as its own values have it. */
llw_helm *llw_helm_read(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                        const llw_helm_use *use, const char **bytes, size_t *len);
/* Whether a file is a template of the chart in that directory, or of one in its charts/; of any chart that a
 * command installs with values that are known. */
bool llw_helm_is_of(llw_arena *arena, const llw_config_file *file, const char *chart);
bool llw_helm_is_used(const llw_config_reader *r, const llw_config_file *file);
/* Puts lists and maps that are lines of their own (toYaml, nindent; `- {{ . }}` in a range) into those that
 * they stand in. NULL helm: nothing. */
void llw_helm_splice(const llw_helm *helm, llw_yaml *root);
/* The node that stands for a scalar which is one mark of toYaml, or the node itself. NULL helm: itself. */
const llw_yaml *llw_helm_node(const llw_helm *helm, const llw_yaml *node);
/* The text that a value is put in as without quotes, so that YAML makes of it what it looks like; NULL. */
const char *llw_helm_bare(const llw_helm *helm, const llw_yaml *node);
/* A scalar's text, its marks replaced; `own` is the text of the template. NULL helm: as it stands. */
llw_rich llw_helm_scalar(const llw_helm *helm, const llw_yaml_text *own, const llw_yaml *node,
                         const llw_link *link);
/* The file that a node stands in: the template, or one of those that hold values. */
const char *llw_helm_path(const llw_helm *helm, const llw_yaml_text *own, const llw_yaml *node);
/* Whether a text holds marks. */
bool llw_helm_marks(const char *text);
/* Tells of the parts that were left out. */
void llw_helm_tell(const llw_helm *helm);

#endif
