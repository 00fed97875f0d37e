/* Models far away: the session of a call, addresses and hf: names into models; llwhy hf:OWNER/REPO as a
 * table. */
#include "source/remote/remote.h"
#include "base/file.h"
#include "cli/app.h"
#include "explain/quant.h"
#include "predict/predict.h"
#include "render/quants.h"
#include "source/model/card.h"
#include "source/remote/hub.h"
#include "source/model/model_open.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPOSITORY_BYTES = 1 << 30 }; /* of all headers of one repository */

/* ---- the session ---- */

static void progress(void *caller, const char *what) {
    (void)caller;
    if (!isatty(STDERR_FILENO)) return;
    fputs("\r\033[K", stderr);
    llw_app_tell("%s", what);
}

static void end_progress(void) {
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}

static llw_remote *session(llw_app *app) {
    if (app->remote) return app->remote;
    const char *token = app->named_by ? NULL : getenv("HF_TOKEN"), *hub = llw_hub_endpoint();
    bool safe = !strncasecmp(hub, "https://", 8) || llw_http_is_here(hub); /* nobody can read along */
    llw_http_options options = {.token = safe && token && *token ? token : NULL,
                                .token_origin = hub,
                                .private_networks = llw_option_given(&app->options, LLW_OPT_PRIVATE_NETWORK)};
    app->remote = llw_arena_alloc(app->arena, sizeof *app->remote);
    *app->remote = (llw_remote){
        .http = llw_http_new(app->arena, &options), .arena = app->arena, .progress = progress, .query = ""};
    return app->remote;
}

void llw_app_keep_headers(llw_app *app) {
    session(app)->keep = true;
}

void llw_app_end_remote(llw_app *app) {
    if (app->remote) llw_http_free(app->remote->http);
    app->remote = NULL;
}

/* ---- names ---- */

/* What follows the hub's own address, when it is one: OWNER/REPO/... */
static const char *behind_hub(llw_app *app, const char *url) {
    const char *hub = llw_http_origin(app->arena, llw_hub_endpoint()),
               *here = llw_http_origin(app->arena, url);
    const char *path = strstr(url, "://");
    path = path ? strchr(path + 3, '/') : NULL;
    return hub && here && path && !strcmp(hub, here) ? path + 1 : NULL;
}

/* A page of the hub as a name: its repository, or a file's page or download. Anything else as it is. */
static const char *as_name(llw_app *app, const char *word) {
    const char *path = llw_remote_names(word) ? behind_hub(app, word) : NULL;
    char owner[100] = "", repo[200] = "", kind[16] = "", revision[100] = "";
    int used = 0;
    if (!path) return word;
    int n = sscanf(path, "%99[^/?#]/%199[^/?#]/%15[^/?#]/%99[^/?#]/%n", owner, repo, kind, revision, &used);
    size_t len = used ? strcspn(path + used, "?#") : 0;
    if (n == 4 && len && (!strcmp(kind, "blob") || !strcmp(kind, "resolve")))
        return llw_arena_printf(app->arena, "hf:%s/%s@%s/%.*s", owner, repo, revision, (int)len, path + used);
    bool is_file = strlen(repo) > 5 && !strcasecmp(repo + strlen(repo) - 5, ".gguf");
    if ((n == 2 && !is_file) || (n >= 3 && !strcmp(kind, "tree")))
        return llw_arena_printf(app->arena, "hf:%s/%s", owner, repo);
    return word;
}

bool llw_app_is_remote(const char *word) {
    return llw_hub_is_name(word) || llw_remote_names(word);
}

static bool read_name(llw_app *app, const char *word, llw_hub_name *name) {
    llw_err err = {0};
    return llw_hub_read_name(app->arena, word, name, &err) == LLW_OK ||
           llw_app_fail(app, LLW_EXIT_USAGE, &err);
}

/* "Q8_0, Q6_K and 12 more" */
static const char *list_tags(llw_app *app, const llw_hub_model *models, size_t n) {
    enum { SHOWN = 12 };
    llw_text t = {0};
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        const char *what = *models[i].tag ? models[i].tag : models[i].path;
        llw_text_add(&t, i ? ", " : "");
        llw_text_add_safe(&t, what, strlen(what), false);
    }
    if (n > SHOWN) llw_text_addf(&t, " and %zu more", n - SHOWN);
    const char *text = llw_arena_strdup(app->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* Whether the network may be used for it. */
static bool may_reach(llw_app *app, const char *what) {
    if (llw_option_given(&app->options, LLW_OPT_CONFINE))
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "%s is far away, and --confine gives up the network: download it first",
                                what);
    if (!app->named_by) return true;
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/.@_-";
    bool typed = !what[strspn(what, plain)]; /* as it stands, whatever the shell */
    return llw_app_complain(
        app, LLW_EXIT_INPUT,
        "%s: %s is far away, and no file makes llwhy use the network. If you want its header "
        "to be fetched, ask for it: llwhy %s",
        app->named_by, what, typed ? what : "ADDRESS");
}

static bool read_remote(llw_app *app, const char *url, const char *id, llw_entity *model) {
    llw_err err = {0};
    if (!may_reach(app, id ? id : url)) return false;
    llw_rc rc = llw_remote_model(session(app), app->facts, url, id, model, &err);
    end_progress();
    return rc == LLW_OK || llw_app_fail(app, LLW_EXIT_INPUT, &err);
}

bool llw_app_gather_remote(llw_app *app, const char *word, llw_entity *model) {
    llw_hub_name name;
    llw_err err = {0};
    word = as_name(app, word);
    if (!llw_hub_is_name(word)) return read_remote(app, word, NULL, model);
    if (!read_name(app, word, &name)) return false;
    const char *cached = llw_hub_cached(app->arena, &name);
    if (cached) {
        if (llw_source_model(app->facts, cached, model, &err) != LLW_OK)
            return llw_app_fail(app, LLW_EXIT_INPUT, &err);
        llw_facts_note(app->facts, "%s was downloaded before; this is about %s", word, cached);
        return true;
    }
    if (name.file) return read_remote(app, llw_hub_address(app->arena, &name, name.file), word, model);
    llw_hub_model *models = NULL;
    size_t n = 0;
    if (!may_reach(app, word)) return false;
    if (llw_hub_list(session(app), &name, &models, &n, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    const llw_hub_model *found = llw_hub_find(&name, models, n);
    if (!found && name.quant)
        return llw_app_complain(app, LLW_EXIT_INPUT, "%s has no %s; it has %s", name.repo, name.quant,
                                list_tags(app, models, n));
    if (!found)
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                "%s holds several models, say which one: %s:QUANT, of %s", word, word,
                                list_tags(app, models, n));
    if (!found->whole)
        return llw_app_complain(app, LLW_EXIT_INPUT, "%s: the repository has only some parts of %s",
                                name.repo, found->path);
    return read_remote(app, llw_hub_address(app->arena, &name, found->path), word, model);
}

bool llw_app_names_repository(llw_app *app, const char *word) {
    llw_hub_name name;
    word = as_name(app, word);
    return llw_hub_is_name(word) && llw_hub_read_name(app->arena, word, &name, NULL) == LLW_OK &&
           !name.quant && !name.file;
}

/* ---- cards ---- */

/* Makes the directories of a path. */
static void make_directories(llw_app *app, const char *path) {
    char *at = llw_arena_strdup(app->arena, path);
    for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        (void)mkdir(at, 0777); /* what cannot be made shows when the file is written */
        *slash = '/';
    }
}

/* The repository whose card is wanted, and where it belongs. */
static const char *card_page(llw_app *app, const char *word, const char **file) {
    llw_hub_name name;
    const char *key = NULL;
    word = as_name(app, word);
    if (llw_hub_is_name(word)) {
        if (!read_name(app, word, &name)) return NULL;
        *file = llw_source_card_file(app->arena, strchr(name.repo, '/') + 1, NULL);
        return name.repo;
    }
    llw_entity model = 0;
    if (!llw_app_gather_model(app, word, &model)) return NULL;
    app->named_by = word; /* the page is the header's word: it gets no token */
    llw_app_end_remote(app);
    const char *page = llw_source_card_page(app->arena, app->facts, model, file, &key);
    if (!page)
        llw_app_complain(app, LLW_EXIT_INPUT,
                         "the header of %s does not name its page; give it: llwhy card fetch hf:OWNER/REPO",
                         word);
    return page;
}

/* Whether bytes are a text: no control characters but those that set lines and columns. */
static bool is_text(const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)bytes[i] < 0x20 && !(bytes[i] && strchr("\t\n\r\f", bytes[i]))) return false;
    return true;
}

int llw_app_fetch_card(llw_app *app) {
    enum { MAX_CARD = 4 << 20 };
    const char *file = NULL, *text = "";
    size_t len = 0;
    llw_err err = {0};
    if (app->options.n_words != 2)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy card fetch MODEL: of which model?"), app->code;
    if (llw_option_given(&app->options, LLW_OPT_CONFINE))
        return llw_app_complain(
                   app, LLW_EXIT_USAGE,
                   "card fetch needs the network and writes a file, and --confine gives up both"),
               app->code;
    const char *repo = card_page(app, app->options.words[1], &file);
    if (!repo) return app->code;
    if (access(file, F_OK) == 0)
        return llw_app_complain(app, LLW_EXIT_INPUT, "%s is there already, and nothing is written over it",
                                file),
               app->code;
    const char *url =
        llw_hub_address(app->arena, &(llw_hub_name){.repo = repo, .revision = "main"}, "README.md");
    if (llw_remote_text(session(app), url, llw_http_public(app->arena, url), MAX_CARD, &text, &len, NULL,
                        &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
        if (app->named_by && getenv("HF_TOKEN"))
            llw_app_complain(
                app, LLW_EXIT_INPUT,
                "HF_TOKEN is not sent for a page that a file names; llwhy card fetch hf:%s sends it", repo);
        return app->code;
    }
    if (!is_text(text, len))
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                "%s: what came is no text, so it is no model card and is not kept", url),
               app->code;
    make_directories(app, file);
    if (llw_file_create(file, text, len, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err), app->code;
    llw_text out = {0};
    llw_text_addf(&out, "The model card of %s is now %s.\n", repo, file);
    llw_app_print(app, &out);
    return app->code;
}

/* ---- the table ---- */

static int by_size(const void *a, const void *b) {
    const llw_hub_model *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return strcmp(x->path, y->path);
}

/* "RTX 4090 (23.12 GiB free), 61.87 GiB of RAM" */
static const char *machine_words(llw_app *app) {
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    for (llw_entity g = 0; (g = llw_facts_next(app->facts, LLW_KIND_gpu, g));) {
        const char *name = llw_facts_id(app->facts, g);
        int64_t free_bytes = 0;
        llw_facts_text(app->facts, g, LLW_gpu_name, &name);
        llw_text_addf(&t, "%s%s", t.len ? ", " : "", name);
        if (llw_facts_count(app->facts, g, LLW_gpu_free, &free_bytes))
            llw_text_addf(&t, " (%s free)", llw_format_bytes(buf, free_bytes));
    }
    int64_t ram = 0;
    for (llw_entity h = 0; (h = llw_facts_next(app->facts, LLW_KIND_host, h));)
        if (llw_facts_count(app->facts, h, LLW_host_ram_available, &ram))
            llw_text_addf(&t, "%s%s of RAM", t.len ? ", " : "", llw_format_bytes(buf, ram));
    const char *text = llw_arena_strdup(app->arena, t.len ? llw_text_str(&t) : "a machine of unknown memory");
    llw_text_fini(&t);
    return text;
}

/* Judges one model; its facts are let go unless they are the first, whose vocabulary helps to read the
 * others. */
static void judge(llw_app *app, const llw_hub_name *name, const llw_hub_model *model, llw_quant *out,
                  llw_facts **first, const char **machine) {
    llw_hub_name one = *name;
    one.file = model->path;
    *out = (llw_quant){.tag = model->tag,
                       .path = model->path,
                       .parts = model->parts,
                       .bytes = model->bytes,
                       .cached = llw_hub_cached(app->arena, &one)};
    llw_quant_judge(NULL, app->arena, out);
    if (!model->whole) {
        out->problem = "the repository has only some of its parts";
        return;
    }
    const char *word = llw_arena_printf(app->arena, "hf:%s@%s/%s", name->repo, name->revision, model->path);
    if (!llw_app_gather(app, word)) {
        out->problem = "its header could not be read";
        llw_facts_free(app->facts);
        app->facts = NULL;
        return;
    }
    llw_run *run = llw_run_new(app->kb, app->facts);
    llw_quant_judge(llw_run_predicted(run, app->argv.launch), app->arena, out);
    if (!*machine) *machine = machine_words(app);
    llw_run_free(run);
    if (!*first) {
        *first = app->facts;
        session(app)->like = llw_facts_model(app->facts, llw_facts_next(app->facts, LLW_KIND_model, 0));
    } else
        llw_facts_free(app->facts);
    app->facts = NULL;
}

void llw_app_quants(llw_app *app, const char *word) {
    enum { ENOUGH = 8192 }; /* tokens of context a choice should have */
    llw_hub_name name;
    llw_hub_model *models = NULL;
    llw_facts *first = NULL;
    llw_err err = {0};
    size_t n = 0;
    if (!read_name(app, as_name(app, word), &name) || !may_reach(app, word)) return;
    if (llw_hub_list(session(app), &name, &models, &n, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
        return;
    }
    session(app)->cap = REPOSITORY_BYTES;
    qsort(models, n, sizeof *models, by_size);
    llw_quant *quants = llw_arena_alloc(app->arena, n * sizeof *quants);
    llw_quants_report report = {
        .repo = llw_arena_printf(app->arena, "hf:%s", name.repo), .quants = quants, .n = n};
    app->kb = llw_kb_new(); /* nothing is concluded here, only placed */
    llw_kb_order(app->kb);
    for (size_t i = 0; i < n; i++) judge(app, &name, &models[i], &quants[i], &first, &report.machine);
    report.choice = llw_quant_choose(quants, n, ENOUGH);
    report.fetched = llw_http_received(session(app)->http);
    if (!report.machine) report.machine = "a machine of unknown memory";
    llw_text out = {0};
    if (app->json)
        llw_render_quants_json(&out, &report);
    else {
        llw_render_quants_text(&out, &app->style, &report);
        llw_flatten(&out, &app->style);
    }
    llw_app_print(app, &out);
    if (!report.choice) llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_facts_free(first);
}
