/* What the parts of the shell reader share: shell.c walks, shell/keyword.c and shell/frame.c follow if, case,
 * loops and functions, shell/read.c reads simple commands, shell/word.c words, shell/nesting.c finds where
 * quotes and brackets close, shell/fields.c splits words, shell/array.c keeps lists, shell/test.c decides
 * tests and case patterns, shell/state.c copies and joins variables, shell/command.c is what commands do.
 *
 * A script is read once from top to bottom, commands that certainly do not run are passed over. Where a
 * condition is not known both ways are read, each with its own variables; behind it a variable has a value
 * only if it is the same either way, of a list the part that is. A test of a variable that nobody sets goes
 * the way of an empty one, as
 * ${V:-default} does; the other way is still read for what it starts. Nothing recurses: calls, sourced files
 * and compounds are frames of one stack. */
#ifndef LLW_SOURCE_SHELL_H
#define LLW_SOURCE_SHELL_H

#include "source/config/parts.h"

#include <ctype.h>

enum {
    LLW_SHELL_FRAMES = 64,
    LLW_SHELL_COMMANDS = 20000, /* commands read, those of loops and functions each time */
    LLW_SHELL_NESTED = 1 << 16, /* commands read in scripts that a file starts, and those that these start */
    LLW_SHELL_NESTED_IN_ALL = 1 << 19, /* of all files */
    LLW_SHELL_FUNCTIONS = 256,
    LLW_SHELL_ROUNDS = 32,  /* of a for loop */
    LLW_SHELL_CHOICES = 24, /* values of $1 that a script asks for */
    LLW_SHELL_QUEUE = 64,   /* $(...) that start llama.cpp */
    LLW_SHELL_INDEX = 1024  /* bytes of a KEY in [KEY] */
};

typedef enum llw_truth { LLW_NO, LLW_YES, LLW_MAYBE } llw_truth;

typedef struct llw_shell_state {
    llw_scope vars;
    llw_words arguments; /* $1 and so on */
    bool arguments_known;
    bool dead; /* exit, exec or return happened */
} llw_shell_state;

typedef enum llw_frame_kind {
    LLW_FRAME_IF,
    LLW_FRAME_CASE,
    LLW_FRAME_LOOP,
    LLW_FRAME_GROUP,
    LLW_FRAME_SUBSHELL,
    LLW_FRAME_DEFINITION, /* the body of a function that is being defined */
    LLW_FRAME_TEXT,       /* a function that was called, a file that was sourced, an eval */
} llw_frame_kind;

/* One way through an if or case that is not certain is kept with its variables until the ways meet. */
typedef struct llw_shell_frame {
    llw_frame_kind kind;
    bool outer;    /* what stands in front of it runs */
    bool active;   /* what stands in it runs */
    bool testing;  /* between if and then, while and do, case and in */
    bool decided;  /* no further branch can run */
    bool maybe;    /* the branch that is read may or may not run */
    bool unlikely; /* it would need a variable that nobody sets */
    llw_truth lean;
    llw_shell_state *entry, *joined, *leaned, *fallback;
    /* && and || in front of it */
    llw_truth guard, guard_lean;
    llw_shell_state *guard_entry;
    bool guard_unlikely;
    /* case */
    llw_rich subject;
    bool subject_asked, in_arm;
    /* loops */
    bool is_for, keep;
    llw_shell_state *broken; /* where break left it */
    llw_shell_state *round;  /* how a round begins, when it is not known how many there are */
    int rounds;
    const char *variable;
    llw_words items;
    size_t item, body;
    /* functions */
    const char *name;
    size_t from;
    /* texts */
    const llw_rich *script;
    size_t back, end;
    llw_words arguments;
    bool arguments_known, private_vars;
    llw_scope hidden; /* what local variables stand in front of */
    const char **locals;
    size_t n_locals, local_capacity;
    llw_shell_state *saved; /* of a subshell */
} llw_shell_frame;

typedef struct llw_shell_function {
    const char *name;
    const llw_rich *script;
    size_t from, to;
    bool called;
} llw_shell_function;

typedef struct llw_shell {
    llw_config_reader *r;
    const llw_start_site *site;
    const llw_rich *script;
    size_t at, end;
    llw_shell_state now;
    llw_starts *out;
    llw_shell_frame frames[LLW_SHELL_FRAMES];
    int n_frames;
    llw_shell_function functions[LLW_SHELL_FUNCTIONS];
    size_t n_functions;
    const char **own; /* variables that the script assigns somewhere, sorted */
    size_t n_own;
    llw_truth status, lean; /* of the last command; lean: where it goes if what nobody sets is empty */
    llw_truth next;         /* whether the next command of an && || list runs */
    llw_truth next_lean;
    bool next_is_and;
    bool negate;
    int unlikely;        /* frames that are */
    size_t here_end;     /* behind the here-documents of this line, or 0 */
    llw_rich here;       /* the last one */
    llw_rich redirected; /* where the output of the command goes */

    const char *choices[LLW_SHELL_CHOICES];
    size_t n_choices;
    const llw_rich *queue[LLW_SHELL_QUEUE];
    size_t n_queue;
    bool word_glob, word_braces; /* the word last read had a *, ? or [, or {a,b}, out of quotes */
    bool word_asked;             /* ... is what it is because nobody gave an argument */
    bool substituted;            /* the command last read had a $(...) */
    bool exports_all;            /* set -a */
    bool testing;                /* the words are those of [ ] or [[ ]] */
    bool cut;                    /* it was too long to be read to its end */
    bool asked; /* somebody gives the arguments and variables it asks for, nobody knows which */
    int commands;
    size_t first; /* bytes that are not read again yet */
} llw_shell;

/* --- shell/state.c --- */
llw_shell_state *llw_shell_keep(llw_shell *s, const llw_shell_state *state);
/* What is true on both ways; one that ended counts for nothing. `keep`: what the first one sets stays. */
llw_shell_state *llw_shell_join(llw_shell *s, const llw_shell_state *a, const llw_shell_state *b, bool keep);
bool llw_shell_same(const llw_shell_state *a, const llw_shell_state *b);
/* Names that are assigned anywhere in the script, so that before they are, they are known to be unset. */
void llw_shell_find_own(llw_shell *s, const llw_rich *script);
bool llw_shell_is_own(const llw_shell *s, const char *name);

/* --- shell/nesting.c --- */
static inline char llw_shell_byte(const llw_shell *s, size_t i) {
    return i < s->end && !s->script->chars[i].unknown ? s->script->chars[i].byte : 0;
}
static inline bool llw_shell_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '_';
}
/* Behind what closes the bracket, brace or backtick at i; `end` when nothing in front of it does. */
size_t llw_shell_behind(llw_shell *s, size_t i, size_t end);
size_t llw_shell_line_end(const llw_shell *s, size_t i);
typedef struct llw_here { /* <<WORD */
    char word[128];
    size_t n;
    bool tabs;
} llw_here;
/* Reads what stands behind << at i, returning where it ends. */
size_t llw_shell_here_word(const llw_shell *s, size_t i, llw_here *here);
/* The end of the body that begins at `at`; *behind is behind its closing line. */
size_t llw_shell_here_end(const llw_shell *s, size_t at, const llw_here *here, size_t *behind);

/* --- shell/word.c --- */
bool llw_shell_running(const llw_shell *s);
/* Over blanks, continued lines and a comment; a line end is not passed. */
void llw_shell_skip_blanks(llw_shell *s);
/* A word with its expansions. *quoted says that it had quotes: it is a word even when empty. When the command
 * does not run, the word is only passed over. */
llw_rich llw_shell_word(llw_shell *s, bool *quoted);
/* The same with its marks (llw_mark). */
llw_rich llw_shell_marked_word(llw_shell *s);
/* Text that stands for what nobody knows, placed here. */
llw_rich llw_shell_unknown(llw_shell *s);
/* One of the first n words holds something unknown out of quotes: it may be none, or many. */
bool llw_shell_may_be_several(const llw_words *words, size_t n);
/* The word is unknown and stood out of quotes. */
bool llw_shell_may_be_none(const llw_rich *word);
/* The word is a variable that nobody sets or an argument that nobody gives, alone. */
bool llw_shell_is_missing(const llw_rich *word);
/* The word is $#. */
bool llw_shell_is_count(const llw_rich *word);
/* The word came from $1, alone or by way of a variable. */
bool llw_shell_is_argument(const llw_rich *word);
/* Remembers a value that $1 is compared with. */
void llw_shell_choice(llw_shell *s, const char *text);

/* --- shell/fields.c --- */
/* Reads a word where it becomes words, as many as it does. */
void llw_shell_fields(llw_shell *s, llw_words *out);
/* What stands between two elements of a list, of @ (`apart`) or *; false when nothing does. */
bool llw_shell_between(llw_shell *s, bool apart, bool quoted, llw_char *c);
/* Makes a word one that is never split, in place. */
void llw_shell_keep_whole(llw_rich *word);

/* --- shell/parameter.c --- */
typedef struct llw_parameter {
    const char *name; /* NULL: of what is not followed */
    llw_rich index;   /* of NAME[index] */
    bool indexed;
    char op; /* 0 - + = ? or, for all that is not followed, ~ */
    bool colon;
    size_t word, close; /* where the word starts, where the } stands */
} llw_parameter;

typedef struct llw_parameter_value {
    bool set, unknown, unset_argument, open;
    const llw_rich *text;
    const llw_words *list; /* of @ and * */
    bool apart;
} llw_parameter_value;

/* The ${...} with its $ at `at`. */
llw_parameter llw_shell_parameter(llw_shell *s, size_t at);
llw_parameter_value llw_shell_value(llw_shell *s, const llw_parameter *p);
/* Bytes [from, to) of the script. */
const char *llw_shell_slice(llw_shell *s, size_t from, size_t to);

/* --- shell/array.c --- */
/* declare -A: the elements of the list have names. */
void llw_shell_name_elements(llw_shell *s, const char *name, llw_token place);
/* NAME=(...) or NAME+=(...) with s->at on the bracket. */
void llw_shell_assign_list(llw_shell *s, const char *name, bool add, llw_token place);
/* ${NAME[index]}, of one element; without an index what $NAME is of a list. */
llw_parameter_value llw_shell_element(llw_shell *s, const llw_variable *v, const llw_rich *index);
void llw_shell_assign_element(llw_shell *s, const char *name, const llw_rich *key, const llw_rich *value,
                              llw_token place);

/* --- shell/test.c --- */
/* [ WORDS ] and test WORDS. */
llw_truth llw_shell_test(llw_shell *s, const llw_rich *words, size_t n);
/* [[ ... ]] with s->at behind the opening brackets; moves behind the closing ones. */
llw_truth llw_shell_double_test(llw_shell *s);
/* A case pattern or the right side of == in [[ ]]. */
llw_truth llw_shell_match(const llw_rich *text, const llw_rich *pattern);

/* --- shell/read.c --- */
/* Reads a simple command: its words, and what stands in front of it as NAME=VALUE. Without words the
 * assignments stay. */
void llw_shell_command(llw_shell *s, llw_words *words, llw_scope *environment);
/* The variable is one of this text's; the one outside is back behind it. False when it was already. */
bool llw_shell_hide(llw_shell *s, llw_shell_frame *text, const char *name);

/* --- shell/command.c --- */
void llw_shell_assign(llw_shell *s, const char *name, const llw_rich *value, llw_token place);
/* From here on nobody knows the variable. */
void llw_shell_forget(llw_shell *s, const char *name);
/* Arithmetic, of $((...)), ((...)) or let: what it assigns, nobody knows. */
void llw_shell_compute(llw_shell *s, const llw_rich *text);
/* A program of llama.cpp's whose path `command -v NAME`, `which NAME` or `find ... -name NAME` prints, or
 * NULL. */
const char *llw_shell_looked_up(llw_arena *arena, const char *text);
/* Runs a simple command: the built-in, function, or program; sets the status. `from` is where it stands. */
void llw_shell_execute(llw_shell *s, const llw_words *words, const llw_scope *prefix, size_t from);

/* --- shell/frame.c --- */
llw_truth llw_turned(llw_truth t);
llw_shell_frame *llw_shell_top(llw_shell *s); /* NULL when there is none */
/* A compound begins where s->at is. NULL when too many lie inside each other. */
llw_shell_frame *llw_shell_push(llw_shell *s, llw_frame_kind kind);
void llw_shell_pop(llw_shell *s);
/* One branch of an if or case, or the body of a loop, begins and ends; all of them end. `lean` is where it
 * goes when what nobody sets is empty. */
void llw_shell_begin_branch(llw_shell *s, llw_shell_frame *f, llw_truth t, llw_truth lean);
void llw_shell_end_branch(llw_shell *s, llw_shell_frame *f);
void llw_shell_end_branches(llw_shell *s, llw_shell_frame *f);
/* Behind a command of an && || list that may or may not have run: what is left of the variables, and the
 * status when the command's own was t and lean. `ran` is the lean of the list in front of it. */
void llw_shell_settle(llw_shell *s, llw_shell_state *entry, llw_truth lean, bool unlikely);
void llw_shell_after_maybe(llw_shell *s, llw_truth t, llw_truth lean, llw_truth ran, bool is_and);
/* Goes on in another text, coming back behind it. False when there are too many. */
bool llw_shell_enter(llw_shell *s, const llw_rich *script, size_t from, size_t to, const llw_words *arguments,
                     bool private_vars);
void llw_shell_leave_text(llw_shell *s);
/* exit (everything) or return; break and continue. */
void llw_shell_leave(llw_shell *s, bool everything);
/* break (`ends`) or continue, of the n-th loop from inside. */
void llw_shell_leave_round(llw_shell *s, bool ends, int n);
/* Notes that the rest is not read, and why. */
void llw_shell_stop(llw_shell *s, const char *why);
bool llw_shell_all_known(const llw_words *w);

/* --- shell/keyword.c --- */
/* Over line ends too. */
void llw_shell_skip_lines(llw_shell *s);
/* The length of the keyword that stands at i, or 0. */
size_t llw_shell_keyword_at(const llw_shell *s, size_t i, const char *word);
/* Reads a keyword or the head of a function. False when there is none. */
bool llw_shell_keyword(llw_shell *s);
/* PATTERN | PATTERN) of a case; the ;; behind an arm; the } or ) of a function or group. */
void llw_shell_begin_arm(llw_shell *s);
void llw_shell_end_arm(llw_shell *s);
void llw_shell_close(llw_shell *s);

#endif
