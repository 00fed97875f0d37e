/* What a model's header says, as claims with their places: every `model` attribute that it can decide.
 *
 * Definitions that are ours: params counts each tensor once (as llama.cpp's loader does); params_active
 * counts the expert tensors by experts used over experts there, and leaves out tables of which a token reads
 * one row (token_embd when the output is a tensor of its own, per_layer_token_embd, position_embd,
 * token_types): the parameters that are multiplied for one token. That is the count of OpenAI's gpt-oss card
 * (117 B, 5.1 B active). layers is block_count, as -ngl counts them; attention_layers leaves out prediction
 * layers (nextn_predict_layers) and layers that share the cache of an earlier one. */
#ifndef LLW_SOURCE_MODEL_FACTS_H
#define LLW_SOURCE_MODEL_FACTS_H

#include "base/error.h"
#include "fact/facts.h"
#include "fact/model.h"

typedef struct llw_model_source {
    const char *origin;     /* gguf, known model */
    const char *where;      /* put before each place: "" or a data file's name */
    const char *file_name;  /* for model.name when general.name is absent, and for notes */
    int64_t file_bytes;     /* of all parts; -1 unknown */
    int64_t expected_bytes; /* -1 unknown */
    bool whole;             /* no part is missing, so the tensor table is the model's */
    bool cut;               /* a part ends before its last tensor does */
    const char *refusal;    /* of the set of files, as it goes on from the model's name; NULL */
} llw_model_source;

/* Claims everything and leaves notes about contradictions. Fails only when llwhy's own tables
 * (models/architectures.tsv, models/file_types.tsv) cannot be read. */
llw_rc llw_model_facts(llw_facts *facts, llw_entity entity, const llw_model *model,
                       const llw_model_source *source, llw_err *err);

/* model, mmproj, lora, vocab, imatrix or control-vector. *key receives the key that says so. */
const char *llw_model_role(const llw_model *model, bool whole, const char **key);

#endif
