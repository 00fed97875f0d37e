/* More than 256 MiB alive at one time for one input is a finding (docs/fuzzing.md): libFuzzer itself counts
 * single allocations and what the process has taken, the sanitizers' own included. */
#include <stdio.h>
#include <stdlib.h>

/* sanitizer/allocator_interface.h, which gcc's sanitizers come without */
int __sanitizer_install_malloc_and_free_hooks(void (*taken)(const volatile void *, size_t),
                                              void (*given)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

enum { MAX_ALIVE = 256 * 1024 * 1024 };

static size_t alive; /* bytes */

static void taken(const volatile void *block, size_t size) {
    (void)block;
    alive += size;
    if (alive <= MAX_ALIVE) return;
    alive = 0;
    fputs("ERROR: more than 256 MiB alive at one time\n", stderr);
    abort();
}

static void given(const volatile void *block) {
    size_t size = block ? __sanitizer_get_allocated_size(block) : 0;
    alive -= size < alive ? size : alive;
}

__attribute__((constructor)) static void count(void) {
    __sanitizer_install_malloc_and_free_hooks(taken, given);
}
