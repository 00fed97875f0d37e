/* Signatures of what people have instead of a GGUF file. */
#include "source/model/looks.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* magics of ggml's own older formats are the little-endian words 'ggml', 'ggmf', 'ggjt', 'ggla' */
static const struct {
    size_t at, len;
    const char *bytes, *says;
} signatures[] = {
    {0, 4, "lmgg",
     "is in the GGML format of before August 2023, which llama.cpp no longer reads: get a GGUF of the model"},
    {0, 4, "fmgg", "is in the GGMF format of 2023, which llama.cpp no longer reads: get a GGUF of the model"},
    {0, 4, "tjgg", "is in the GGJT format of 2023, which llama.cpp no longer reads: get a GGUF of the model"},
    {0, 4, "algg",
     "is a LoRA in the GGLA format of 2023, which llama.cpp no longer reads: convert it again to GGUF"},
    {0, 4, "FUGG", "starts with 'FUGG', GGUF backwards: its bytes are swapped; fetch the file again"},
    {0, 4, "gguf", "starts with 'gguf' in lower case, which is no GGUF: fetch the file again"},
    {0, 4, "PK\3\4", "is a ZIP archive or PyTorch checkpoint: unpack it, or get a GGUF of the model"},
    {0, 2, "\x80\2", "is a Python pickle (PyTorch checkpoint): get a GGUF of the model"},
    {0, 2, "\x1f\x8b", "is a gzip archive: unpack it with gunzip"},
    {0, 4, "\x28\xb5\x2f\xfd", "is a zstd archive: unpack it with unzstd"},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     "is an xz archive: unpack it with unxz"},
    {0, 4, "7z\xbc\xaf", "is a 7-Zip archive: unpack it"},
    {0, 4,
     "\x7f"
     "ELF",
     "is a program, not a model"},
    {0, 5, "%PDF-", "is a PDF document, not a model"},
    {257, 5, "ustar", "is a tar archive: unpack it with tar -xf"},
};

static int starts_with(const unsigned char *head, size_t len, const char *text) {
    size_t n = strlen(text);
    if (len < n) return 0;
    for (size_t i = 0; i < n; i++)
        if (tolower(head[i]) != text[i]) return 0;
    return 1;
}

char *llw_looks_like(const unsigned char *head, size_t len, char buf[LLW_LOOKS_MAX]) {
    if (!len)
        return snprintf(buf, LLW_LOOKS_MAX, "is empty: nothing was downloaded; fetch the file again"), buf;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (len >= signatures[i].at + signatures[i].len &&
            !memcmp(head + signatures[i].at, signatures[i].bytes, signatures[i].len))
            return snprintf(buf, LLW_LOOKS_MAX, "%s", signatures[i].says), buf;
    const unsigned char *text = head;
    size_t left = len;
    if (left >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) text += 3, left -= 3;
    while (left && isspace(*text)) text++, left--;
    if (starts_with(text, left, "version https://git-lfs"))
        return snprintf(buf, LLW_LOOKS_MAX,
                        "is a Git LFS pointer, not the model: run git lfs pull in its repository"),
               buf;
    if (starts_with(text, left, "<!doctype") || starts_with(text, left, "<html") ||
        starts_with(text, left, "<?xml"))
        return snprintf(buf, LLW_LOOKS_MAX,
                        "is a web page, not a model: the link led to a login or error page; download the "
                        "file itself"),
               buf;
    if (len >= 10 && head[8] == '{' && head[9] == '"' && !head[5] && !head[6] && !head[7])
        return snprintf(buf, LLW_LOOKS_MAX,
                        "is a safetensors file: convert it with llama.cpp's convert_hf_to_gguf.py, or get a "
                        "GGUF of the model"),
               buf;
    size_t zeros = 0, printable = 0;
    for (size_t i = 0; i < len; i++) {
        zeros += !head[i];
        printable +=
            head[i] >= 0x20 ? head[i] != 0x7f : head[i] == '\n' || head[i] == '\t' || head[i] == '\r';
    }
    if (zeros == len)
        return snprintf(buf, LLW_LOOKS_MAX,
                        "starts with zeros: its space was reserved but the download never filled it; fetch "
                        "it again"),
               buf;
    if (printable == len) /* none of it is quoted: it may be anybody's */
        return snprintf(buf, LLW_LOOKS_MAX, "is %s, not a GGUF file: download the model itself",
                        starts_with(text, left, "{") || starts_with(text, left, "[") ? "JSON"
                                                                                     : "a text file"),
               buf;
    return snprintf(buf, LLW_LOOKS_MAX,
                    "is not a GGUF file: it starts with %02x %02x %02x %02x instead of 'GGUF'", head[0],
                    len > 1 ? head[1] : 0u, len > 2 ? head[2] : 0u, len > 3 ? head[3] : 0u),
           buf;
}
