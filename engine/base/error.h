/* What a fallible function returns, and the one message it leaves.
 *
 * The message is set once, where the cause is known: what is wrong, where, and what to do. Callers add
 * nothing but the file when the callee could not know it. Nothing below cli/ prints. */
#ifndef LLW_BASE_ERROR_H
#define LLW_BASE_ERROR_H

typedef enum llw_rc {
    LLW_OK = 0,
    LLW_ERR_INPUT,  /* what somebody gave us cannot be read */
    LLW_ERR_SYSTEM, /* the operating system refused */
    LLW_ERR_MEMORY,
    LLW_ERR_NOTHING, /* the thing asked for is not there; often no error for the caller */
} llw_rc;

typedef struct llw_err {
    char file[256]; /* "" when no file is concerned */
    int line;       /* 0 when unknown */
    char text[512];
} llw_err;

/* Fills err (may be NULL) and returns rc, so that a failure is one statement. */
llw_rc llw_fail(llw_err *err, llw_rc rc, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
