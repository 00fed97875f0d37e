/* Who reads a slot: the nodes of a run by the things in their bindings, and the rules that must be looked at
 * whatever the binding. Built once for a run, in its arena. */
#ifndef LLW_INFER_READERS_H
#define LLW_INFER_READERS_H

#include "infer/run.h"

typedef struct llw_reader { /* a rule whose bindings hang on an attribute of one of its variables */
    uint32_t rule, variable;
} llw_reader;

typedef struct llw_read { /* a slot of one of a rule's variables that the rule reads */
    llw_attr attr;
    uint32_t variable;
} llw_read;

typedef struct llw_join_steps {
    bool known;
    int variables[LLW_MAX_VARIABLES];
} llw_join_steps;

typedef struct llw_readers {
    size_t *first_node;   /* of each rule, and the number of nodes behind the last */
    uint32_t *first_read; /* of each rule: where its reads start, and the number of reads behind the last */
    llw_read *reads;
    size_t n_reads, read_capacity;
    uint32_t *first_of; /* of each entity: where its nodes start in nodes_of */
    uint32_t *nodes_of;
    llw_entity max; /* entities beyond are in no node */
    struct {
        llw_reader *joins; /* rules that join on the attribute */
        uint32_t *all;     /* rules all of whose nodes read it: aggregates, builds */
        size_t n_joins, join_capacity, n_all, all_capacity;
    } of[LLW_ATTRS];
    uint32_t *predicting; /* rules that ask predict() */
    size_t n_predicting, predicting_capacity;
    llw_join_steps *steps; /* of each rule: the order of its bindings, filled when it is asked for */
    bool *joins_anew;      /* of each rule: its joins read more than slots of its variables */
} llw_readers;

const llw_readers *llw_readers_get(llw_run *run);
/* The rule's variables from the slowest to the fastest (join.h). */
const int *llw_readers_order(const llw_readers *readers, const llw_kb *kb, uint32_t rule);
/* Whether a node evaluates the slot of an entity in its binding. */
bool llw_readers_reads(const llw_readers *readers, const llw_node *node, llw_entity entity, llw_attr attr);

#endif
