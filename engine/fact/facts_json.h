/* A whole fact base as JSON: reports that can be replayed, machines that one is not on, tests written by
 * hand.
 *
 *     {"schema": "llwhy.facts/1",
 *      "entities": [
 *        {"kind": "model", "id": "m", "known": "glm-4.7-flash-q8_0"},
 *        {"kind": "gpu", "id": "CUDA0", "facts": {"total": "24564 MiB", "free": "23671 MiB", "display":
 * true}},
 *        {"kind": "launch", "id": "argv", "claims": [
 *          {"attr": "ubatch", "value": 1024, "grade": "launch flags", "origin": "argument", "place":
 * "argument 7"},
 *          {"attr": "model", "value": "model:m"}]}],
 *      "notes": ["part 2 of 3 is missing"]}
 *
 * `facts` is the short form of claims. grade is measured and origin "facts file" unless said otherwise, in
 * the claim or for the whole entity. A value may be null: unknown. Bytes may have a unit (B KB MB GB KiB MiB
 * GiB), lists may be arrays, references are KIND:ID. A model's `header` holds its metadata and tensor table
 * (fact/header_text.h), so that predictions replay; `known` takes it from a known model. Text that is no
 * UTF-8 is {"bytes": "... \xHH ..."}. Unknown keys, kinds, attributes and grades are errors; "comment" is
 * allowed anywhere. docs/json/facts.schema.json. */
#ifndef LLW_FACT_FACTS_JSON_H
#define LLW_FACT_FACTS_JSON_H

#include "base/error.h"
#include "fact/facts.h"

enum {
    LLW_FACTS_JSON_MAX = 64 << 20,
    LLW_FACTS_JSON_ENTITIES = 4096,
    LLW_FACTS_JSON_CLAIMS = 4096 /* of one entity */
};

/* All entities with all their claims, those of parents too, headers and notes: one claim a line, in a fixed
 * order. The caller frees the text. NULL, with err, only when something cannot be written as JSON. */
char *llw_facts_save(const llw_facts *facts, llw_err *err);

/* How {"known": NAME} is resolved: claims the known model as the entity of that id (source/model/known.h
 * llw_source_known). */
typedef llw_rc (*llw_facts_known)(llw_facts *facts, const char *name, const char *id, llw_entity *model,
                                  llw_err *err);

/* How {"kind": "launch", "id": "argv", "argv": ["-c", "4096"]} is read: llama.cpp's flags become the launch's
 * claims, below those the file states as facts (source/launch/argv.h llw_source_words). The launch's build,
 * if the file gives one, is claimed before. */
typedef llw_rc (*llw_facts_words)(llw_facts *facts, llw_entity launch, const char *const *words, size_t n,
                                  llw_err *err);

typedef struct llw_facts_readers { /* each may be NULL: then the file may not ask for it */
    llw_facts_known known;
    llw_facts_words words;
} llw_facts_readers;

llw_rc llw_facts_load_with(llw_facts *facts, const char *bytes, size_t len, const char *path,
                           const llw_facts_readers *readers, llw_err *err);

/* Adds what the file says to the base. path is for messages and places; known may be NULL. After a failure
 * the base may hold a part of the file. */
llw_rc llw_facts_load(llw_facts *facts, const char *bytes, size_t len, const char *path,
                      llw_facts_known known, llw_err *err);

#endif
