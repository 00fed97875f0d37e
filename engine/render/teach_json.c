/* A sitting as JSON (docs/json/teach.schema.json). */
#include "render/teach.h"
#include "render/jsontext.h"

static json_t *conclusions(const llw_conclusions *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->n; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "rule", llw_json_string(list->items[i].rule));
        json_object_set_new(o, "code", llw_json_string(list->items[i].code));
        json_object_set_new(o, "level", llw_json_string(llw_level_name(list->items[i].level)));
        json_object_set_new(o, "text", llw_json_string(list->items[i].text));
        json_array_append_new(array, o);
    }
    return array;
}

static json_t *answer(const llw_assessment *a) {
    static const char *const scores[] = {"wrong", "half", "right"};
    json_t *o = json_object(), *unneeded = json_array();
    json_object_set_new(o, "id", llw_json_string(a->ask->id));
    json_object_set_new(o, "kind", llw_json_string(llw_ask_kind_name(a->ask->kind)));
    json_object_set_new(o, "what_if", json_boolean(a->ask->what_if));
    json_object_set_new(o, "question", llw_json_string(a->ask->question));
    json_object_set_new(o, "typed", llw_json_string(a->typed));
    json_object_set_new(o, "sure", a->sure ? json_integer(a->sure) : json_null());
    json_object_set_new(o, "understood", json_boolean(a->understood));
    json_object_set_new(o, "said", llw_json_string(a->said));
    json_object_set_new(o, "score", json_string(scores[a->score]));
    json_object_set_new(o, "engine", llw_json_string(a->truth));
    json_object_set_new(o, "answer", llw_json_string(a->answer));
    json_object_set_new(o, "reason", llw_json_string(a->reason));
    json_object_set_new(o, "misconception",
                        a->misconception ? llw_json_string(a->misconception->id) : json_null());
    if (a->ask->kind != LLW_ASK_FLAGS) {
        json_decref(unneeded);
        return o;
    }
    json_object_set_new(o, "team", llw_json_string(a->team));
    json_object_set_new(o, "plan", llw_json_string(a->plan));
    json_object_set_new(o, "gone", conclusions(&a->gone));
    json_object_set_new(o, "come", conclusions(&a->come));
    for (size_t i = 0; i < a->unneeded.n; i++)
        json_array_append_new(unneeded, llw_json_string(a->unneeded.items[i]));
    json_object_set_new(o, "unneeded", unneeded);
    return o;
}

static json_t *files(const llw_case *c) {
    json_t *array = json_array();
    for (size_t i = 0; i < c->setting.n_files; i++)
        json_array_append_new(array, json_pack("{s:o,s:o}", "path", llw_json_string(c->setting.files[i].path),
                                               "text", llw_json_string(c->setting.files[i].bytes)));
    return array;
}

static json_t *chain(const llw_proof *proof) {
    json_t *array = json_array();
    for (size_t i = 0; i < proof->n_lines; i++) {
        const llw_proof_line *line = &proof->lines[i];
        json_t *o = json_object();
        json_object_set_new(o, "depth", json_integer(line->depth));
        json_object_set_new(o, "kind", llw_json_string(llw_line_kind_name(line->kind)));
        json_object_set_new(o, "text", llw_json_string(line->text));
        if (*line->origin) json_object_set_new(o, "origin", llw_json_string(line->origin));
        json_array_append_new(array, o);
    }
    return array;
}

void llw_render_teach_json(llw_text *out, const llw_transcript *t) {
    static const char *const scores[] = {"wrong", "half", "right"};
    json_t *root = json_object(), *facts = json_array(), *answers = json_array(), *cards = json_array();
    size_t right = 0, asked = 0;
    llw_score score = llw_transcript_score(t, &right, &asked);
    json_object_set_new(root, "schema", json_string("llwhy.teach/1"));
    json_object_set_new(root, "case", llw_json_string(t->c->id));
    json_object_set_new(root, "lesson", llw_json_string(t->c->lesson));
    json_object_set_new(root, "code", llw_json_string(t->lesson->code));
    json_object_set_new(root, "title", llw_json_string(t->c->title));
    json_object_set_new(root, "composed", t->c->composed ? llw_json_string(t->c->composed) : json_null());
    json_object_set_new(root, "brief", llw_json_string(t->c->brief));
    json_object_set_new(root, "command", llw_json_string(t->command));
    for (size_t i = 0; i < t->n_cards; i++) json_array_append_new(cards, llw_json_string(t->cards[i]));
    json_object_set_new(root, "cards", cards);
    for (size_t i = 0; i < t->n_facts; i++)
        json_array_append_new(facts, json_pack("{s:o,s:o,s:o}", "slot", llw_json_string(t->facts[i].slot),
                                               "text", llw_json_string(t->facts[i].text), "origin",
                                               llw_json_string(t->facts[i].origin)));
    json_object_set_new(root, "facts", facts);
    for (size_t i = 0; i < t->c->n_asks; i++)
        if (t->answers[i].ask) json_array_append_new(answers, answer(&t->answers[i]));
    json_object_set_new(root, "files", files(t->c));
    json_object_set_new(root, "answers", answers);
    json_object_set_new(root, "score", json_string(scores[score]));
    json_object_set_new(root, "right", json_integer((json_int_t)right));
    json_object_set_new(root, "asked", json_integer((json_int_t)asked));
    json_object_set_new(root, "hints", json_integer((json_int_t)t->hints));
    json_object_set_new(root, "chain", chain(&t->proof));
    json_object_set_new(root, "mechanism", llw_json_string(t->mechanism));
    json_object_set_new(root, "claim", llw_json_string(t->lesson->claim));
    json_object_set_new(root, "source", llw_json_string(t->c->source));
    llw_json_dump(out, root);
}
