/* A record of the ledger: what one build did with one model, with these flags, on this machine, on that day.
 *
 * Plain data; record.def names every field. What is not known is NULL in texts and -1 in numbers and flags.
 * Everything lives in the arena of whoever made it. source/evidence/ledger.h reads and writes records as
 * YAML. */
#ifndef LLW_FACT_RECORD_H
#define LLW_FACT_RECORD_H

#include "base/error.h"
#include "fact/facts.h"

enum { LLW_RECORD_GPUS = 16, LLW_RECORD_BUFFERS = 20, LLW_RECORD_TESTS = 64, LLW_RECORD_FLAGS = 256 };

typedef enum llw_record_kind {
    LLW_RECORD_PROBE,      /* prompts sent to a running server */
    LLW_RECORD_LOG,        /* a load, as llama.cpp printed it */
    LLW_RECORD_BENCH,      /* llama-bench */
    LLW_RECORD_RUN,        /* a benchmark of many problems, such as EvalPlus */
    LLW_RECORD_CORRECTION, /* the flags another record really ran with */
    LLW_RECORD_KINDS
} llw_record_kind;

const char *llw_record_kind_name(llw_record_kind kind); /* probe, log, ... */
bool llw_record_kind_find(const char *name, llw_record_kind *out);

/* The types of record.def in C. */
#define LLW_RECORD_TEXT const char *
#define LLW_RECORD_COUNT int64_t
#define LLW_RECORD_BYTES int64_t
#define LLW_RECORD_REAL double
#define LLW_RECORD_FLAG int

typedef struct llw_record_card {
#define LLW_CARD_FIELD(key, type, meaning) LLW_RECORD_##type key;
#include "fact/record.def"
} llw_record_card;

typedef struct llw_record_buffer {
#define LLW_BUFFER_FIELD(key, type, meaning) LLW_RECORD_##type key;
#include "fact/record.def"
} llw_record_buffer;

typedef struct llw_record_test {
#define LLW_TEST_FIELD(key, type, meaning) LLW_RECORD_##type key;
#include "fact/record.def"
} llw_record_test;

typedef struct llw_record {
    llw_record_kind kind;
    const char *path; /* where it was read; NULL for a new one */
    int line;
#define LLW_RECORD_FIELD(section, key, member, type, meaning) LLW_RECORD_##type member;
#include "fact/record.def"
    const char *const *flags; /* words behind the program's name; NULL: not known */
    size_t n_flags;
    llw_record_card gpus[LLW_RECORD_GPUS];
    size_t n_gpus;
    llw_record_buffer buffers[LLW_RECORD_BUFFERS];
    size_t n_buffers;
    llw_record_test tests[LLW_RECORD_TESTS];
    size_t n_tests;
    const struct llw_record *corrected; /* the correction whose flags these are; NULL */
} llw_record;

typedef enum llw_field_type {
    LLW_FIELD_TEXT,
    LLW_FIELD_COUNT,
    LLW_FIELD_BYTES,
    LLW_FIELD_REAL,
    LLW_FIELD_FLAG
} llw_field_type;

typedef struct llw_field { /* of a record, or of an element of one of its lists */
    const char *section, *key;
    llw_field_type type;
    size_t offset;
    const char *meaning;
} llw_field;

/* The tables of record.def; ends with a key of NULL. */
extern const llw_field llw_record_fields[], llw_card_fields[], llw_buffer_fields[], llw_test_fields[];

/* Everything unknown. */
void llw_record_init(llw_record *record, llw_record_kind kind);
void llw_record_card_init(llw_record_card *card);
void llw_record_buffer_init(llw_record_buffer *buffer);
void llw_record_test_init(llw_record_test *test);
/* A place for one more, unknown in everything; NULL when the record has no more room. */
llw_record_card *llw_record_add_card(llw_record *record);
llw_record_buffer *llw_record_add_buffer(llw_record *record);
llw_record_test *llw_record_add_test(llw_record *record);

/* "evidence/desk.yaml:12", as origins and messages name it. */
const char *llw_record_place(llw_arena *arena, const llw_record *record);
/* The day of its date, or "an unknown day". */
const char *llw_record_day(llw_arena *arena, const llw_record *record);
/* The test that tells how fast one user's tokens come: the longest answer to a single request, after the
 * shortest prompt among equals; NULL when none does. Its speed, or -1. */
const llw_record_test *llw_record_speed_test(const llw_record *record);
double llw_record_speed(const llw_record *record);

/* A model file's name as people call it: without directory, part and extension. */
const char *llw_model_stem(llw_arena *arena, const char *path);
/* Hash of architecture and tensor table (names, types, shapes): the same for a file and for a known model. */
const char *llw_model_hash(llw_arena *arena, const struct llw_model *model);

/* What tells a model from others. */
typedef struct llw_model_identity {
    const char *stem, *header; /* header NULL, bytes -1: not known */
    int64_t bytes;
} llw_model_identity;

void llw_model_identify(llw_arena *arena, const llw_facts *facts, llw_entity model, llw_model_identity *out);
/* Whether the record is of this model: the file's name, and header or size where both know them. */
bool llw_record_is_model(llw_arena *arena, const llw_record *record, const llw_model_identity *model);
/* Whether two versions name one build: equal once cleaned, or one's commit is the other's. -1 when one is a
 * commit that no row has and the other only a number. */
int llw_record_is_build(llw_arena *arena, const llw_record *record, const char *version);

#endif
