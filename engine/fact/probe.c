/* Names of what a probe may find, its verdict, and its facts. */
#include "fact/probe.h"
#include "base/file.h"
#include "base/text.h"
#include "fact/build.h"

#include <string.h>
#include <strings.h>

enum {
    LONG_PROMPT = 100
}; /* tokens from which on a prompt counts as long: lessons/06-test-long-prompts.md */

const char *llw_probe_outcome_name(llw_probe_outcome outcome) {
    static const char *const names[] = {"passed", "failed", "skipped", "interrupted"};
    return names[outcome];
}

const char *llw_probe_problem_name(llw_probe_problem problem) {
    static const char *const names[LLW_PROBE_PROBLEMS] = {
        [LLW_PROBE_FINE] = "",
        [LLW_PROBE_CRASHED] = "crashed",
        [LLW_PROBE_HUNG] = "hung",
        [LLW_PROBE_CUT] = "cut",
        [LLW_PROBE_NO_TOKENS] = "no-tokens",
        [LLW_PROBE_TRUNCATED] = "truncated",
        [LLW_PROBE_SLOW] = "slow",
        [LLW_PROBE_HTTP] = "http-error",
        [LLW_PROBE_GARBLED] = "garbled",
        [LLW_PROBE_WRONG_MODEL] = "wrong-model",
        [LLW_PROBE_UNREACHABLE] = "unreachable",
        [LLW_PROBE_NOT_STARTED] = "not-started",
    };
    return names[problem];
}

const char *llw_probe_counted_name(llw_probe_counted counted) {
    static const char *const names[] = {"", "estimate", "tokenize", "server"};
    return names[counted];
}

const char *llw_probe_verdict_name(llw_probe_verdict verdict) {
    static const char *const names[] = {"proven", "broken", "incomplete"};
    return names[verdict];
}

static bool is_long(const llw_probe_trial *trial) {
    return trial->prompt >= LONG_PROMPT && trial->counted != LLW_PROBE_ESTIMATED;
}

static bool tried(const llw_probe *probe, const char *name) {
    for (size_t i = 0; i < probe->n_trials; i++)
        if (!strcmp(probe->trials[i].name, name)) return probe->trials[i].outcome != LLW_PROBE_SKIPPED;
    return false;
}

bool llw_probe_tells(const llw_probe_trial *trial, bool *passed) {
    if (trial->outcome != LLW_PROBE_PASSED && trial->outcome != LLW_PROBE_FAILED) return false;
    *passed = trial->outcome == LLW_PROBE_PASSED;
    switch (trial->problem) {
    case LLW_PROBE_FINE: return true;
    case LLW_PROBE_SLOW:
    case LLW_PROBE_TRUNCATED: *passed = true; return true; /* tokens came and the server survived */
    case LLW_PROBE_CRASHED:
    case LLW_PROBE_HUNG:
    case LLW_PROBE_CUT:
    case LLW_PROBE_NO_TOKENS:
    case LLW_PROBE_GARBLED: return true;
    case LLW_PROBE_HTTP: return trial->http_status >= 500;
    case LLW_PROBE_WRONG_MODEL:
    case LLW_PROBE_UNREACHABLE:
    case LLW_PROBE_NOT_STARTED:
    case LLW_PROBE_PROBLEMS: break;
    }
    return false;
}

llw_probe_verdict llw_probe_judge(const llw_probe *probe) {
    bool long_passed = false, short_passed = false, failed = false, passed = false;
    for (size_t i = 0; i < probe->n_trials; i++) {
        const llw_probe_trial *t = &probe->trials[i];
        if (t->outcome == LLW_PROBE_FAILED &&
            (t->problem == LLW_PROBE_NOT_STARTED || llw_probe_tells(t, &passed)))
            return LLW_PROBE_BROKEN;
        failed |= t->outcome == LLW_PROBE_FAILED;
        long_passed |= t->outcome == LLW_PROBE_PASSED && is_long(t);
        short_passed |= t->outcome == LLW_PROBE_PASSED && t->prompt < LONG_PROMPT;
    }
    return long_passed && short_passed && !failed && !probe->interrupted ? LLW_PROBE_PROVEN
                                                                         : LLW_PROBE_INCOMPLETE;
}

const char *llw_probe_summary(const llw_probe *probe, llw_arena *arena) {
    char number[LLW_NUMBER_MAX], failed_at[LLW_NUMBER_MAX];
    const llw_probe_trial *longest = NULL, *failed = NULL;
    for (size_t i = 0; i < probe->n_trials; i++) {
        const llw_probe_trial *t = &probe->trials[i];
        if (t->outcome == LLW_PROBE_PASSED && (!longest || t->prompt > longest->prompt)) longest = t;
        if (t->outcome == LLW_PROBE_FAILED && !failed) failed = t;
    }
    const char *up_to = longest ? llw_arena_strdup(arena, llw_format_count(number, longest->prompt)) : NULL;
    const char *about = longest && longest->counted == LLW_PROBE_ESTIMATED ? "about " : "";
    if (failed && longest && failed->prompt > longest->prompt)
        return llw_arena_printf(arena, "a prompt of %s%s tokens was answered, one of %s failed: %s", about,
                                up_to, llw_format_count(failed_at, failed->prompt), failed->detail);
    if (failed && longest && failed->at_once > 1)
        return llw_arena_printf(
            arena, "prompts of up to %s%s tokens were answered one at a time, %lld at once failed: %s", about,
            up_to, (long long)failed->at_once, failed->detail);
    if (failed) return failed->detail;
    if (!longest)
        return probe->interrupted ? "stopped before a prompt was answered" : "no prompt was answered";
    if (probe->interrupted)
        return llw_arena_printf(arena, "stopped; prompts of up to %s%s tokens had been answered", about,
                                up_to);
    if (llw_probe_judge(probe) == LLW_PROBE_INCOMPLETE)
        return llw_arena_printf(
            arena, "prompts of up to %s%s tokens were answered, which does not prove that longer ones are",
            about, up_to);
    return llw_arena_printf(arena, "every prompt was answered, the longest of %s tokens%s", up_to,
                            tried(probe, "full") ? "" : "; none that fills the context was sent");
}

static void claim(llw_facts *facts, llw_entity e, llw_attr attr, llw_value value, const llw_probe *probe) {
    llw_facts_claim(facts, e, attr, value, LLW_GRADE_MEASURED, "probe", probe->started);
}

/* The model the facts already hold whose file has the name that the server states; 0 when none has. */
static llw_entity model_of(const llw_facts *facts, const llw_probe *probe) {
    const char *name = probe->model_path ? llw_path_name(probe->model_path) : probe->model;
    for (llw_entity m = 0; name && (m = llw_facts_next(facts, LLW_KIND_model, m));)
        if (!strcasecmp(llw_path_name(llw_facts_id(facts, m)), name)) return m;
    return 0;
}

void llw_probe_claim(llw_facts *facts, const llw_probe *probe) {
    llw_entity build = 0, model = model_of(facts, probe);
    llw_err err = {0};
    if (probe->build &&
        !(build = llw_build_claim(facts, probe->build, LLW_GRADE_MEASURED, "probe", probe->started, &err)))
        llw_facts_note(facts, "the probe of %s names a build that cannot be read: %s", probe->started,
                       err.text);
    for (size_t i = 0; i < probe->n_trials; i++) {
        const llw_probe_trial *t = &probe->trials[i];
        bool passed = false;
        if (!llw_probe_tells(t, &passed)) continue;
        llw_entity e = llw_facts_entity(
            facts, LLW_KIND_probe,
            llw_arena_printf(llw_facts_arena(facts), "%s %s%s%s %s", probe->started, probe->url,
                             probe->profile ? " " : "", probe->profile ? probe->profile : "", t->name));
        if (build) claim(facts, e, LLW_probe_build, llw_ref(build), probe);
        if (model) claim(facts, e, LLW_probe_model, llw_ref(model), probe);
        claim(facts, e, LLW_probe_passed, llw_flag(passed), probe);
        claim(facts, e, LLW_probe_problem, llw_string(LLW_TEXT, llw_probe_problem_name(t->problem)), probe);
        if (t->prompt >= 0)
            llw_facts_claim(facts, e, LLW_probe_prompt_tokens, llw_count(t->prompt),
                            t->counted == LLW_PROBE_ESTIMATED ? LLW_GRADE_PREDICTED : LLW_GRADE_MEASURED,
                            t->counted == LLW_PROBE_ESTIMATED ? "estimate" : "probe", probe->started);
        if (t->at_once > 0) claim(facts, e, LLW_probe_at_once, llw_count(t->at_once), probe);
        if (t->generated_speed >= 0) claim(facts, e, LLW_probe_speed, llw_real(t->generated_speed), probe);
        if (t->prompt_speed >= 0) claim(facts, e, LLW_probe_prompt_speed, llw_real(t->prompt_speed), probe);
    }
}
