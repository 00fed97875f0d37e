/* Running servers: found in /proc, inside containers, and what reached them. */
#include "running_server.h"
#include "source/machine/gpu_usage.h"

static void processes_are_found(void **state) {
    fixture *f = *state;
    llw_err err;
    long pid = 0;
    make_machine(f);
    static const struct {
        const char *what;
        long pid;
        const char *says;
    } table[] = {
        {"2145", 2145, NULL},
        {"http://127.0.0.1:8080", 2145, NULL},
        {"http://localhost:8080/v1/chat", 2145, NULL},
        {"localhost:8080", 2145, NULL},
        {":8080", 2145, NULL},
        {"http://[::1]:8082/", 77, NULL},
        {"http://localhost:8081", 0,
         "nothing on this machine listens on port 8081"}, /* a connection, nobody listens */
        {"http://localhost:8099", 77, NULL},              /* forwarded into the container */
        {"http://192.168.1.7:8080", 0, "another machine"},
        {"https://example.org", 0, "another machine"},
        {"http://localhost:99999", 0, "no port"},
        {"http://localhost:", 0, "no port"},
        {"http://localhost:80x", 0, "no port"},
        {"http://[::1]/", 0, "listens on port"},
        {"http://[::1", 0, "another machine"},
        {"http://127.0.0.2:8080", 2145, NULL},
        {"http://127.example.org:8080", 0, "another machine"},
        {"0", 0, "no process"},
        {"99999999999999999999", 0, "no process"},
        {NULL, 0, "several llama-servers run here (PIDs 77, 2145)"},
    };
    setenv("FAKE_DOCKER_PID", "77", 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        llw_rc rc = find(f, table[i].what, &pid, &err);
        if (table[i].says ? rc == LLW_OK || !strstr(err.text, table[i].says)
                          : rc != LLW_OK || pid != table[i].pid)
            fail_msg("%s gives %ld: %s", table[i].what ? table[i].what : "nothing", pid, err.text);
    }
    setenv("FAKE_DOCKER", "down", 1);
    assert_int_equal(find(f, ":8099", &pid, &err), LLW_ERR_NOTHING);
    assert_non_null(strstr(err.text, "leads into a container"));
    unsetenv("FAKE_DOCKER");
    assert_true(llw_running_names("2145") && llw_running_names("http://x") &&
                llw_running_names("localhost:8080") && llw_running_names(":8080"));
    assert_true(llw_running_names("localhost:8080/v1"));
    assert_false(llw_running_names("localhost:8080x") || llw_running_names("a/b:8080") ||
                 llw_running_names("8080:"));
    assert_false(llw_running_names("model.gguf") || llw_running_names("models.conf:glm") ||
                 llw_running_names("dir/a:1") || llw_running_names(""));
}

static void what_reached_it_is_read(void **state) {
    fixture *f = *state;
    llw_running p;
    llw_err err;
    make_machine(f);
    assert_int_equal(read_process(f, 2145, &p, &err), LLW_OK);
    assert_string_equal(p.program, "/app/llama-server");
    assert_int_equal(p.n_args, 8);
    assert_string_equal(p.args[3].text, "8192");
    assert_string_equal(p.args[3].place, "argument 4 of process 2145");
    assert_non_null(variable(&p, "LLAMA_ARG_UBATCH"));
    assert_null(variable(&p, "HOME"));
    assert_null(variable(&p, "SECRET"));
    assert_string_equal(p.device_env[0], "CUDA_VISIBLE_DEVICES=0");
    assert_null(p.device_env[1]);
    assert_null(p.container);
    assert_string_equal(llw_running_path(f->arena, &p, "a.gguf"), "/srv/models/a.gguf");

    put(f, "proc/2145/root/srv/models/a.gguf", "x", 1); /* its root has the file, ours has not */
    char inside[256];
    snprintf(inside, sizeof inside, "%s/proc/2145/root/srv/models/a.gguf", f->root);
    assert_string_equal(llw_running_path(f->arena, &p, "a.gguf"), inside);

    assert_int_equal(read_process(f, 77, &p, &err), LLW_OK);
    assert_string_equal(p.container, CONTAINER);
    assert_string_equal(p.image, "llama-server:team");
    const llw_token *ngl =
        &variable(&p, "LLAMA_ARG_N_GPU_LAYERS")
             ->value; /* the entry point changed what the container said, and that the image */
    assert_string_equal(ngl->text, "auto");
    assert_string_equal(ngl->lost->text, "20");
    assert_string_equal(ngl->lost->origin, "container");
    assert_string_equal(ngl->lost->lost->text, "99");
    assert_string_equal(ngl->lost->lost->origin, "image ENV");
    assert_null(variable(&p, "LLAMA_ARG_UBATCH")->value.lost);

    setenv("FAKE_DOCKER", "nonsense", 1);
    assert_int_equal(read_process(f, 77, &p, &err), LLW_OK);
    assert_int_equal(p.n_notes, 1);
    assert_non_null(strstr(p.notes[0], "what that was configured with is unknown"));
    unsetenv("FAKE_DOCKER");

    assert_int_equal(read_process(f, 10, &p, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "none of llama.cpp's programs"));
    assert_int_equal(read_process(f, 9, &p, &err), LLW_ERR_INPUT);
    assert_int_equal(read_process(f, 12345, &p, &err), LLW_ERR_NOTHING);
}

/* A process that ends or belongs to somebody else while it is read: what is left is read. */
static void what_is_missing_of_a_process_is_missing(void **state) {
    fixture *f = *state;
    llw_running p;
    llw_err err;
    make_machine(f);
    PUT(f, "proc/2145/environ", "no sign of equality\0LLAMA_ARG_NO_MMAP=1\0=x\0");
    PUT(f, "proc/2145/cgroup", "0::/docker/0123\n");
    assert_int_equal(read_process(f, 2145, &p, &err), LLW_OK);
    assert_non_null(variable(&p, "LLAMA_ARG_NO_MMAP"));
    assert_null(p.container);
    static const char *const parts[] = {"environ", "cgroup", "cwd", "fd/3", "cmdline"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/proc/2145/%s", f->root, parts[i]);
        assert_int_equal(unlink(path), 0);
        llw_rc rc = read_process(f, 2145, &p, &err);
        if ((rc == LLW_OK) != (i + 1 < sizeof parts / sizeof *parts))
            fail_msg("without %s: %s", parts[i], err.text);
    }
    long pid = 0;
    assert_int_equal(find(f, ":8080", &pid, &err), LLW_ERR_NOTHING);
    assert_int_equal(find(f, NULL, &pid, &err), LLW_OK); /* the only one that is left */
    assert_int_equal(pid, 77);
    PUT(f, "proc/77/cmdline", "bash\0");
    assert_int_equal(find(f, NULL, &pid, &err), LLW_ERR_NOTHING);
}

static void a_docker_that_fails_is_no_trouble(void **state) {
    fixture *f = *state;
    llw_container c;
    llw_err err = {0};
    assert_int_equal(llw_container_inspect(f->arena, "/nowhere/docker", CONTAINER, 5, &c, &err),
                     LLW_ERR_NOTHING);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, "--help", 5, &c, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, "a; rm", 5, &c, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, "another", 5, &c, &err), LLW_ERR_NOTHING);
    setenv("FAKE_DOCKER", "hang", 1);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, CONTAINER, 0.2, &c, &err), LLW_ERR_NOTHING);
    assert_non_null(strstr(err.text, "did not answer"));
    static const char *const moods[] = {"nonsense", "bare", "flood", "down"};
    for (size_t i = 0; i < sizeof moods / sizeof *moods; i++) {
        setenv("FAKE_DOCKER", moods[i], 1);
        llw_rc rc = llw_container_inspect(f->arena, DOCKER, CONTAINER, 5, &c, &err);
        assert_int_equal(rc == LLW_OK, !strcmp(moods[i], "bare"));
        if (rc != LLW_OK) continue;
        assert_string_equal(c.name, CONTAINER); /* nothing more is told of it */
        assert_null(llw_container_value(c.env, "PATH"));
    }
    unsetenv("FAKE_DOCKER");
    assert_int_equal(llw_container_inspect(f->arena, "", CONTAINER, 5, &c, &err), LLW_ERR_NOTHING);
    assert_non_null(strstr(err.text, "was not asked"));
}

static void usage_is_read_from_captures(void **state) {
    fixture *f = *state;
    static const char *const names[] = {"tests/fixtures/smi/1gpu-busy-apps.csv",
                                        "tests/fixtures/smi/2gpu-busy-apps.csv"};
    static const long pids[] = {2145, 11013};
    for (size_t i = 0; i < 2; i++) {
        char *bytes = NULL;
        size_t len = 0;
        llw_gpu_shares shares = {0};
        assert_int_equal(llw_file_read(f->arena, names[i], 1 << 16, &bytes, &len, NULL), LLW_OK);
        assert_int_equal(llw_gpu_usage_parse(f->arena, NULL, bytes, len, &shares), 1);
        assert_int_equal(shares.items[0].pid, pids[i]);
        assert_int_equal(shares.items[0].bytes, 6274 * LLW_MIB);
        assert_string_equal(shares.items[0].uuid, "GPU-00000000-0000-0000-0000-000000000000");
    }
    static const char odd[] = "12, GPU-a, [N/A]\nno row\n13, GPU-a\n-5, GPU-a, 7\n14, GPU-a, "
                              "99999999999999999999\n15, , 5\n16, GPU-b, 5\n";
    llw_gpu_shares shares = {0};
    assert_int_equal(
        llw_gpu_usage_parse(f->arena, "pid,gpu_uuid,used_gpu_memory", odd, sizeof odd - 1, &shares), 3);
    assert_int_equal(shares.items[0].bytes, -1);
    assert_int_equal(shares.items[1].bytes, -1); /* out of range is unknown, never a number */
    assert_int_equal(shares.items[2].bytes, 5 * LLW_MIB);
}

static void what_uses_the_cards_is_asked_within_limits(void **state) {
    fixture *f = *state;
    llw_gpu_shares shares = {0};
    llw_err err = {0};
    setenv("FAKE_SMI", "apps", 1);
    assert_int_equal(llw_gpu_usage_read(f->arena, "tests/fakes/nvidia-smi", 10, &shares, &err), LLW_OK);
    assert_int_equal(shares.n, 1);
    assert_int_equal(shares.items[0].bytes, 6274 * LLW_MIB);
    static const char *const moods[][2] = {
        {"apps-hang", "did not answer"}, {"apps-broken", "ended with code 9"}, {"apps-flood", "ended with"}};
    for (size_t i = 0; i < 3; i++) {
        setenv("FAKE_SMI", moods[i][0], 1);
        assert_int_equal(llw_gpu_usage_read(f->arena, "tests/fakes/nvidia-smi", i ? 10 : 0.2, &shares, &err),
                         LLW_ERR_NOTHING);
        assert_non_null(strstr(err.text, moods[i][1]));
    }
    unsetenv("FAKE_SMI");
    assert_int_equal(llw_gpu_usage_read(f->arena, "/nowhere/nvidia-smi", 1, &shares, &err), LLW_ERR_NOTHING);
    static const char fields[] = "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,pid,gpu_uuid",
                      rows[] = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,GPU-a\n";
    assert_int_equal(llw_gpu_usage_parse(f->arena, fields, rows, sizeof rows - 1, &(llw_gpu_shares){0}),
                     0); /* too many */
    static const char units[] = "1, GPU-a, 5 MiB\r\n2, GPU-a, 5 GiB\n3, GPU-a, -1\n x, GPU-a, 5";
    shares = (llw_gpu_shares){0};
    llw_gpu_usage_parse(f->arena, "pid,gpu_uuid,used_gpu_memory", units, sizeof units - 1, &shares);
    assert_true(shares.n >= 2);
    assert_int_equal(shares.items[0].bytes, 5 * LLW_MIB);
    for (size_t i = 1; i < shares.n; i++) assert_int_equal(shares.items[i].bytes, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(processes_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_reached_it_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_missing_of_a_process_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_uses_the_cards_is_asked_within_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_docker_that_fails_is_no_trouble, set_up, tear_down),
        cmocka_unit_test_setup_teardown(usage_is_read_from_captures, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("running", tests, NULL, NULL);
}
