/* From what somebody called a model to a model entity with its facts: a .gguf path, a directory, a known
 * model's name. */
#ifndef LLW_SOURCE_MODEL_OPEN_H
#define LLW_SOURCE_MODEL_OPEN_H

#include "base/error.h"
#include "fact/facts.h"
#include "source/model/gguf.h"

/* A .gguf path: any part of a split set %s-%05d-of-%05d.gguf stands for the whole set; its tensor tables
 * become one. A directory: its only model (mmproj, LoRA and the like are not counted); several are an error
 * that lists them. Anything else: a known model's name (models/known).
 *
 * The entity's id is the path of the file or of part 1, or the known model's name. Trouble that leaves facts
 * standing becomes notes and slots: an interrupted download (complete = no), missing parts (parts_missing;
 * then the slots that need the whole tensor table are unknown and the entity has no header). Everything else
 * is one sentence in err. */
llw_rc llw_source_model(llw_facts *facts, const char *path_or_name, llw_entity *model, llw_err *err);

/* Reads the header of a file that is elsewhere; the path is one of a model's files. */
typedef struct llw_model_reader {
    void *context;
    llw_rc (*read)(void *context, llw_arena *arena, const char *path, llw_gguf *out, llw_err *err);
    const char *id; /* of the entity; NULL: the path */
} llw_model_reader;

/* The same of a model elsewhere, its files read through `reader`. Its facts are those of the file, but for
 * what only a disk knows; LLW_model_path is the name of its file (or part 1), as it will be called here. */
llw_rc llw_source_model_from(llw_facts *facts, const char *path, const llw_model_reader *reader,
                             llw_entity *model, llw_err *err);

#endif
