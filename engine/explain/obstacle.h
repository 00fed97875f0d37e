/* What stands in the way of a wish: the launch as wished beside the launch as it is, each thing that has to
 * hold with its two numbers. A proof, so that it is printed like one. */
#ifndef LLW_EXPLAIN_OBSTACLE_H
#define LLW_EXPLAIN_OBSTACLE_H

#include "explain/difference.h"
#include "explain/proof.h"

typedef enum llw_wish_state {
    LLW_WISH_SO,      /* that is how it is */
    LLW_WISH_REFUSED, /* llama.cpp does not start */
    LLW_WISH_SHORT,   /* it does not load */
    LLW_WISH_LOADS,   /* it does; the lines say what it costs */
    LLW_WISH_UNKNOWN,
} llw_wish_state;
const char *llw_wish_state_name(llw_wish_state state);

/* d.a is the launch as it is, d.b as wished; said is the wish in flags. */
llw_wish_state llw_obstacles(const llw_difference *d, const char *said, llw_arena *arena, llw_proof *out);

#endif
