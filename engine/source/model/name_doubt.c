/* Compares a model's names with its tensors. */
#include "source/model/name_doubt.h"
#include "base/text.h"
#include "fact/ggml_type.h"
#include "fact/header.h"
#include "source/model/model_doubts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct naming {
    llw_facts *facts;
    llw_entity entity;
    const llw_model_source *source;
    const llw_survey *survey;
    const llw_table *types; /* models/file_types.tsv */
    const char *calls, *by; /* "calls itself" "", "is called" " by its file's name" */
} naming;

#define DOUBT(n, ...) llw_model_accuse((n)->facts, (n)->entity, (n)->source, LLW_model_doubt, __VA_ARGS__)

/* ---- parameters ---- */

/* Whether a number of parameters is about right for the model, or for what works on a token: some names give
 * that. */
static bool about_right(const naming *n, double said) {
    int64_t params = 0, active = 0;
    llw_facts_count(n->facts, n->entity, LLW_model_params, &params);
    llw_facts_count(n->facts, n->entity, LLW_model_params_active, &active);
    return (said <= 2 * (double)params && said >= (double)params / 2) ||
           (said <= 2 * (double)active && said >= (double)active / 2);
}

static void doubt_size(const naming *n, const char *said, size_t len) {
    char buf[LLW_NUMBER_MAX];
    int64_t params = 0;
    if (llw_facts_count(n->facts, n->entity, LLW_model_params, &params))
        DOUBT(n, "%s %.*s%s, but its tensors hold %s parameters", n->calls, (int)(len < 20 ? len : 20), said,
              n->by, llw_format_params(buf, params));
}

/* general.size_label: "8B", "30B.A3B". "8x7B" says how many experts there are, and nothing exact. False when
 * it is wrong. */
static bool check_label(const naming *n, const llw_meta *label) {
    char *unit = NULL;
    if (!label || label->type != LLW_GGUF_STRING) return true;
    double said = strtod(label->string, &unit);
    double scale = *unit == 'K' ? 1e3 : *unit == 'M' ? 1e6 : *unit == 'B' ? 1e9 : *unit == 'T' ? 1e12 : 0;
    if (!(said > 0) || unit == label->string || scale <= 0 || about_right(n, said * scale)) return true;
    doubt_size(n, label->string, strlen(label->string));
    return false;
}

/* Sizes in billions that stand alone in a name: "Llama 3.1 70B", not A3B, 8x7B or E4B; 1M and 15T are of
 * other things. */
static void check_size(const naming *n, const char *name) {
    const char *wrong = NULL;
    size_t len = 0;
    for (const char *at = name; *at;) {
        size_t digits = strspn(at, "0123456789."), word = digits;
        while (isalnum((unsigned char)at[word])) word++;
        if (digits && word == digits + 1 && tolower((unsigned char)at[digits]) == 'b') {
            if (about_right(n, strtod(at, NULL) * 1e9)) return;
            wrong = at;
            len = word;
        }
        at += word ? word : 1;
    }
    if (wrong) doubt_size(n, wrong, len);
}

/* ---- quantisation ---- */

static double bits_of(const llw_ggml_type *type) {
    return 8.0 * type->bytes / type->block;
}

/* Whether weights of that type may go by the quantisation of the row: its own types, or nearly as many bits.
 */
static bool may_go_by(const naming *n, size_t row, const llw_ggml_type *type) {
    const char *types = llw_table_cell(n->types, row, llw_table_column(n->types, "types"));
    for (const char *at = types; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] != 0)) {
        char one[32] = "";
        size_t len = strcspn(at, ",");
        if (len >= sizeof one) continue;
        memcpy(one, at, len);
        int number = llw_ggml_type_find(one);
        const llw_ggml_type *listed = number < 0 ? NULL : llw_ggml_type_get((uint32_t)number);
        if (!listed || (bits_of(type) < 1.5 * bits_of(listed) && bits_of(listed) < 1.5 * bits_of(type)))
            return true;
    }
    return false;
}

static bool stands_in(const char *name, const char *word) {
    size_t len = strlen(word);
    for (const char *at = name; *at; at++)
        if (!strncasecmp(at, word, len) && !isalnum((unsigned char)at[len]) && at[len] != '_' &&
            (at == name || !isalnum((unsigned char)at[-1])))
            return true;
    return false;
}

static void check_quantisation(const naming *n, const char *name) {
    if (!n->source->whole || n->survey->dominant < 0) return;
    const llw_ggml_type *type = llw_ggml_type_get((uint32_t)n->survey->dominant);
    const char *wrong = NULL;
    /* experts that were trained in four bits stay so whatever the rest is quantised to: gpt-oss-120b-F16.gguf
     */
    if (!strcmp(type->name, "mxfp4") || !strcmp(type->name, "nvfp4")) return;
    for (size_t i = 0; i < n->types->n_rows; i++) {
        const char *label = llw_table_cell(n->types, i, llw_table_column(n->types, "name"));
        if (!stands_in(name, label)) continue;
        if (may_go_by(n, i, type)) return;
        wrong = label;
    }
    if (wrong)
        DOUBT(n, "%s %s%s, but %.0f %% of its layers' weights are %s", n->calls, wrong, n->by,
              100 * n->survey->dominant_share, type->name);
}

void llw_name_doubt(llw_facts *facts, llw_entity entity, const llw_model *model,
                    const llw_model_source *source, const llw_survey *survey, const llw_table *file_types) {
    naming n = {.facts = facts,
                .entity = entity,
                .source = source,
                .survey = survey,
                .types = file_types,
                .calls = "calls itself",
                .by = ""};
    const llw_meta *name = llw_model_meta(model, "general.name");
    const char *called = name && name->type == LLW_GGUF_STRING ? name->string : "";
    bool right = check_label(&n, llw_model_meta(model, "general.size_label"));
    if (right) check_size(&n, called);
    check_quantisation(&n, called);
    if (!strcmp(called, source->file_name)) return;
    n.calls = "is called";
    n.by = " by its file's name";
    if (right) check_size(&n, source->file_name);
    check_quantisation(&n, source->file_name);
}
