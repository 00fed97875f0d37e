/* Process managers that start llama.cpp: supervisord, Procfile, launchd. */
#include "torture.h"

static void supervisord_starts_no_shell(void **state) {
    (void)state;
    tree_check_one(
        "llm.conf",
        "; llama\n[supervisord]\nnodaemon=true\n[program:llm]\ncommand=llama-server -m '/m/a b.gguf' -c "
        "%(ENV_CTX)s -ub 512\nenvironment=LLAMA_ARG_BATCH=\"1024\",A=\"x,y\",LLAMA_ARG_N_PARALLEL=2\n"
        "[program:web]\ncommand=nginx -c 1\n[program:sh]\ncommand=bash -c 'exec llama-server -c 7'\n",
        "llm.conf:llm: model=/m/a b.gguf (profile llm.conf:5:26) ctx=unknown (profile llm.conf:5:42) "
        "batch=1,024 (profile llm.conf:6:30) ubatch=512 (profile llm.conf:5:58) parallel=2 (profile "
        "llm.conf:6:65)\n"
        "llm.conf:sh: ctx=7 (profile llm.conf:10:39)\n");
    tree_check_one("x.conf", "# llama\n[program:web]\ncommand=nginx -c 1\n", "");
}

static void procfile_lines_are_for_a_shell(void **state) {
    (void)state;
    tree_check_one(
        "Procfile", "# llama\nweb: node server.js\nllm: llama-server -m a.gguf -c ${CTX:-8192}\n",
        "Procfile:llm: model=a.gguf (Procfile Procfile:3:22) ctx=8,192 (shell default Procfile:3:39)\n");
}

static void launchd_takes_words_as_they_are(void **state) {
    (void)state;
    tree_check_one(
        "com.llm.plist",
        "<?xml version=\"1.0\"?>\n<plist version=\"1.0\">\n<dict>\n  <key>Label</key>\n  "
        "<string>llm</string>\n  <key>ProgramArguments</key>\n  <array>\n    "
        "<string>/opt/homebrew/bin/llama-server</string>\n    <string>-c</string>\n    "
        "<string>4096</string>\n    <string>-m</string>\n    <string>~/a&amp;b.gguf</string>\n  "
        "</array>\n  <key>EnvironmentVariables</key>\n  <dict>\n    <key>LLAMA_ARG_UBATCH</key>\n    "
        "<string>256</string>\n  </dict>\n</dict>\n</plist>\n",
        "com.llm.plist: model=~/a&b.gguf (launchd com.llm.plist:12:13) ctx=4,096 (launchd "
        "com.llm.plist:10:13) ubatch=256 (launchd com.llm.plist:17:13)\n"
        "F27 ~/a&b.gguf com.llm.plist:12:13\n");
    tree_check_one(
        "o.plist",
        "<plist><dict><key>ProgramArguments</key><array><string>llama</string></array></dict></plist>\n", "");
}

static void hostile_files_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "<key>", "</key>",    "<string>", "</array>", "&amp;", "%(", ")s", "\"",
        ",",     "[program:", "]",        "=",        "\n",    ":",  "$("};
    tree_torture(
        "a.plist",
        "<plist><dict><key>ProgramArguments</key><array><string>llama-server</string><string>-c</string>"
        "<string>1</string></array><key>EnvironmentVariables</key><dict><key>LLAMA_ARG_BATCH</key>"
        "<string>2</string></dict></dict></plist>\n",
        pieces, sizeof pieces / sizeof *pieces, 150);
    tree_torture(
        "a.conf",
        "[program:llama]\ncommand=llama-server -c %(ENV_A)s\nenvironment=A=\"b\",LLAMA_ARG_FIT=off\n", pieces,
        sizeof pieces / sizeof *pieces, 150);
    tree_torture("Procfile", "llm: llama-server -c 1\nb: sh -c 'llama-server -c 2'\n", pieces,
                 sizeof pieces / sizeof *pieces, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(supervisord_starts_no_shell),
        cmocka_unit_test(procfile_lines_are_for_a_shell),
        cmocka_unit_test(launchd_takes_words_as_they_are),
        cmocka_unit_test(hostile_files_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
