/* Which models the names in running text mean: those that files of the tree start, else the known ones.
 *
 * The models are kept with the reader and looked up by the letters that they start with, so a word that
 * starts no model's name costs one look-up, however many there are. The others are compared with the models
 * that start like them, each name once; how often is counted, and has an end. Launches that were added since
 * the last document are taken up by llw_meanings_of. */
#ifndef LLW_SOURCE_MEANT_H
#define LLW_SOURCE_MEANT_H

#include "source/config/parts.h"

enum { LLW_MAX_MEANT = 64 };

/* A name that was looked up. */
typedef struct llw_looked_up llw_looked_up;

/* Models by the first letters of what they are called. */
typedef struct llw_stem {
    const char *text;
    size_t len, model; /* its place in the list */
    struct llw_stem *next;
} llw_stem;

enum { LLW_STEM_BUCKETS = 256 };

typedef struct llw_stems {
    llw_stem *first[LLW_STEM_BUCKETS], *last[LLW_STEM_BUCKETS];
} llw_stems;

typedef struct llw_meanings {
    llw_config_reader *r;
    const llw_config_launch **models; /* one launch for each model that a file starts */
    size_t n_models, capacity;
    size_t n_launches;        /* that were looked at */
    llw_config_launch *known; /* the known models, as if they were started */
    size_t n_known;
    llw_stems of_models, of_known;
    llw_looked_up **kept;   /* what names meant, until launches are added */
    size_t compared;        /* names with models, in all documents */
    size_t skipped;         /* names that came when that was enough: they mean nothing */
    const char *skipped_in; /* the file with the first of them */
    const char *file;       /* that is read */
} llw_meanings;

/* The models that a name may mean. */
typedef struct llw_meant {
    const llw_config_launch *items[LLW_MAX_MEANT];
    size_t n;
    bool by_launch; /* files start them; else they are known by heart */
    bool foreign;   /* a name, but of none of them */
    size_t end;     /* where the name stops in the sentence that names it; 0: it stands elsewhere */
    bool elsewhere; /* not in the sentence, nor in the row or column of the cell */
    bool number;    /* a digit stands in it */
} llw_meant;

/* The reader's, with all launches that there are by now, for reading that file. */
llw_meanings *llw_meanings_of(llw_config_reader *r, const llw_config_file *file);

/* Tells that names were left out, if any were. */
void llw_meanings_tell(llw_config_reader *r);

/* Of the names of a text up to byte `at` the last one that means something; else the first that starts less
 * than `behind` bytes after it. */
llw_meant llw_meant_in(llw_meanings *all, const llw_rich *text, size_t at, size_t behind);

#endif
