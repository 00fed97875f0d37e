/* Reads one model card: its YAML front matter and the statements in its prose that models/card_patterns.tsv
 * knows.
 *
 * Reading is conservative: comparisons, negations, quotations, tables of several models, code, sections about
 * other things and sentences about a sibling model state nothing. Strings live in the arena. */
#ifndef LLW_SOURCE_CARD_READ_H
#define LLW_SOURCE_CARD_READ_H

#include "base/arena.h"
#include "base/error.h"
#include "fact/facts.h"
#include "source/model/card_name.h"

typedef struct llw_card_statement {
    llw_attr attr;
    llw_value value;
    bool rounded; /* "30B", "128K": a figure for people, not the number itself */
    bool weak;    /* a tag alone */
    int line;
    const char *quote; /* the words that say it */
} llw_card_statement;

typedef struct llw_card_text {
    const char *title;      /* first heading; NULL as the following where there is none */
    const char *name;       /* model_name */
    const char *base_model; /* the first one */
    const char *licence;
    const char *source; /* a page that the card names as the model's */
    bool front_matter;
    const char *trouble; /* why the front matter was not read */
    llw_card_statement *statements;
    size_t n_statements, capacity;
} llw_card_text;

enum { LLW_CARD_BYTES_MAX = 1 << 20 };

/* Reads bytes as a card about the model called `model` ("" when it has no name). Fails only when our own
 * table of patterns cannot be used. */
llw_rc llw_card_read(llw_arena *arena, const char *bytes, size_t len, const char *model, llw_card_text *out,
                     llw_err *err);

/* Front matter and title alone: enough to tell which model the card is about, and cheap. */
void llw_card_read_head(llw_arena *arena, const char *bytes, size_t len, llw_card_text *out);

/* The front matter alone; *body receives the byte behind it and *line the number of its first line. */
void llw_card_read_front(llw_arena *arena, const char *bytes, size_t len, llw_card_text *out,
                         const char **body, int *line);

/* Whether a card of that file name is the model's, by its name, its title or its base_model (card.c). */
llw_naming llw_card_about(const llw_facts *facts, llw_entity model, llw_arena *arena, const char *file,
                          const llw_card_text *card);
/* A round figure agrees with the number it stands for: "30B" with 29.9 billion, "128K" with 131072 and
 * 128000. How far a card's figure may be off: parameters a tenth, active ones a quarter (cards differ on
 * whether embeddings count). */
bool llw_card_agrees(const llw_card_statement *statement, int64_t known);

#endif
