/* What would have to change, as text and JSON (docs/json/change.schema.json). */
#ifndef LLW_RENDER_CHANGE_H
#define LLW_RENDER_CHANGE_H

#include "explain/change.h"
#include "render/style.h"

typedef struct llw_changes {
    const llw_reach *reach;
    const llw_decision *now; /* the launch as it is */
    bool wished;             /* the goal is a wish that has to load */
    bool reached, known;
    const llw_remedy *found;
    size_t n;
    const llw_attempt *attempts;
    size_t n_attempts;
} llw_changes;

/* Five at most unless `all`; how many more there are is said. */
void llw_render_changes_text(llw_text *out, const llw_style *style, const llw_changes *changes, bool all);
void llw_render_changes_json(llw_text *out, const llw_changes *changes);

#endif
