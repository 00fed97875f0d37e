/* Calibration: what the ledger measured on this machine corrects what is estimated for it.
 *
 * Memory beyond the buffers: the most that any record saw on a card stands for the general figures of
 * models/extras.tsv. Speed: each record's launch is predicted as if it were asked about, and measured over
 * predicted says what this machine reaches; with all layers on GPUs, and with some in RAM, each for itself.
 */
#include "cli/app.h"
#include "fact/build.h"
#include "infer/native.h"
#include "source/model/known.h"
#include "source/evidence/record_match.h"

#include <math.h>
#include <string.h>

enum {
    MAX_PREDICTED = 12, /* records whose launches are predicted, the newest: each costs some milliseconds */
    MAX_TOLD = 6        /* and of these, for each of the two kinds */
};

/* How far outside of what n records reached another model may lie. Each of the measured speeds in
 * tests/fixtures/truth/speed.tsv was estimated by n others of its machine: with this margin 80 % of them lie
 * in the range that one record gives, 91 % with four, 93 % with six. */
static double margin_of(int64_t n) {
    return 1 + 0.4 / sqrt((double)n);
}

static void calibrate_memory(llw_app *app, const llw_ledger *ledger) {
    size_t at = 0;
    for (llw_entity g = 0; (g = llw_facts_next(app->facts, LLW_KIND_gpu, g)); at++) {
        const char *id = llw_facts_id(app->facts, g), *place = "";
        int64_t most = -1, n = 0;
        for (size_t i = 0; i < ledger->n_records; i++) {
            const llw_record *r = ledger->records[i];
            if (llw_record_on_machine(r, app->facts) != 1) continue;
            for (size_t b = 0; b < r->n_buffers; b++) {
                if (r->buffers[b].grew < 0 || !r->buffers[b].device || strcmp(r->buffers[b].device, id))
                    continue;
                n++;
                if (r->buffers[b].grew <= most) continue;
                most = r->buffers[b].grew;
                place = llw_record_place(app->arena, r);
            }
        }
        if (!n) continue;
        llw_facts_claim(app->facts, g, LLW_gpu_grew, llw_bytes(most), LLW_GRADE_MEASURED, "evidence", place);
        llw_facts_claim(app->facts, g, LLW_gpu_grew_records, llw_count(n), LLW_GRADE_MEASURED, "evidence",
                        place);
    }
}

/* The record's model, among those that are here or known by name; 0. */
static llw_entity model_of(llw_app *app, llw_facts *facts, const llw_record *r) {
    llw_model_identity identity;
    for (llw_entity m = 0; (m = llw_facts_next(facts, LLW_KIND_model, m));) {
        llw_model_identify(app->arena, facts, m, &identity);
        if (llw_record_is_model(app->arena, r, &identity)) return m;
    }
    llw_entity model = 0;
    if (llw_source_known(facts, llw_model_stem(app->arena, r->model_file), NULL, &model, NULL) != LLW_OK)
        return 0;
    llw_model_identify(app->arena, facts, model, &identity);
    return llw_record_is_model(app->arena, r, &identity) ? model : 0;
}

/* Measured over the middle of what is estimated; -1 when that cannot be said. */
static double ratio_of(llw_app *app, const llw_flags *flags, const llw_record *r, bool *in_ram) {
    llw_facts *facts = llw_facts_overlay(app->facts);
    llw_arena *arena = llw_arena_new();
    llw_token *words = llw_arena_alloc(arena, (r->n_flags + 1) * sizeof *words);
    for (size_t i = 0; i < r->n_flags; i++) words[i] = (llw_token){.text = r->flags[i], .place = ""};
    llw_argv in = {.id = "measured", .args = words, .n_args = r->n_flags, .flags = flags};
    llw_argv_result result;
    llw_entity model = model_of(app, facts, r);
    double low = 0, high = 0, ratio = -1;
    int64_t on_host = 0;
    in.build = llw_build_claim(facts, r->build, LLW_GRADE_MEASURED, "evidence", "", NULL);
    if (model && in.build && llw_argv_read(facts, &in, &result, NULL) == LLW_OK) {
        llw_predicted *p = llw_arena_alloc(arena, sizeof *p);
        llw_facts_claim(facts, result.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_MEASURED,
                        "evidence", "");
        llw_native_predict(facts, result.launch, arena, false, p);
        llw_native_speed(facts, arena, p);
        if (llw_facts_real(facts, result.launch, LLW_launch_speed_low, &low) &&
            llw_facts_real(facts, result.launch, LLW_launch_speed_high, &high) && low > 0 &&
            llw_facts_count(facts, result.launch, LLW_launch_weights_on_host, &on_host))
            ratio = llw_record_speed(r) / sqrt(low * high);
        *in_ram = on_host > 0;
    }
    llw_facts_free(facts);
    llw_arena_free(arena);
    return ratio;
}

typedef struct reached {
    double least, most;
    int64_t n;
    const char *place;
} reached;

static void claim_speed(llw_app *app, llw_entity host, const reached *r, bool in_ram) {
    const struct {
        llw_attr attr;
        llw_value value;
    } told[] = {
        {in_ram ? LLW_host_ram_speed_factor_low : LLW_host_speed_factor_low,
         llw_real(r->least / margin_of(r->n))},
        {in_ram ? LLW_host_ram_speed_factor_high : LLW_host_speed_factor_high,
         llw_real(r->most * margin_of(r->n))},
        {in_ram ? LLW_host_ram_speed_records : LLW_host_speed_records, llw_count(r->n)},
    };
    for (size_t i = 0; r->n && i < sizeof told / sizeof *told; i++)
        llw_facts_claim(app->facts, host, told[i].attr, told[i].value, LLW_GRADE_MEASURED, "evidence",
                        r->place);
}

static void calibrate_speed(llw_app *app, const llw_ledger *ledger) {
    llw_flags flags;
    reached kinds[2] = {{.least = INFINITY}, {.least = INFINITY}};
    int tried = 0;
    llw_entity host = llw_facts_next(app->facts, LLW_KIND_host, 0);
    if (!host || llw_flags_load(&flags, NULL) != LLW_OK) return;
    for (size_t i = ledger->n_records; i-- > 0 && tried < MAX_PREDICTED;) {
        const llw_record *r = ledger->records[i];
        bool in_ram = false;
        if (!r->flags || r->unsaid || llw_record_speed(r) <= 0 || llw_record_on_machine(r, app->facts) != 1)
            continue;
        tried++;
        double ratio = ratio_of(app, &flags, r, &in_ram);
        reached *kind = &kinds[in_ram];
        if (ratio <= 0 || kind->n == MAX_TOLD) continue;
        if (!kind->n++) kind->place = llw_record_place(app->arena, r);
        kind->least = fmin(kind->least, ratio);
        kind->most = fmax(kind->most, ratio);
    }
    claim_speed(app, host, &kinds[0], false);
    claim_speed(app, host, &kinds[1], true);
}

void llw_app_calibrate(llw_app *app) {
    const llw_ledger *ledger = llw_app_ledger(app, NULL);
    if (!ledger->n_records) return;
    calibrate_memory(app, ledger);
    calibrate_speed(app, ledger);
}
