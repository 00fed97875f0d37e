/* Error messages: written once, where the cause is known. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

llw_rc llw_fail(llw_err *err, llw_rc rc, const char *file, int line, const char *fmt, ...) {
    if (!err) return rc;
    snprintf(err->file, sizeof err->file, "%s", file ? file : "");
    err->line = line;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return rc;
}
