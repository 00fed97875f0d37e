/* Models by their name on Hugging Face: hf:OWNER/REPO[@REVISION][:QUANT], or hf:OWNER/REPO/FILE.gguf.
 *
 * What was downloaded before is found in the caches of huggingface_hub and llama.cpp, where llama.cpp looks
 * (common/hf-cache.cpp get_cache_directory, v0.5.0; ~/.cache/llama.cpp before that). What was not is asked of
 * the hub's API; HF_ENDPOINT names another hub. A quantisation is chosen as llama-server -hf chooses it
 * (common/download.cpp find_best_model). */
#ifndef LLW_SOURCE_HUB_H
#define LLW_SOURCE_HUB_H

#include "source/remote/remote.h"

typedef struct llw_hub_name {
    const char *repo;     /* OWNER/REPO */
    const char *revision; /* main */
    const char *quant;    /* NULL when not given */
    const char *file;     /* path in the repository; NULL */
} llw_hub_name;

/* One model of a repository: a file, or a split set. */
typedef struct llw_hub_model {
    const char *tag;      /* Q4_K_M, upper case; "" when the name has none */
    const char *path;     /* of the file, or of part 1 */
    int64_t parts, bytes; /* bytes -1: unknown */
    bool whole;           /* every part is listed */
} llw_hub_model;

bool llw_hub_is_name(const char *word);
llw_rc llw_hub_read_name(llw_arena *arena, const char *word, llw_hub_name *out, llw_err *err);

/* Where the hub is: HF_ENDPOINT, or https://huggingface.co. */
const char *llw_hub_endpoint(void);
/* The address of a file of the repository. */
const char *llw_hub_address(llw_arena *arena, const llw_hub_name *name, const char *file);

/* The directories in which huggingface_hub and llama.cpp keep downloads, in the order in which they are
 * searched, whether they exist or not; at most LLW_HUB_CACHES. Returns how many. */
enum { LLW_HUB_CACHES = 6 };
size_t llw_hub_caches(llw_arena *arena, const char *out[LLW_HUB_CACHES]);
/* Where llama.cpp kept its own downloads before v0.5.0; NULL when nothing says. */
const char *llw_hub_old_cache(llw_arena *arena);
/* The file of a name with QUANT or FILE in a cache; NULL when none has it. */
const char *llw_hub_cached(llw_arena *arena, const llw_hub_name *name);

/* The models of the repository, in the hub's order; adapters, projectors, drafts and importance matrices are
 * left out. */
llw_rc llw_hub_list(llw_remote *remote, const llw_hub_name *name, llw_hub_model **models, size_t *n,
                    llw_err *err);
/* The one that QUANT or FILE means; NULL when none does. */
const llw_hub_model *llw_hub_find(const llw_hub_name *name, const llw_hub_model *models, size_t n);

#endif
