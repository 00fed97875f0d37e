/* Models that llwhy knows before they are downloaded: models/known/NAME.yaml.
 *
 * Such a file carries the whole header of a GGUF as text (fact/header_text.h), so it gives the facts that the
 * file itself would give, byte for byte; only its origin differs. Loading takes well under a millisecond. */
#ifndef LLW_SOURCE_KNOWN_H
#define LLW_SOURCE_KNOWN_H

#include "base/error.h"
#include "fact/facts.h"
#include "fact/model.h"

typedef struct llw_known {
    const char *name;       /* glm-4.7-flash-q8_0 */
    const char *path;       /* of the YAML file */
    const char *source;     /* whose model it is, in plain words */
    int64_t file_bytes;     /* size of the GGUF file */
    int64_t expected_bytes; /* up to the last byte of the last tensor */
    llw_model model;
} llw_known;

/* Names of all known models, sorted. */
void llw_known_list(llw_arena *arena, char ***names, size_t *count);

/* The known model that a file's name ("Qwen_Qwen3-8B-Q4_K_M.gguf"), or a repository as -hf takes it
 * ("OWNER/REPO-GGUF:Q4_K_M"), stands for; names as llw_known_list gives them. NULL for none. */
const char *llw_known_for_file(llw_arena *arena, char **names, size_t n, const char *path);
const char *llw_known_for_repository(llw_arena *arena, char **names, size_t n, const char *repository);

/* By name, without regard to case. LLW_ERR_NOTHING for an unknown name: err lists the nearest. With `whole`,
 * arrays are kept whatever their length (for writing the file out). */
llw_rc llw_known_load(llw_arena *arena, const char *name, bool whole, llw_known *out, llw_err *err);

/* Parses a file of that kind; path is for messages, name the model's. */
llw_rc llw_known_parse(llw_arena *arena, const char *path, const char *name, const char *bytes, size_t len,
                       bool whole, llw_known *out, llw_err *err);

/* Claims a known model as the model entity of that id (NULL: its name). */
llw_rc llw_source_known(llw_facts *facts, const char *name, const char *id, llw_entity *model, llw_err *err);

#endif
