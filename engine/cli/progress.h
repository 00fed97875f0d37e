/* A line on stderr while reading and judging files takes longer than a second, so that nobody wonders.
 *
 * Only where there are hundreds of files. On a terminal the line is renewed and goes away at the end;
 * elsewhere it is written once for each of the two. */
#ifndef LLW_CLI_PROGRESS_H
#define LLW_CLI_PROGRESS_H

#include <stddef.h>

/* Both numbers are read while others change them, and stay valid until llw_progress_stop. `launches` is
 * looked at once llw_progress_judging was called. One at a time. */
void llw_progress_start(const size_t *looked, const size_t *launches);
void llw_progress_judging(void);
void llw_progress_stop(void);

#endif
