/* What llama.cpp does with an architecture beyond reading its header: which memory it keeps, which layers
 * look through a window or carry a state, and which builder makes its graph. */
#ifndef LLW_PREDICT_ARCHITECTURE_H
#define LLW_PREDICT_ARCHITECTURE_H

#include <stdbool.h>

typedef enum llw_memory_kind {
    LLW_MEMORY_KV,
    LLW_MEMORY_NONE,           /* encoders: nothing is kept between batches */
    LLW_MEMORY_RECURRENT,      /* a state per sequence, no cells */
    LLW_MEMORY_HYBRID,         /* state in the recurrent layers, cells in the others */
    LLW_MEMORY_HYBRID_BOTH,    /* every layer has both */
    LLW_MEMORY_HYBRID_NO_FF,   /* as HYBRID, but layers with a feed-forward have neither */
    LLW_MEMORY_INDEXED,        /* cells and an indexer's keys in the layers that own an indexer */
    LLW_MEMORY_INDEXED_SPARSE, /* an indexer's keys behind the leading dense layers */
    LLW_MEMORY_HYBRID_INDEXED, /* HYBRID with an indexer's keys in the attention layers */
    LLW_MEMORY_COMPRESSED,     /* a window in all layers, and caches of which several tokens share a cell */
    LLW_MEMORY_OWN             /* not re-told here: a bound only */
} llw_memory_kind;

typedef enum llw_swa_rule {
    LLW_SWA_NONE,
    LLW_SWA_IF_GIVEN, /* when the header has a window: every period-th layer is dense */
    LLW_SWA_ALWAYS,   /* as IF_GIVEN, with a window of its own when the header has none */
    LLW_SWA_LISTED,   /* the header lists the layers */
    LLW_SWA_OWN       /* hparams.c knows */
} llw_swa_rule;

typedef enum llw_recurrent_rule {
    LLW_RECURRENT_NONE,
    LLW_RECURRENT_ALL,
    LLW_RECURRENT_NO_KV_HEADS, /* layers whose head_count_kv is 0 */
    LLW_RECURRENT_INTERVAL     /* all but every period-th, or as the header lists */
} llw_recurrent_rule;

typedef enum llw_tied_rule {
    LLW_TIED_COPY,       /* without output.weight the token embedding is loaded a second time as output */
    LLW_TIED_COPY_FIRST, /* as COPY, but loaded before the embedding itself: never shared, even in the same
                            buffer */
    LLW_TIED_SHARED,     /* the token embedding itself is used */
    LLW_TIED_NONE        /* no output matrix at all */
} llw_tied_rule;

struct llw_graph;
typedef void llw_build_graph(struct llw_graph *graph);

typedef struct llw_architecture {
    const char *name;
    llw_memory_kind memory;
    llw_swa_rule swa;
    int swa_period;
    bool swa_dense_first;
    int swa_window; /* default */
    llw_recurrent_rule recurrent;
    int recurrent_period; /* default */
    llw_tied_rule tied;
    bool delta_net;         /* ssm_a is multiplied with, not scanned (LLM_TENSOR_SSM_A_NOSCAN) */
    llw_build_graph *graph; /* NULL: its compute buffer is only bounded */
} llw_architecture;

/* NULL when llama.cpp v0.5.0 does not know it. */
const llw_architecture *llw_architecture_find(const char *name);

#endif
