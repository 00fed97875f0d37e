/* What the ledger holds, as text and as JSON (docs/json/evidence.schema.json). */
#ifndef LLW_RENDER_EVIDENCE_H
#define LLW_RENDER_EVIDENCE_H

#include "fact/record.h"
#include "render/style.h"

#include <jansson.h>

typedef struct llw_evidence_report {
    const char *directory; /* NULL: there is no ledger */
    const llw_record *const *records;
    size_t n_records, n_all; /* n_all: before the query */
    const llw_err *problems;
    size_t n_problems;
} llw_evidence_report;

void llw_render_evidence_text(llw_text *out, const llw_style *style, const llw_evidence_report *report);
void llw_render_evidence_json(llw_text *out, const llw_evidence_report *report);

/* One record as a JSON object: the fields of fact/record.def that are known, its place, and what it was
 * corrected by. */
json_t *llw_record_json(const llw_record *record);
/* Its tests, buffers and outcome in words: "a prompt of 8,391 tokens answered; 103.8 tokens a second". */
void llw_record_words(llw_text *out, const llw_record *record);
/* The words behind the program's name, as a shell would take them. */
void llw_record_flags(llw_text *out, const llw_record *record);

#endif
