/* Renders what llwhy sees of a machine. */
#include "render/doctor.h"
#include "render/jsontext.h"

#include <string.h>

static const char *const states[] = {"found", "absent", "trouble"};

void llw_render_doctor_text(llw_text *out, const llw_style *style, const llw_check *checks, size_t n) {
    static const char *const words[] = {"ok", "-", "look"};
    static const llw_ink inks[] = {LLW_GREEN, LLW_DIM, LLW_YELLOW};
    size_t troubles = 0;
    for (size_t i = 0; i < n; i++) {
        const llw_check *c = &checks[i];
        if (!i || strcmp(checks[i - 1].part, c->part)) {
            if (i) llw_text_add(out, "\n");
            llw_paint(out, style, LLW_BOLD, c->part);
            llw_text_add(out, "\n");
        }
        troubles += c->state == LLW_CHECK_TROUBLE;
        llw_text line = {0};
        llw_text_addf(&line, "  %-5s", words[c->state]);
        llw_paint(out, style, inks[c->state], llw_text_str(&line));
        llw_text_fini(&line);
        llw_text_addf(out, "%-22s ", c->name);
        llw_text_add_safe(&line, c->saw, strlen(c->saw), false);
        llw_wrap(out, style, llw_text_str(&line), 30, 30);
        llw_text_fini(&line);
        llw_text_add(out, "\n");
        if (*c->advice) {
            llw_text_addf(out, "%30s", "");
            llw_text_add_safe(&line, c->advice, strlen(c->advice), false);
            llw_wrap(out, style, llw_text_str(&line), 30, 30);
            llw_text_fini(&line);
            llw_text_add(out, "\n");
        }
    }
    if (troubles)
        llw_text_addf(out, "\n%zu of these need%s a look.\n", troubles, troubles == 1 ? "s" : "");
    else
        llw_text_add(out, "\nNothing is in trouble.\n");
}

void llw_render_doctor_json(llw_text *out, const llw_check *checks, size_t n) {
    json_t *root = json_object(), *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:o,s:o*}", "part", checks[i].part, "name",
                                              checks[i].name, "state", states[checks[i].state], "saw",
                                              llw_json_string(checks[i].saw), "advice",
                                              *checks[i].advice ? llw_json_string(checks[i].advice) : NULL));
    json_object_set_new(root, "schema", json_string("llwhy.doctor/1"));
    json_object_set_new(root, "checks", list);
    llw_json_dump(out, root);
}
