/* What the fuzz targets share: a quiet place for the files that are read from a path.
 *
 * A target is one LLVMFuzzerTestOneInput, linked with libFuzzer where clang builds it (LLWHY_FUZZ) and with
 * replay.c where gcc does. It returns 0 for whatever it is given: only a crash, a leak or a hang is a result.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the bytes as a file of that name in a folder of this process, in memory where there is such a place;
 * the path is valid until the next call. NULL when it cannot be written. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);
/* That folder. */
const char *fuzz_folder(void);
/* Removes what was written into it. */
void fuzz_sweep(void);

#endif
