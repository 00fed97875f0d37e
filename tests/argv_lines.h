/* A line of words with an environment, read as llama.cpp reads it, and what became of it. */
#ifndef LLW_TESTS_ARGV_LINES_H
#define LLW_TESTS_ARGV_LINES_H

#include "fact/build.h"
#include "source/launch/argv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MAX_WORDS = 256 };

typedef struct run {
    llw_facts *facts;
    llw_argv_result out;
} run;

static char words_buffer[8192], places[2 * MAX_WORDS][32];

/* Words separated by spaces; '' is an empty word, ? one that is not known. Environment as NAME=VALUE words.
 */
static inline run read_on(const char *build, llw_program program, const char *env, const char *line) {
    static llw_token tokens[MAX_WORDS];
    static llw_env entries[MAX_WORDS];
    llw_argv in = {.id = "argv", .program = program, .args = tokens, .env = entries};
    run r = {.facts = llw_facts_new()};
    snprintf(words_buffer, sizeof words_buffer, "%s\n%s", line, env);
    char *second = strchr(words_buffer, '\n');
    *second++ = 0;
    for (char *save = NULL, *w = strtok_r(words_buffer, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        snprintf(places[in.n_args], sizeof places[0], "argument %zu", in.n_args + 1);
        tokens[in.n_args] = (llw_token){!strcmp(w, "?")    ? NULL
                                        : !strcmp(w, "''") ? ""
                                                           : w,
                                        places[in.n_args], NULL, NULL};
        in.n_args++;
    }
    for (char *save = NULL, *w = strtok_r(second, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(w, '=');
        *equals = 0;
        char *place = places[MAX_WORDS + in.n_env];
        snprintf(place, sizeof places[0], "box.env:%zu", in.n_env + 1);
        entries[in.n_env++] = (llw_env){w, {!strcmp(equals + 1, "?") ? NULL : equals + 1, place, NULL, NULL}};
    }
    if (build) in.build = llw_build_claim(r.facts, build, LLW_GRADE_FLAG, "argument", "", NULL);
    llw_err err = {0};
    if (llw_argv_read(r.facts, &in, &r.out, &err) != LLW_OK) fail_msg("%s", err.text);
    return r;
}

static inline run server(const char *line) {
    return read_on(NULL, LLW_PROGRAM_SERVER, "", line);
}

static inline int64_t count(run *r, llw_attr attr) {
    int64_t n = -77;
    llw_facts_count(r->facts, r->out.launch, attr, &n);
    return n;
}

static inline const char *text(run *r, llw_attr attr) {
    const char *t = "(unknown)";
    llw_facts_text(r->facts, r->out.launch, attr, &t);
    return t;
}

static inline int flag(run *r, llw_attr attr) {
    bool b = false;
    return llw_facts_flag(r->facts, r->out.launch, attr, &b) ? b : -1;
}

static inline const llw_claim *claim(run *r, llw_attr attr) {
    return llw_facts_best(r->facts, r->out.launch, attr);
}

static inline const llw_flag_problem *problem(run *r, llw_flag_code code) {
    for (size_t i = 0; i < r->out.n_problems; i++)
        if (r->out.problems[i].code == code) return &r->out.problems[i];
    return NULL;
}

static inline void end(run *r) {
    llw_facts_free(r->facts);
}

/* The line has exactly this problem (0: none), and llama.cpp starts or not. */
static inline const llw_flag_problem *only(run *r, llw_flag_code code, bool starts) {
    for (size_t i = 0; i < r->out.n_problems; i++)
        if (r->out.problems[i].code != code)
            fail_msg("unexpected %s: %s", llw_flag_code_name(r->out.problems[i].code),
                     r->out.problems[i].message);
    if (code && !r->out.n_problems) fail_msg("%s expected", llw_flag_code_name(code));
    if (starts == (r->out.refused != NULL)) fail_msg("refused: %s", r->out.refused ? r->out.refused : "no");
    return code ? r->out.problems : NULL;
}

#endif
