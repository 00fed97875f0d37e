/* Gives up, for the rest of this process, what reading needs nothing of: writing, starting programs, the
 * network.
 *
 * The kernel keeps the promise (Landlock for files, seccomp for the rest), so that a file which got the
 * better of a parser could read and compute, and print to what was open already, and nothing else. What is
 * open stays open; threads and children inherit it; it cannot be taken back. */
#ifndef LLW_BASE_CONFINE_H
#define LLW_BASE_CONFINE_H

#include "base/error.h"

/* LLW_ERR_NOTHING when this kernel or processor keeps not all of it; what it can keep, it does from now on.
 */
llw_rc llw_confine(llw_err *err);

#endif
