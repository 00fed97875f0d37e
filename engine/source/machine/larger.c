/* Cards with more memory than one has. */
#include "source/machine/gpu_table.h"
#include "source/launch/suppose.h"

#include <stdlib.h>
#include <string.h>

static int by_memory(const void *a, const void *b) {
    const llw_gpu_card *x = a, *y = b;
    if (x->total != y->total) return x->total < y->total ? -1 : 1;
    if (x->bandwidth < y->bandwidth || x->bandwidth > y->bandwidth)
        return x->bandwidth > y->bandwidth ? -1 : 1;
    return strcmp(x->name, y->name);
}

size_t llw_source_larger_cards(llw_arena *arena, int64_t total, const char **names, size_t max) {
    llw_gpu_table table;
    if (llw_gpu_table_load(arena, &table, NULL) != LLW_OK) return 0;
    llw_gpu_card *cards = llw_arena_alloc(arena, (table.cards.n_rows + 1) * sizeof *cards);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < table.cards.n_rows; i++) {
        const char *name = llw_table_cell(&table.cards, i, llw_table_column(&table.cards, "name"));
        llw_gpu_card *card = &cards[n];
        if (llw_gpu_table_find(&table, arena, name, -1, card, NULL) != LLW_OK || card->unified ||
            strcmp(card->backend, "CUDA") || strstr(name, "Laptop") || card->total <= total)
            continue;
        n++;
    }
    if (n) qsort(cards, n, sizeof *cards, by_memory);
    for (size_t i = 0; i < n && kept < max; i++) { /* one of each size */
        if (kept && cards[i].total < cards[i - 1].total + ((int64_t)1 << 30)) continue;
        names[kept++] = cards[i].name;
    }
    return kept;
}
