"""llwhy ask from a pipe: each question answered as on the command line, over facts that are gathered once."""
import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time

LLWHY = sys.argv[1]
MODEL = ["deepseek-v2-lite-mla-q4_k_m", "--gpu", "16303:12761"]


def ask(*questions, words=MODEL):
    run = subprocess.run([LLWHY, "ask", *words], input="\n".join(questions) + "\n", capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout, run.stderr


def alone(*words):
    run = subprocess.run([LLWHY, *words, *MODEL], capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout


QUESTIONS = {
    "why 1": ["why", "1"],
    "what-if -ub 2048": ["what-if", "-ub", "2048"],
    'change "131072 context"': ["change", "131072 context"],
    "why-not 262144 context": ["why-not", "262144", "context"],
    "why launch.loads --format json": ["why", "launch.loads", "--format", "json"],
    "contrast now '-ub 256'": ["contrast", "now", "-ub 256"],
}
codes, outs = [], []
for question, words in QUESTIONS.items():
    code, out = alone(*words)
    codes.append(code)
    outs.append(out)
    assert out, question
    assert ask(question)[:2] == (code, out), question
code, out, err = ask(*QUESTIONS)
assert out == "".join(outs), out
assert code == max(codes) and not err, (code, err)

code, out, err = ask("why 1", "nonsense", "why 1")
assert code == 3 and "'nonsense' is no question here" in err and out == outs[0] * 2, (code, err)
code, out, err = ask("why", "# a remark", "", "quit", "why 1")
assert code == 3 and not out and "what do you want to know" in err, (code, out, err)
code, out, err = ask("why " + "x" * (64 << 10), "why 1")
assert code == 3 and out == outs[0] and "longer than the 64 KiB of a question" in err, (code, out, err)
assert "why-not" in ask("help")[1]
assert "verdict" not in ask("decision")[2] and "This launch loads" in ask("decision")[1]
assert ask("why 1", words=["no-such-model"])[0] == 2
assert ask("why 1", words=[])[0] == 3
# a question with a model of its own leaves the conversation where it was
code, out, err = ask("why-not L02 deepseek-v2-lite-mla-q4_k_m --no-gpu", "why 1")
assert out.endswith(outs[0]) and len(out) > len(outs[0]), out


def resident_kib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS:")).split()[1])


# what a question takes goes with it: memory stays as it is, however many follow
conversation = subprocess.Popen([LLWHY, "ask", *MODEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"})  # a sanitizer keeps what was freed, to see it used
held = []
for n in (10, 100):
    for _ in range(n):
        for question in ("why 1", "facts", "what-if -ub 256", "lesson L05", "nonsense", "why launch.loads --all"):
            conversation.stdin.write(question + "\n")
    conversation.stdin.write("explain F12\n")
    conversation.stdin.flush()
    while not conversation.stdout.readline().startswith("F12 "):
        pass
    held.append(resident_kib(conversation))
conversation.stdin.close()
conversation.stdout.read()
assert conversation.wait(60) in (0, 1, 3)
assert held[1] - held[0] < 1024, held

# at a terminal: Tab completes slots, Ctrl-P brings the last question back, Ctrl-C drops the line and no more, an empty line ends
mine, theirs = pty.openpty()
sitting = subprocess.Popen([LLWHY, "ask", *MODEL], stdin=theirs, stdout=theirs, stderr=theirs,
                           env={**os.environ, "TERM": "dumb"}, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
os.close(theirs)


def typed(keys, expected):
    """Types once keys are read one by one, and reads what is written until the prompt stands behind what is expected."""
    while keys and termios.tcgetattr(mine)[3] & termios.ICANON:
        time.sleep(0.01)
    os.write(mine, keys.encode())
    screen = ""
    while expected not in screen or "llwhy> " not in screen[screen.index(expected):]:
        assert select.select([mine], [], [], 30)[0], f"{expected!r} is not in {screen!r}"
        screen += os.read(mine, 65536).decode(errors="replace")
    return screen


typed("", "")
typed("wh\ty CUDA0.fr\t\r", "free memory of CUDA0 = ")
typed("\x10\r", "free memory of CUDA0 = ")
typed("what-if -ub 25\x03", "^C")
assert "What if" not in typed("why 1\r", outs[0].splitlines()[0][:30])
os.write(mine, b"\r")
assert sitting.wait(20) in (0, 1)
os.close(mine)
print("ask: ok")
