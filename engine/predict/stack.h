/* Stacks of attention and feed-forward layers: what sets one architecture apart from another, as data.
 *
 * stack.def has a row for each architecture whose graph is "norm, attention, residual, norm, feed-forward,
 * residual" or a variation of it. Biases, scales, norms of heads, gates and shared experts are used when the
 * model has the tensors; the row says the rest. Private to predict/. */
#ifndef LLW_PREDICT_STACK_H
#define LLW_PREDICT_STACK_H

#include "predict/ssm.h"

typedef enum llw_stack_rope {
    LLW_ROPE_ALL,
    LLW_ROPE_NONE,
    LLW_ROPE_WINDOWED,         /* only layers behind a window */
    LLW_ROPE_WINDOWED_IF_ANY,  /* the same, when any layer is behind one; else all */
    LLW_ROPE_WINDOWED_OR_LEAD, /* also the dense layers at the start */
    LLW_ROPE_STEP,             /* not in each fourth layer */
    LLW_ROPE_STEP_OR_LAST,     /* the same; without windows, not in the last (llama 4) */
    LLW_ROPE_STEP_FIRST, /* with windows not in the first of each four; else, and with four layers alone, all
                          */
    LLW_ROPE_HEADER,     /* as the header says, for all layers or each */
    LLW_ROPE_32_LAYERS   /* only in models of 32 layers */
} llw_stack_rope;

typedef enum llw_stack_heads {                   /* norms of queries and keys, when the model has them */
                               LLW_HEADS_BEFORE, /* each head, before rope */
                               LLW_HEADS_AFTER,  /* each head, behind rope */
                               LLW_HEADS_AFTER_ALWAYS, /* the same, without weights where the model has none
                                                        */
                               LLW_HEADS_ROPED, /* the same, where rope is, but for models of 128 experts
                                                   (llama 4) */
                               LLW_HEADS_WIDE   /* all heads as one row, before rope */
} llw_stack_heads;

typedef enum llw_stack_temperature { /* queries scaled by position */
                                     LLW_TEMPERATURE_NONE,
                                     LLW_TEMPERATURE_HEADER, /* when the header says so */
                                     LLW_TEMPERATURE_UNROPED /* in layers without rope */
} llw_stack_temperature;

typedef enum llw_stack_gate { /* of the attention's result, by attn_gate, when the model has it */
                              LLW_GATE_SIGMOID,
                              LLW_GATE_SOFTPLUS
} llw_stack_gate;

typedef enum llw_stack_flow {
    LLW_FLOW_SERIAL,        /* x + attention, then + feed-forward */
    LLW_FLOW_FFN_ATTENTION, /* side by side behind one norm: (feed-forward + attention) + x */
    LLW_FLOW_ATTENTION_FFN, /* (attention + feed-forward) + x */
    LLW_FLOW_FFN_X,         /* (feed-forward + x) + attention */
    LLW_FLOW_NEOX           /* as FFN_X, the feed-forward behind a norm of its own, when the header says so */
} llw_stack_flow;

typedef enum llw_stack_late { LLW_LATE_NEVER, LLW_LATE_BEFORE_NORM, LLW_LATE_AFTER_NORM } llw_stack_late;

typedef enum llw_stack_normalise { /* the weights of the experts used add up to one */
                                   LLW_NORMALISE_YES,
                                   LLW_NORMALISE_NO,
                                   LLW_NORMALISE_HEADER
} llw_stack_normalise;

typedef enum llw_stack_gating { LLW_ROUTE_SOFTMAX, LLW_ROUTE_SIGMOID, LLW_ROUTE_HEADER } llw_stack_gating;

typedef enum llw_stack_when { LLW_WHEN_NEVER, LLW_WHEN_HEADER, LLW_WHEN_ALWAYS } llw_stack_when;

typedef struct llw_stack llw_stack;
/* A feed-forward of its own: x is normed, ffn_in what it is added to. */
typedef llw_node *llw_stack_feed(llw_graph *g, const llw_stack *stack, llw_node *x, int il);

struct llw_stack {
    const char *architecture;
    llw_norm_kind norm, head_norm;
    bool plain_norms;       /* norms before attention, before feed-forward and the last have no weights */
    bool no_norms_before;   /* none before attention and feed-forward */
    bool scale_embedding;   /* by the root of its width */
    bool norm_embedding;    /* with token_embd_norm, when the model has it */
    bool learned_positions; /* a table of positions is added, when the model has one */
    llw_stack_rope rope;
    bool no_rope_factors;  /* even if the model has them */
    bool windows_unscaled; /* layers behind a window turn without them */
    llw_stack_heads heads;
    bool latent;      /* keys and values come from a compressed row */
    bool heads_apart; /* queries, keys and values are cut out of a joint matrix before they are shaped */
    llw_stack_temperature temperature;
    bool scale_q;
    bool scale_v; /* of the attention's result, when the header says so */
    llw_stack_gate gate;
    llw_weight_id norm_result; /* norm of the attention's result before its output matrix */
    llw_mixer *mixer;          /* in place of attention in recurrent layers */
    bool mixes_both; /* the mixer and attention side by side in all layers; outputs are picked behind their
                        sum */
    llw_stack_flow flow;
    bool x_first, ffn_in_first; /* the residual is the left side of the sum */
    llw_weight_id norm_2;       /* norm before the feed-forward; 0: ffn_norm */
    llw_weight_id norm_attention, norm_ffn,
        norm_ffn_2;            /* norms of the results (2: when the model lacks it) */
    bool norm_attention_early; /* before outputs are picked */
    bool free_norm_ffn;        /* not pinned to its layer */
    llw_activation activation, shared_activation, expert_activation;
    llw_stack_normalise normalise;
    llw_stack_gating route;
    bool no_probs_bias;  /* exp_probs_b is not used even if there is one */
    bool fused_clamp;    /* experts clamp and gate in one operation */
    bool steps;          /* experts in each n-th layer, as the header says, though all have them */
    bool weight_first;   /* experts' weights are multiplied with their input */
    bool average_shared; /* half the sum of routed and shared experts */
    llw_stack_feed *feed;
    llw_stack_when scale_residual;
    bool sparse;          /* layers may lack attention, its projections or the feed-forward (deci) */
    bool early_router;    /* experts are chosen by the layer's input */
    llw_weight_id beside; /* norm of experts that work on the layer's input, beside its feed-forward */
    bool skips;           /* the embedding, scaled, is added to each layer's result */
    bool loops;           /* the last norm stands between walks through the blocks */
    bool deepstack;
    bool uncached;    /* attends without its cache */
    bool all_outputs; /* nothing is picked */
    bool no_logits;   /* ends behind the last norm */
    bool embeds;      /* so does an embedding server's graph */
    bool scale_last;  /* the last norm's result, before the output matrix */
    bool pad_logits;  /* to the vocabulary, with a scalar made from the last norm */
    bool mask_images; /* logits of image tokens are overwritten */
    llw_stack_late late;
    llw_stack_when scale_logits, soft_cap;
};

llw_stack_feed llw_feed_dense, llw_feed_sub_norm, llw_feed_xielu, llw_feed_grok, llw_feed_grove;
llw_moe llw_stack_routing(llw_graph *g, const llw_stack *stack, int il);
llw_qkv llw_stack_latent(llw_graph *g, llw_node *x, llw_node *positions, int il);

#endif
