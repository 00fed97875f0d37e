/* Reads the GPUs from NVIDIA's management library, which is loaded at run time and need not be there. */
#ifndef LLW_SOURCE_GPU_NVML_H
#define LLW_SOURCE_GPU_NVML_H

#include "base/error.h"
#include "source/machine/gpu_list.h"

/* Fills the list in NVML's order (by PCI bus). library names the file to load; NULL tries the usual names.
 * LLW_ERR_NOTHING with the reason in err when there is no library, it cannot start, or it sees no GPU. Calls
 * that the library lacks or refuses leave their field unknown. */
llw_rc llw_gpu_nvml_read(llw_gpu_list *list, const char *library, llw_err *err);

#endif
