/* One call of llwhy: what was asked, the knowledge, the facts, the run. Printing and exit codes live here and
 * nowhere else. */
#ifndef LLW_CLI_APP_H
#define LLW_CLI_APP_H

#include "cli/options.h"
#include "infer/run.h"
#include "render/style.h"
#include "source/launch/argv.h"
#include "source/evidence/ledger.h"
#include "source/log/log.h"

/* A project's own rules, lessons and models, in the current directory. */
#define LLW_PROJECT_DATA ".llwhy"

typedef enum llw_exit {
    LLW_EXIT_CLEAN,
    LLW_EXIT_FINDINGS,
    LLW_EXIT_INPUT,
    LLW_EXIT_USAGE,
    LLW_EXIT_KB,
    LLW_EXIT_INTERNAL
} llw_exit;

/* What the user said about the project's overlay (.llwhy). NOTHING: there is none. */
typedef enum llw_trust { LLW_TRUST_NOTHING, LLW_TRUST_GIVEN, LLW_TRUST_CHANGED, LLW_TRUST_NONE } llw_trust;

typedef struct llw_app {
    llw_arena *arena;
    llw_options options;
    llw_style style;
    bool json;
    const char *picture;  /* html, svg or dot; NULL: text or JSON */
    size_t pictures;      /* drawn so far */
    llw_trust trust;      /* in the project's overlay */
    const char *document; /* markdown or html; NULL: text */
    llw_kb *kb;
    llw_facts *facts;
    llw_run *run;
    llw_argv_result argv; /* of the launch behind -- */
    const char *named_by; /* the file whose word the model now gathered is; NULL: the user gave it */
    bool replayed;        /* facts of the last run */
    bool kept;            /* facts and run are those of a conversation (ask.c): a question gathers none */
    const llw_log *log;   /* of --log, and its load that tells most; NULL */
    const llw_load *load;
    const llw_ledger *ledger;  /* of llw_app_ledger; NULL when it was not asked for yet */
    struct llw_remote *remote; /* what is read over the network (source/remote/remote.h); NULL: nothing yet */
    bool told_owner;           /* that a file above is another user's */
    int code;                  /* the highest llw_exit so far */
} llw_app;

/* Raises the exit code; the highest applies. */
void llw_app_exit(llw_app *app, int code);
/* Says an error on stderr: "llwhy: FILE:LINE: text", and raises the exit code. Returns false, for `return
 * llw_app_fail`. */
bool llw_app_fail(llw_app *app, int code, const llw_err *err);
bool llw_app_complain(llw_app *app, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Says something else on stderr; whatever is in it, it steers no terminal and shows no secret
 * (base/secret.h). */
void llw_app_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Prints a text to stdout and frees it; nothing in it can steer a terminal (render/style.h llw_guard), and no
 * secret is shown. */
void llw_app_print(llw_app *app, llw_text *text);
/* The same to the byte, for what a program reads: a patch of files that may hold anything. */
void llw_app_print_bytes(llw_app *app, llw_text *text);

/* Lays the project's overlay over what is known, if its user agreed to it, and says so where not. Commands
 * that judge rules read it all the same: they answer nothing. */
void llw_app_push_project(llw_app *app);

/* Tables over those that llwhy carries: what cannot be read is told, raises the exit code and is left out. */
void llw_app_check_tables(llw_app *app);
/* Loads the knowledge base, once; problems are told on stderr and raise the exit code, the rest answers. */
void llw_app_load_kb(llw_app *app);

/* Gathers facts: machine, model named by `name` (NULL: none), launch, from the options. False when the
 * question cannot be answered; the reason was said. */
bool llw_app_gather(llw_app *app, const char *name);
/* A model and its card alone; nothing of the machine is asked. */
bool llw_app_gather_model(llw_app *app, const char *name, llw_entity *model);
/* The machine alone: GPUs and host, from the options or as they are here. */
bool llw_app_gather_machine(llw_app *app);
/* A model that is named by an address or as hf:OWNER/REPO[:QUANT]: its facts, from a cache or the network.
 * The network is used for the user's own words alone: what a file names (named_by) is refused, and it is said
 * how to ask for it. */
bool llw_app_is_remote(const char *word);
bool llw_app_gather_remote(llw_app *app, const char *word, llw_entity *model);
/* Headers read over the network are kept for the rest of the call: the same model is asked for again. */
void llw_app_keep_headers(llw_app *app);
/* A model by path, directory, known name, address or hf: name, into a fact base. False: it was said why. */
bool llw_app_open_model(llw_app *app, llw_facts *facts, const char *name, llw_entity *model);
/* Whether a word names a whole repository, and the table of its models on this machine. */
bool llw_app_names_repository(llw_app *app, const char *word);
void llw_app_quants(llw_app *app, const char *word);
/* llwhy card fetch MODEL: the card from the hub to where it belongs. Returns the exit code. */
int llw_app_fetch_card(llw_app *app);
void llw_app_end_remote(llw_app *app);
/* --log FILE: reads it; takes the machine from it; the words that start llama.cpp as it did; claims what it
 * measured of the launch that was read. The last three need a log. */
bool llw_app_read_log(llw_app *app);
bool llw_app_log_machine(llw_app *app);
void llw_app_log_words(llw_app *app, llw_argv *in);
void llw_app_claim_log(llw_app *app);
/* The known model that a load's file is, by its name and what its header shows; NULL when it is none. */
const char *llw_app_model_of_load(llw_app *app, const llw_load *load);
/* The project's ledger, read once: --evidence, else evidence/ here, above, or above the path given (NULL: the
 * current directory). Never NULL; without one it holds nothing. What cannot be read in it is said. */
const llw_ledger *llw_app_ledger(llw_app *app, const char *path);
/* Claims what the ledger says about the launches of `facts` (source/evidence/ledger_claim.h). */
void llw_app_claim_ledger(llw_app *app, llw_facts *facts, const char *path);
/* Corrects what is estimated by what the ledger measured on this machine: memory beyond the buffers, speed.
 */
void llw_app_calibrate(llw_app *app);
/* Whether a file may be looked for in a directory above `start`: not where the directory or the file belongs
 * to another user, who could answer for everything below (as git's safe.directory). Says so when it is there.
 */
bool llw_app_may_climb(llw_app *app, const char *start, const char *directory, const char *name);
/* Where a new record goes: the ledger's directory, or where it will be. */
const char *llw_app_ledger_directory(llw_app *app);
/* The day, YYYY-MM-DD, by which what is dated expires; SOURCE_DATE_EPOCH makes it reproducible. */
const char *llw_app_today(llw_app *app);
/* The level from which on findings give exit code 1 (--fail-on). */
llw_level llw_app_fail_level(llw_app *app);
/* Adds a saved fact base (fact/facts_json.h). */
bool llw_app_load_facts(llw_app *app, const char *path);
/* The same, without saying what is wrong with it. */
bool llw_app_read_facts(llw_app *app, const char *path, llw_err *err);
/* Loads the knowledge base and runs it over what was gathered. */
void llw_app_run(llw_app *app);

/* Decides about every launch of the facts gathered, and prints. */
void llw_app_decide(llw_app *app);

/* Writes all facts as JSON to a file ("-": standard output). */
bool llw_app_save(llw_app *app, const char *path);

/* llwhy's directory in what a variable of the XDG base directories names, else below the home; NULL when
 * there is no home. A relative path is no answer to either: it would be another place in each directory. */
const char *llw_app_own_directory(llw_app *app, const char *variable, const char *below_home);
/* $XDG_STATE_HOME/llwhy, made if needed; NULL when there is no home. */
const char *llw_app_state_directory(llw_app *app);

/* The last run's facts: kept for `why` without a model. */
void llw_app_remember(llw_app *app);
bool llw_app_recall(llw_app *app);

int llw_command_decide(llw_app *app);
int llw_command_why(llw_app *app);
int llw_command_mcp(llw_app *app);
int llw_command_ask(llw_app *app);
/* FILE:LINE as a word; what sets the values that stand there. */
bool llw_why_is_line(llw_app *app, const char *word, const char **file, int *line);
int llw_command_why_line(llw_app *app, const char *file, int line);
int llw_command_why_not(llw_app *app);
int llw_command_what_if(llw_app *app);
int llw_command_change(llw_app *app);
int llw_command_contrast(llw_app *app);
int llw_command_facts(llw_app *app);
int llw_command_lessons(llw_app *app);
int llw_command_lesson(llw_app *app);
int llw_command_explain(llw_app *app);
int llw_command_predict(llw_app *app);
int llw_command_fit(llw_app *app);
int llw_command_card(llw_app *app);
int llw_command_models(llw_app *app);
int llw_command_lint(llw_app *app);
int llw_command_log(llw_app *app);
int llw_command_verify(llw_app *app);
int llw_command_record(llw_app *app);
int llw_command_evidence(llw_app *app);
int llw_command_flags(llw_app *app);
int llw_command_gate(llw_app *app);
int llw_command_matrix(llw_app *app);
int llw_command_teach(llw_app *app);
int llw_command_probe(llw_app *app);
int llw_command_test(llw_app *app);
int llw_command_new(llw_app *app);
int llw_command_trust(llw_app *app);
int llw_command_lint_rules(llw_app *app);
int llw_command_doctor(llw_app *app);
int llw_command_completion(llw_app *app);
int llw_command_manual(llw_app *app);
int llw_command_kb(llw_app *app);
int llw_command_guide(llw_app *app);
/* What a command tells as a document, when app->document says so. Return the exit code. */
int llw_document_of_lessons(llw_app *app, const llw_lesson *only);
int llw_document_of_codes(llw_app *app);
int llw_document_of_schema(llw_app *app, llw_kind kind);
int llw_document_of_flags(llw_app *app);

#endif
