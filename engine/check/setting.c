/* Lays a test's facts over one known model, one GPU, one host and one launch with llama.cpp's defaults. */
#include "check/setting.h"
#include "fact/build.h"
#include "source/launch/argv.h"
#include "source/model/known.h"

#include <stdio.h>
#include <string.h>

/* The default setting: small and ordinary. The card is an RTX 4090 as llama.cpp was told of it (24564 MiB,
 * 23671 free). */
static const char default_model[] = "tinyllama-1.1b-q4_k_m";
enum { GPU_TOTAL_MIB = 24564, GPU_FREE_MIB = 23671, RAM_TOTAL_MIB = 65536, RAM_AVAILABLE_MIB = 60000 };
static const double GPU_BANDWIDTH = 1008e9; /* bytes per second, vendor's data sheet */

static const char *id_of(const llw_test_fact *fact, char *buf, size_t size) {
    int nth = 0;
    const char *kind = llw_kind_name(fact->kind);
    size_t len = strlen(kind);
    bool automatic =
        !strncmp(fact->id, kind, len) && (!fact->id[len] || sscanf(fact->id + len, "%d", &nth) == 1);
    if (!automatic) return fact->id;
    if (fact->kind == LLW_KIND_gpu)
        snprintf(buf, size, "CUDA%d", nth);
    else if (fact->kind == LLW_KIND_placement)
        snprintf(buf, size, "launch@CUDA%d", nth);
    else
        return fact->id;
    return buf;
}

static bool mentions(const llw_rule_test *test, llw_kind kind) {
    for (size_t i = 0; i < test->n_facts; i++)
        if (test->facts[i].kind == kind) return true;
    return false;
}

static void claim(llw_facts *f, llw_entity e, llw_attr attr, llw_value value) {
    llw_facts_claim(f, e, attr, value, LLW_GRADE_FLAG, "default setting", "");
}

static void claim_gpu(llw_facts *f, llw_entity gpu, int index) {
    claim(f, gpu, LLW_gpu_index, llw_count(index));
    claim(f, gpu, LLW_gpu_name, llw_string(LLW_TEXT, "RTX 4090"));
    claim(f, gpu, LLW_gpu_backend, llw_string(LLW_TEXT, "CUDA"));
    claim(f, gpu, LLW_gpu_total, llw_bytes((int64_t)GPU_TOTAL_MIB << 20));
    claim(f, gpu, LLW_gpu_free, llw_bytes((int64_t)GPU_FREE_MIB << 20));
    claim(f, gpu, LLW_gpu_bandwidth, llw_number(LLW_RATE, GPU_BANDWIDTH));
}

static void claim_host(llw_facts *f, llw_entity host) {
    claim(f, host, LLW_host_ram_total, llw_bytes((int64_t)RAM_TOTAL_MIB << 20));
    claim(f, host, LLW_host_ram_available, llw_bytes((int64_t)RAM_AVAILABLE_MIB << 20));
}

/* A build the test names: the newest one, or the one of the version that the test gives. */
static llw_rc claim_build(llw_facts *f, const llw_rule_test *test, llw_entity e, const char *id,
                          llw_err *err) {
    const char *version = NULL;
    for (size_t i = 0; i < test->n_facts; i++)
        if (test->facts[i].attr == LLW_build_version && !strcmp(test->facts[i].id, id) &&
            test->facts[i].value.known)
            version = test->facts[i].value.as.text;
    llw_build build;
    llw_rc rc = llw_build_read(llw_facts_arena(f), version, &build, err);
    if (rc != LLW_OK) return rc;
    claim(f, e, LLW_build_version, llw_string(LLW_VERSION, build.version));
    claim(f, e, LLW_build_order, llw_count(build.order));
    claim(f, e, LLW_build_date, llw_string(LLW_TEXT, build.date));
    claim(f, e, LLW_build_exact, llw_flag(build.exact));
    if (build.fit_known) claim(f, e, LLW_build_fits_by_default, llw_flag(build.fit));
    return LLW_OK;
}

/* Things the test names, models with their headers. */
static llw_rc make_things(llw_facts *f, const llw_rule_test *test, llw_err *err) {
    char buf[64];
    for (size_t i = 0; i < test->n_facts; i++) {
        const llw_test_fact *fact = &test->facts[i];
        if (fact->attr != LLW_ATTR_NONE) continue;
        const char *id = id_of(fact, buf, sizeof buf);
        if (fact->kind == LLW_KIND_model) {
            llw_entity model;
            llw_rc rc = llw_source_known(f, fact->known ? fact->known : default_model, id, &model, err);
            if (rc != LLW_OK) return rc;
        } else if (fact->kind == LLW_KIND_gpu) {
            int index = 0;
            for (llw_entity g = 0; (g = llw_facts_next(f, LLW_KIND_gpu, g));) index++;
            claim_gpu(f, llw_facts_entity(f, LLW_KIND_gpu, id), index);
        } else if (fact->kind == LLW_KIND_build) {
            llw_rc rc = claim_build(f, test, llw_facts_entity(f, LLW_KIND_build, id), fact->id, err);
            if (rc != LLW_OK) return rc;
        } else
            llw_facts_entity(f, fact->kind, id);
    }
    return LLW_OK;
}

static llw_rc make_defaults(llw_facts *f, const llw_rule_test *test, llw_err *err) {
    llw_entity unused;
    if (!mentions(test, LLW_KIND_model)) {
        llw_rc rc = llw_source_known(f, default_model, "model", &unused, err);
        if (rc != LLW_OK) return rc;
    }
    if (!mentions(test, LLW_KIND_gpu)) claim_gpu(f, llw_facts_entity(f, LLW_KIND_gpu, "CUDA0"), 0);
    claim_host(f, llw_facts_entity(f, LLW_KIND_host, "host"));
    if (!mentions(test, LLW_KIND_launch)) llw_facts_entity(f, LLW_KIND_launch, "launch");
    llw_entity build = llw_facts_next(f, LLW_KIND_build, 0);
    if (!build) build = llw_build_claim(f, NULL, LLW_GRADE_DEFAULT, "default", "", err);
    if (!build) return LLW_ERR_INPUT;
    for (llw_entity l = 0; (l = llw_facts_next(f, LLW_KIND_launch, l));) {
        llw_argv in = {.id = llw_facts_id(f, l), .program = LLW_PROGRAM_SERVER, .build = build};
        llw_argv_result result;
        llw_rc rc = llw_argv_read(f, &in, &result, err);
        if (rc != LLW_OK) return rc;
    }
    return LLW_OK;
}

/* The one thing of that kind a reference means when the test says nothing. */
static void fill_references(llw_facts *f) {
    static const struct {
        llw_attr attr;
        llw_kind to;
    } references[] = {{LLW_launch_model, LLW_KIND_model}, {LLW_card_model, LLW_KIND_model},
                      {LLW_claim_model, LLW_KIND_model},  {LLW_claim_launch, LLW_KIND_launch},
                      {LLW_log_launch, LLW_KIND_launch},  {LLW_evidence_launch, LLW_KIND_launch},
                      {LLW_probe_build, LLW_KIND_build},  {LLW_probe_model, LLW_KIND_model},
                      {LLW_launch_build, LLW_KIND_build}, {LLW_regression_build, LLW_KIND_build}};
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        llw_entity first = llw_facts_next(f, references[i].to, 0);
        for (llw_entity e = 0; first && (e = llw_facts_next(f, llw_attr_get(references[i].attr)->kind, e));)
            if (!llw_facts_value(f, e, references[i].attr).known)
                llw_facts_claim(f, e, references[i].attr, llw_ref(first), LLW_GRADE_DEFAULT,
                                "default setting", "");
    }
}

static llw_rc claim_facts(llw_facts *f, const llw_rule_test *test, llw_err *err) {
    char buf[64];
    for (size_t i = 0; i < test->n_facts; i++) {
        const llw_test_fact *fact = &test->facts[i];
        if (fact->attr == LLW_ATTR_NONE) continue;
        /* what a test states wins; a knob it sets is the launch's own, not one turned on a launch that was
         * measured */
        bool stated = llw_attr_get(fact->attr)->knob && (fact->value.known || fact->ref);
        llw_grade grade = stated ? LLW_GRADE_PROCESS : LLW_GRADE_WHATIF;
        bool found = !*fact->grade;
        for (int g = 0; !found && g <= LLW_GRADE_WHATIF; g++)
            if (!strcmp(fact->grade, llw_grade_name((llw_grade)g))) {
                grade = (llw_grade)g;
                found = true;
            }
        if (!found) return llw_fail(err, LLW_ERR_INPUT, "", test->line, "'%s' is no grade", fact->grade);
        llw_entity e = llw_facts_entity(f, fact->kind, id_of(fact, buf, sizeof buf));
        llw_value value = fact->value;
        if (fact->ref) {
            llw_entity to = 0;
            for (int k = 1; k < LLW_KINDS && !to; k++) to = llw_facts_find(f, (llw_kind)k, fact->ref);
            if (!to)
                return llw_fail(err, LLW_ERR_INPUT, "", test->line, "nothing in the test is called '%s'",
                                fact->ref);
            value = llw_ref(to);
        }
        llw_facts_claim(f, e, fact->attr, value, grade, *fact->origin ? fact->origin : "test", "");
    }
    return LLW_OK;
}

llw_facts *llw_setting_new(const llw_rule_test *test, llw_err *err) {
    llw_facts *f = llw_facts_new();
    llw_rc rc = make_things(f, test, err);
    if (rc == LLW_OK) rc = make_defaults(f, test, err);
    if (rc == LLW_OK) {
        fill_references(f);
        rc = claim_facts(f, test, err);
    }
    if (rc == LLW_OK) return f;
    llw_facts_free(f);
    return NULL;
}
