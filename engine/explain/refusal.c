/* Whether llama.cpp would even try: the flags first, then the file, then what the two make together. */
#include "explain/refusal.h"
#include "explain/words.h"

#include <string.h>

/* "launch.devices: llama.cpp sees ..." without the slot, for which the flag stands. */
static const char *behind_slot(const char *text) {
    const char *colon = strstr(text, ": ");
    return colon ? colon + 2 : text;
}

bool llw_refusal_is_of_file(const llw_facts *facts, llw_entity model) {
    return llw_facts_value(facts, model, LLW_model_refusal).known ||
           llw_facts_value(facts, model, LLW_model_given_part).known;
}

/* Whether the launch as it is names this file, which is not there. */
static bool lacks(const llw_facts *facts, llw_entity launch, llw_attr path, llw_attr absent,
                  const char **name) {
    const char *program = "";
    if (!llw_facts_text(facts, launch, path, name) || !llw_facts_value(facts, launch, absent).known ||
        !llw_value_equal(llw_facts_value(facts, launch, path), llw_facts_value(facts, launch, absent)))
        return false;
    llw_facts_text(facts, launch, LLW_launch_program, &program);
    return !strcmp(program, "server") || !strcmp(program, "cli");
}

bool llw_refusal_say(const llw_facts *facts, llw_entity launch, const llw_predicted *p,
                     const char *build_name, llw_text *out) {
    llw_entity model = llw_facts_ref(facts, launch, LLW_launch_model);
    const char *why = "";
    int64_t part = 0;
    llw_outcome outcome = p && p->rc == LLW_OK ? p->fit.prediction.outcome : LLW_OUTCOME_UNKNOWN;
    bool absent = p && p->rc == LLW_ERR_INPUT &&
                  (p->missing == LLW_launch_devices || p->missing == LLW_launch_override_tensor);
    if (llw_facts_text(facts, launch, LLW_launch_refused, &why))
        llw_text_addf(out, "This launch does not start (%s): %s.", build_name, why);
    else if (llw_facts_text(facts, model, LLW_model_refusal, &why))
        llw_text_addf(out, "llama.cpp refuses this file (%s): it %s.", build_name, why);
    else if (llw_facts_count(facts, model, LLW_model_given_part, &part))
        llw_text_addf(
            out, "llama.cpp refuses this file (%s): of a set it must be given part 1, and not part %lld.",
            build_name, (long long)part);
    else if (absent)
        llw_text_addf(out, "This launch does not start (%s): %s: %s.", build_name, llw_words_flag(p->missing),
                      behind_slot(p->err.text));
    else if (lacks(facts, launch, LLW_launch_draft_model, LLW_launch_draft_absent, &why) ||
             lacks(facts, launch, LLW_launch_mmproj, LLW_launch_mmproj_absent, &why))
        /* tools/server/server-context.cpp load_model: "failed to load draft model", "... multimodal model" */
        llw_text_addf(
            out, "This launch does not start (%s): %s %s cannot be opened, and llama.cpp ends there.",
            build_name,
            lacks(facts, launch, LLW_launch_draft_model, LLW_launch_draft_absent, &why) ? "-md" : "--mmproj",
            why);
    else if (outcome == LLW_OUTCOME_REFUSED || outcome == LLW_OUTCOME_ABORTS)
        llw_text_addf(out, "This launch does not start (%s): %s.", build_name, p->fit.prediction.reason);
    else
        return false;
    return true;
}

const char *llw_build_name_of(const llw_facts *facts, llw_entity launch, llw_arena *arena) {
    llw_entity build = llw_facts_ref(facts, launch, LLW_launch_build);
    return build ? llw_arena_printf(arena, "llama.cpp %s", llw_facts_id(facts, build)) : "llama.cpp";
}

llw_verdict llw_verdict_find(const llw_facts *facts, llw_entity launch, const llw_predicted *p) {
    llw_text said = {0};
    bool refused = llw_refusal_say(facts, launch, p, "", &said), loads = false, certain = true;
    llw_text_fini(&said);
    if (refused) return LLW_VERDICT_REFUSED;
    if (!llw_facts_flag(facts, launch, LLW_launch_loads, &loads)) return LLW_VERDICT_UNKNOWN;
    llw_facts_flag(facts, launch, LLW_launch_loads_certain, &certain);
    if (loads) return certain ? LLW_VERDICT_LOADS : LLW_VERDICT_LIKELY_LOADS;
    return certain ? LLW_VERDICT_FAILS : LLW_VERDICT_LIKELY_FAILS;
}
