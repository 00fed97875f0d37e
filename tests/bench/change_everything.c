/* change_everything [PART OF]: `change` beside trying every turn and every pair of turns, on all known
 * models, eight launches each, on three machines, for each question; with PART OF only every OF-th case from
 * PART on. Prints what was missed or dearer than need be, and how many there were. A quarter of an hour in
 * all.
 */
#include "predict/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "source/model/known.h"
#include "turns.h"

static const char *const launches[] = {
    "-c 32768 --fit off -ngl 99 -np 1",    "-c 32768 -ub 2048 --fit off",
    "-c 65536 -np 8 --fit off -ngl 99",    "-c 131072 --fit on",
    "-c 32768 -ngl 99 -sm none --fit off", "-c 32768 -ngl 99 --fit off -fa off -nkvo",
    "-c 65536 -ts 1,1 --fit off -ub 1024", "-c 32768 -ncmoe 10 --fit off -ngl 20",
};
enum { LAUNCHES = sizeof launches / sizeof *launches, MACHINES = 3 };

/* One card nearly large enough, two that are together, one of a third. */
static const char *cards(llw_arena *arena, int machine, long long mib) {
    if (machine == 0) return llw_arena_printf(arena, "%lld:%lld:500", mib + 600, mib + 500);
    if (machine == 1)
        return llw_arena_printf(arena, "%lld:%lld:900,%lld:%lld:500", mib / 2 + 900, mib / 2 + 500,
                                mib / 2 + 400, mib / 2 + 300);
    return llw_arena_printf(arena, "%lld:%lld:500", mib / 3 + 400, mib / 3 + 300);
}

typedef struct tally {
    size_t asked, missed, dearer, without;
} tally;

static void compare(tally *t, const char *model, const char *args, const char *machine, const question *q) {
    llw_facts *facts = llw_facts_new();
    llw_memo *memo = llw_memo_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "server", model, args, machine, 51.2);
    llw_search alone;
    const llw_repair *pairs = NULL;
    size_t n = 0;
    char other[100];
    launch.memo = memo;
    llw_place_search(&launch, q->goal, NULL, q->fixed, llw_facts_arena(facts), &alone);
    if (!alone.reached && q->suits(&launch)) {
        llw_place_pairs(&launch, q->goal, NULL, q->fixed, llw_facts_arena(facts), &alone, &pairs, &n);
        int found = cost_found(&alone, pairs, n),
            least = least_cost(&launch, q->goal, q->fixed, found, 9, other);
        t->asked++;
        t->without += found == NEVER && least == NEVER;
        t->missed += found == NEVER && least < NEVER;
        t->dearer += found < NEVER && least < found;
        if (least < found)
            printf("%s: %s %s on %s for \"%s\": there is %s\n", found == NEVER ? "missed" : "dearer", model,
                   args, machine, q->said, other);
        fflush(stdout);
    }
    llw_memo_free(memo);
    llw_facts_free(facts);
}

int main(int argc, char **argv) {
    size_t part = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, of = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    llw_arena *arena = llw_arena_new();
    char **names = NULL;
    size_t n = 0, at = 0;
    tally t = {0};
    llw_known_list(arena, &names, &n);
    for (size_t i = 0; i < n; i++) {
        llw_known known;
        if (llw_known_load(arena, names[i], false, &known, NULL) != LLW_OK) return 2;
        for (int l = 0; l < LAUNCHES; l++)
            for (int m = 0; m < MACHINES; m++)
                for (int q = 0; q < QUESTIONS; q++)
                    if (of && at++ % of == part)
                        compare(&t, names[i], launches[l], cards(arena, m, known.file_bytes >> 20),
                                &questions[q]);
    }
    printf(
        "%zu of %zu asked, the others are so already: %zu missed, %zu dearer than need be, %zu without any "
        "change\n",
        t.asked, (at + of - 1 - part) / of, t.missed, t.dearer, t.without);
    llw_arena_free(arena);
    return t.missed + t.dearer ? 1 : 0;
}
