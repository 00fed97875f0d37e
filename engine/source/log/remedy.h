/* What to do about an end that llama.cpp, a driver or a system named in words of its own. */
#ifndef LLW_SOURCE_LOG_REMEDY_H
#define LLW_SOURCE_LOG_REMEDY_H

/* The advice for a crash with that reason; another build, where nothing better is known. */
const char *llw_log_crash_remedy(const char *reason);

/* The advice for a load that ended with that message; "" when none is known. */
const char *llw_log_failure_remedy(const char *reason);

#endif
