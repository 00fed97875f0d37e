/* Reads the GPUs from nvidia-smi's CSV output: the parser, and the run that feeds it.
 *
 * Values nvidia-smi cannot tell ([N/A], [Not Supported], ERR!, ...) are unknown, never 0. Lines that are no
 * rows are passed over with a note. */
#ifndef LLW_SOURCE_GPU_SMI_H
#define LLW_SOURCE_GPU_SMI_H

#include "base/error.h"
#include "source/machine/gpu_list.h"

/* Adds the rows of one --query-gpu output to the list, joined by index. fields is what was asked for,
 * separated by commas; NULL takes the header line that nvidia-smi prints without "noheader". index must be
 * among the fields. Returns the number of rows understood. */
size_t llw_gpu_smi_parse(llw_gpu_list *list, const char *fields, const char *text, size_t len);

/* Counts the rows of one --query-compute-apps=gpu_uuid,pid output per card. */
void llw_gpu_smi_parse_processes(llw_gpu_list *list, const char *text, size_t len);

/* Runs nvidia-smi (program; NULL looks in PATH, then where WSL2 keeps it) for at most `seconds` in all.
 * LLW_ERR_NOTHING with the reason in err when it is not there, hangs, or lists no GPU. */
llw_rc llw_gpu_smi_read(llw_gpu_list *list, const char *program, double seconds, llw_err *err);

#endif
