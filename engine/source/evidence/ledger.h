/* The ledger: what was measured, as YAML in the project's evidence/ directory, one file for each machine.
 *
 * A file is a stream of YAML documents, each of them one record (fact/record.def) between a line --- and a
 * line ..., without which it counts as cut off. So two branches that both added records merge by keeping
 * both. Records are only ever added;
 * what turns out wrong is said by a record of kind correction, which names the other one.
 *
 * Reading: a document that cannot be read is a problem with its file and line, and the others stand. A file
 * that holds no record of ours at all is somebody else's and is passed over.
 *
 * Writing: the directory is locked, the file is written anew beside the old one with the record behind the
 * rest, flushed to the disk and put in its place. So two writers come one after the other, and whatever stops
 * a writer (a signal, a full disk, a power cut) leaves every record that was there, and no half of a new one.
 */
#ifndef LLW_SOURCE_LEDGER_H
#define LLW_SOURCE_LEDGER_H

#include "fact/record.h"

#define LLW_LEDGER_SCHEMA "llwhy.evidence/1"

enum {
    LLW_LEDGER_BYTES = 64 << 20 /* of one file */,
    LLW_LEDGER_RECORDS = 100000,
    LLW_LEDGER_PROBLEMS = 200
};

typedef struct llw_ledger {
    const char *directory; /* as it was found */
    llw_record **records;  /* by file name, then in the order in which they stand */
    size_t n_records, record_capacity;
    llw_err *problems; /* what could not be read, with file and line */
    size_t n_problems, problem_capacity, n_more;
    size_t n_files;
} llw_ledger;

/* Reads every *.yaml of a directory. LLW_ERR_NOTHING when there is no such directory. Corrections are
 * applied: a corrected record has the flags of its latest correction. */
llw_rc llw_ledger_read(llw_arena *arena, const char *directory, llw_ledger *out, llw_err *err);

/* Reads bytes as if they were a file of it; adds to the ledger. */
void llw_ledger_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_ledger *out);

/* The record of that id, or of the only one that begins so; NULL. */
const llw_record *llw_ledger_find(const llw_ledger *ledger, const char *id);

/* The record as the YAML document that the ledger holds; its id is set when it has none. The text is
 * borrowed from the arena. */
const char *llw_record_text(llw_arena *arena, llw_record *record);

typedef struct llw_ledger_added {
    bool there; /* the same record was there before: nothing was written */
    const char *path;
    int line; /* where the record stands */
} llw_ledger_added;

/* Adds a record to DIRECTORY/NAME.yaml, both made if needed; `name` is the machine's. `directory` may not
 * exist yet, the one above it must. */
llw_rc llw_ledger_add(llw_arena *arena, const char *directory, const char *name, llw_record *record,
                      llw_ledger_added *out, llw_err *err);

#endif
