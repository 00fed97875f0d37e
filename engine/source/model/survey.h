/* What a tensor table says about a model: counts, sizes and kinds of layers, in one pass. */
#ifndef LLW_SOURCE_SURVEY_H
#define LLW_SOURCE_SURVEY_H

#include "fact/model.h"

enum {
    LLW_SURVEY_LAYERS = 1024,
    LLW_SURVEY_TYPES = 64
}; /* llama.cpp v0.5.0 allows 512 layers (LLAMA_MAX_LAYERS) */

/* What a layer holds. */
enum {
    LLW_LAYER_PRESENT = 1,
    LLW_LAYER_EXPERTS = 2,
    LLW_LAYER_SHARED_EXPERT = 4,
    LLW_LAYER_ATTENTION = 8, /* keys of its own */
    LLW_LAYER_RECURRENT = 16,
    LLW_LAYER_FEED_FORWARD = 32, /* one that every token uses */
};

typedef struct llw_survey {
    unsigned char layer[LLW_SURVEY_LAYERS]; /* flags above */
    int layers;                             /* highest blk.N. + 1 */
    int64_t params, bytes;                  /* all tensors, each once */
    int64_t expert_params, expert_bytes;
    int64_t lookup_params; /* tables of which a token reads one row: input embeddings that are not the output
                              too */
    int64_t experts;       /* third dimension of the expert matrices; 0 none, -1 when they differ */
    int64_t vocabulary;    /* rows of token_embd.weight; -1 when absent */
    int64_t width;         /* of a row of it; -1 when absent */
    int64_t matrix_params[LLW_SURVEY_TYPES]; /* of matrices in layers, by tensor type */
    int dominant;                            /* tensor type with most of them; -1 none */
    double dominant_share;
    bool countable; /* false when the sums overflow */
} llw_survey;

/* `recurrent` begins the names of tensors that mark a recurrent layer ("" for none); with `both`, such a
 * layer has attention as well. `tied`: a missing output.weight means that token_embd is the output too. */
void llw_survey_model(const llw_model *model, const char *recurrent, bool both, bool tied, llw_survey *out);

/* Layers below `end` with all flags of `with` and none of `without`. */
int64_t llw_survey_count(const llw_survey *survey, int end, int with, int without);

#endif
