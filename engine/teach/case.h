/* A teaching case: an incident as data (lessons/cases/ID.yaml), with questions and without answers.
 *
 * What is right is never written down: every question names a slot, a condition or a goal, and the engine
 * finds the answer by running the case's own facts. Everything lives in the arena given; texts are as the
 * author wrote them. */
#ifndef LLW_TEACH_CASE_H
#define LLW_TEACH_CASE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "fact/schema.h"
#include "source/config/config.h"

#include <stdbool.h>
#include <stddef.h>

enum { LLW_CASE_MAX_BYTES = 1 << 18, LLW_CASE_MAX_ITEMS = 24, LLW_ORDER_MAX = 6 };

typedef struct llw_texts {
    const char **items;
    size_t n;
} llw_texts;

/* What is known beside machine, model and flags: what a comment says, what a probe found, where a launch was
 * written. */
typedef struct llw_case_thing {
    llw_kind kind;
    size_t n;
    struct llw_case_slot {
        llw_attr attr;
        llw_value value;
    } slots[LLW_CASE_MAX_ITEMS];
} llw_case_thing;

/* What is assumed, or what a question changes about it: what is NULL or empty stays as it was. */
typedef struct llw_case_setting {
    llw_texts gpus; /* as --gpu takes them */
    const char *ram, *llama;
    const char *model;       /* a known model, or a GGUF file. With files: NULL is the one they name */
    llw_config_input *files; /* a configuration that says how it is started, instead of args */
    size_t n_files;
    const char *started; /* the launch in it: FILE:NAME or FILE */
    llw_texts args;      /* words */
    bool args_given;
    llw_texts with; /* an edit of the words (teach/scene.h) */
    llw_case_thing *things;
    size_t n_things;
} llw_case_setting;

/* A condition on a run; all parts that are given must hold. */
typedef struct llw_proviso {
    const char *holds; /* an expression in the rules' language over the things of the case */
    const char *finds; /* a rule that fires */
    const char *lacks; /* a rule that does not */
    const char
        *answer; /* of a number: an expression whose value was said; of a line: a slot that is set there */
    int line;
} llw_proviso;

/* What a wrong answer shows: the misconception's id, and when it is recognised (no part given: always). */
typedef struct llw_mistake {
    const char *misconception;
    llw_proviso when;
} llw_mistake;

typedef enum llw_ask_kind {
    LLW_ASK_FLAGS,
    LLW_ASK_NUMBER,
    LLW_ASK_YES_NO,
    LLW_ASK_CHOICE,
    LLW_ASK_LINE,  /* the line of the configuration that is to blame: where the engine's finding stands */
    LLW_ASK_ORDER, /* its choices in their order: by what the engine computes for each, or by its steps */
    LLW_ASK_KINDS
} llw_ask_kind;
const char *llw_ask_kind_name(llw_ask_kind kind);

typedef struct llw_choice {
    const char *text;
    llw_case_setting change; /* the option is judged in the case with this changed */
    llw_proviso right;
    const char *misconception; /* of who picks it wrongly; NULL */
    const char *step;          /* of an order: a piece of the sentence in which fit says that it does this */
    int line;
} llw_choice;

typedef struct llw_ask {
    const char *id;
    llw_ask_kind kind;
    bool what_if; /* asked after the reveal, to carry the lesson over */
    const char *question;
    llw_case_setting change; /* what is assumed otherwise for this question */
    const char *slot;        /* of a number or yes-no: an expression */
    const char *unit;        /* of a number: MiB, GiB, GB, B (billion), tokens ...; "" for a plain count */
    llw_texts goal, keep;    /* of flags: what must hold; what must not be paid for it. Expressions */
    llw_choice *choices;
    size_t n_choices;
    bool several;      /* more than one choice may be right */
    const char *finds; /* of a line: the rule whose finding stands there; NULL: those of the case's lessons */
    const char *by; /* of an order: the expression by whose value each choice is placed, in its own scene */
    bool falling;   /* largest first */
    llw_texts hints;
    llw_mistake *mistakes;
    size_t n_mistakes;
    int line;
} llw_ask;

typedef struct llw_case {
    const char *id, *file;
    const char *lesson; /* its id */
    llw_texts also;     /* ids of further lessons that it takes */
    const char *title, *brief, *source;
    const char *composed; /* what of the setting is made up, in a sentence; NULL: it happened like that */
    int minutes;
    bool own;      /* made of a launch of the learner's */
    bool boundary; /* the lesson has nothing to say here: the case shows where it ends */
    llw_case_setting setting;
    llw_texts facts; /* slots shown with the brief, "model.experts" */
    llw_ask *asks;
    size_t n_asks;
} llw_case;

typedef struct llw_misconception {
    const char *id, *title, *says; /* what is wrong about it, and why */
} llw_misconception;

typedef struct llw_misconceptions {
    llw_misconception *items;
    size_t n;
} llw_misconceptions;

/* Names of all cases, in the order of the course. */
void llw_case_list(llw_arena *arena, char ***ids, size_t *n);
/* LLW_ERR_NOTHING when there is no case of that name; LLW_ERR_INPUT with the line when it cannot be used. */
llw_rc llw_case_load(llw_arena *arena, const char *id, llw_case *out, llw_err *err);
llw_rc llw_case_parse(llw_arena *arena, const char *path, const char *id, const char *bytes, size_t len,
                      llw_case *out, llw_err *err);

/* lessons/misconceptions.yaml. */
llw_rc llw_misconceptions_load(llw_arena *arena, llw_misconceptions *out, llw_err *err);
const llw_misconception *llw_misconception_find(const llw_misconceptions *all, const char *id);

/* Whether a launch called `started` (FILE:NAME, FILE) stands in that file. */
bool llw_case_starts(const char *started, const char *path);

/* A line of flags as words: blanks separate, quotes keep together, as a shell would. */
llw_texts llw_case_words(llw_arena *arena, const char *line);
/* Adds a word to such a line, in quotes where it needs them. */
void llw_case_quote(llw_text *line, const char *word);

#endif
