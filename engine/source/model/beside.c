#include "source/model/beside.h"
#include "source/model/model_open.h"

void llw_source_beside(llw_facts *facts, llw_entity launch, llw_attr path, llw_attr as, const char *found) {
    const llw_claim *given = llw_facts_best(facts, launch, path);
    if (!given || !given->value.known || !*given->value.as.text) return;
    llw_entity entity = 0;
    llw_err err = {0};
    if (llw_source_model(facts, found ? found : given->value.as.text, &entity, &err) == LLW_OK)
        llw_facts_claim(facts, launch, as, llw_ref(entity), given->grade, given->origin, given->place);
    else
        llw_facts_note(facts, "%s %s: %s; what it takes is not counted",
                       path == LLW_launch_draft_model ? "-md" : "--mmproj", given->value.as.text, err.text);
}
