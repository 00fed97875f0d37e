/* What llwhy sees of a machine, as text and as JSON (docs/json/doctor.schema.json). */
#ifndef LLW_RENDER_DOCTOR_H
#define LLW_RENDER_DOCTOR_H

#include "render/style.h"

typedef enum llw_check_state {
    LLW_CHECK_FOUND,
    LLW_CHECK_ABSENT,  /* and nothing is lost by it */
    LLW_CHECK_TROUBLE, /* answers are poorer for it, or wrong */
} llw_check_state;

typedef struct llw_check {
    const char *part; /* "GPUs" */
    const char *name; /* "NVML" */
    llw_check_state state;
    const char *saw;    /* what is there, or what was tried */
    const char *advice; /* "" when there is nothing to do */
} llw_check;

void llw_render_doctor_text(llw_text *out, const llw_style *style, const llw_check *checks, size_t n);
void llw_render_doctor_json(llw_text *out, const llw_check *checks, size_t n);

#endif
