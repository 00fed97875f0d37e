/* A case made from a launch of one's own: its questions are those that the engine can answer about it. */
#ifndef LLW_TEACH_FROM_LAUNCH_H
#define LLW_TEACH_FROM_LAUNCH_H

#include "rule/kb.h"
#include "teach/case.h"

/* `setting` is the machine and the files with the launch in them; `where` says where it was written.
 * LLW_ERR_NOTHING, with the reason, when nothing about the launch can be asked. */
llw_rc llw_case_from_launch(const llw_kb *kb, llw_arena *arena, const llw_case_setting *setting,
                            const char *where, llw_case *out, llw_err *err);

#endif
