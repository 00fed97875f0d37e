/* Landlock and seccomp, by the numbers of the kernel's interface: Debian's headers are older than its newer
 * kernels. */
#include "base/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* include/uapi/linux/landlock.h: the same numbers on every architecture. */
enum { CREATE_RULESET = 444, RESTRICT_SELF = 446, ASK_VERSION = 1 };
#define FS(bit) (UINT64_C(1) << (bit))
#define FS_READ (FS(2) | FS(3)) /* read a file, read a directory */
static const uint64_t rights[] = {
    FS(13) - 1, /* version 1: run, write, remove and make files of every kind */
    FS(14) - 1, /* 2: move to another directory */
    FS(15) - 1, /* 3: truncate */
    FS(15) - 1, /* 4: TCP, see below */
    FS(16) - 1, /* 5: ioctl of a device */
};
enum { VERSIONS = sizeof rights / sizeof *rights, TCP_SINCE = 4, TCP_BIND_AND_CONNECT = 3 };

/* What Landlock does not know: programs, every kind of socket, owners, modes and times, other processes. */
static const unsigned refused[] = {
    SYS_execve,         SYS_execveat,     SYS_socket,
    SYS_socketpair,     SYS_connect,      SYS_bind,
    SYS_io_uring_setup, SYS_kill,         SYS_pidfd_send_signal,
    SYS_fchmod,         SYS_fchmodat,     SYS_fchown,
    SYS_fchownat,       SYS_utimensat,    SYS_truncate,
    SYS_setxattr,       SYS_lsetxattr,    SYS_fsetxattr,
    SYS_removexattr,    SYS_lremovexattr, SYS_fremovexattr,
    SYS_mount,          SYS_umount2,      SYS_bpf,
#ifdef SYS_chmod /* newer architectures have only the calls with a directory */
    SYS_chmod,          SYS_chown,        SYS_lchown,
    SYS_utime,          SYS_utimes,       SYS_futimesat,
#endif
};
enum { REFUSED = sizeof refused / sizeof *refused, HEAD = 5 };
_Static_assert(REFUSED < 250, "a jump of the filter reaches 255 instructions");

static int lock_files(void) {
    long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    if (version < 1) return -1;
    struct {
        uint64_t files, network;
    } handled = {rights[(version < VERSIONS ? version : VERSIONS) - 1] & ~FS_READ,
                 version >= TCP_SINCE ? TCP_BIND_AND_CONNECT : 0};
    size_t size = version >= TCP_SINCE ? sizeof handled : sizeof handled.files;
    int rules = (int)syscall(CREATE_RULESET, &handled, size, 0);
    if (rules < 0) return -1;
    int failed = (int)syscall(RESTRICT_SELF, rules, 0);
    close(rules);
    return failed;
}

#ifdef ARCHITECTURE
static int refuse_calls(void) {
    enum { LAST = HEAD + REFUSED };
    struct sock_filter code[LAST + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM), /* calls of another architecture's numbers */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, REFUSED + 1, 0), /* those of x32 */
    };
    for (int i = 0; i < REFUSED; i++)
        code[HEAD + i] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i], (uint8_t)(REFUSED - i), 0);
    code[LAST] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[LAST + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    struct sock_fprog program = {LAST + 2, code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
#else
static int refuse_calls(void) {
    errno = ENOSYS;
    return -1;
}
#endif

llw_rc llw_confine(llw_err *err) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || refuse_calls() != 0)
        return llw_fail(err, LLW_ERR_NOTHING, NULL, 0,
                        "this kernel does not filter a program's calls (seccomp): %s", strerror(errno));
    if (lock_files() != 0)
        return llw_fail(err, LLW_ERR_NOTHING, NULL, 0,
                        "this kernel does not keep a program from files (Landlock, Linux 5.13 or newer): %s",
                        strerror(errno));
    return LLW_OK;
}
