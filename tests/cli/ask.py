"""llwhy ask from a pipe: each question answered as on the command line, over facts that are gathered once."""
import subprocess
import sys

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
assert "why-not" in ask("help")[1]
assert "verdict" not in ask("decision")[2] and "This launch loads" in ask("decision")[1]
assert ask("why 1", words=["no-such-model"])[0] == 2
assert ask("why 1", words=[])[0] == 3
# a question with a model of its own leaves the conversation where it was
code, out, err = ask("why-not L02 deepseek-v2-lite-mla-q4_k_m --no-gpu", "why 1")
assert out.endswith(outs[0]) and len(out) > len(outs[0]), out
print("ask: ok")
