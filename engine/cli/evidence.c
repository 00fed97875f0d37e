/* llwhy evidence [WORD...]: what the ledger holds. */
#include "render/evidence.h"
#include "cli/app.h"

#include <string.h>
#include <strings.h>

/* Whether a word stands anywhere in what the record says of itself. */
static bool says(const llw_record *r, const char *word) {
    if (!strcasecmp(llw_record_kind_name(r->kind), word)) return true;
    for (const llw_field *f = llw_record_fields; f->key; f++) {
        const char *text = NULL;
        if (f->type != LLW_FIELD_TEXT) continue;
        memcpy(&text, (const char *)r + f->offset, sizeof text);
        if (text && strcasestr(text, word)) return true;
    }
    for (size_t i = 0; i < r->n_flags; i++)
        if (!strcmp(r->flags[i], word)) return true;
    for (size_t i = 0; i < r->n_gpus; i++)
        if (r->gpus[i].name && strcasestr(r->gpus[i].name, word)) return true;
    return false;
}

int llw_command_evidence(llw_app *app) {
    const llw_options *o = &app->options;
    const llw_ledger *ledger = llw_app_ledger(app, NULL);
    const llw_record **chosen = llw_arena_alloc(app->arena, (ledger->n_records + 1) * sizeof *chosen);
    llw_evidence_report report = {.directory = ledger->directory,
                                  .records = chosen,
                                  .n_all = ledger->n_records,
                                  .problems = ledger->problems,
                                  .n_problems = ledger->n_problems};
    for (size_t i = 0; i < ledger->n_records; i++) {
        bool all = true;
        for (size_t w = 0; w < o->n_words; w++) all = all && says(ledger->records[i], o->words[w]);
        if (all) chosen[report.n_records++] = ledger->records[i];
    }
    llw_text out = {0};
    if (app->json)
        llw_render_evidence_json(&out, &report);
    else
        llw_render_evidence_text(&out, &app->style, &report);
    llw_app_print(app, &out);
    return app->code;
}
