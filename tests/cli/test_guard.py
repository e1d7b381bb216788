"""Whatever happens to a command, it ends in one line and an exit code, from the first import on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import IMGSIM

NO_OUTPUT = "imgsim: standard output: cannot be written"
NO_INPUT = "imgsim: standard input: cannot be read"
# A command line whose work is what `run` does.
PLAYED = """
import os, signal, sys, time
import imgsim.cli.group
from imgsim.cli import main

{prelude}
def run():
    {work}
imgsim.cli.group.run = run
main()
"""


def played(work, prelude=""):
    return [sys.executable, "-c", PLAYED.format(work=work, prelude=prelude)]


def ended(command, **environment):
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    return ran.returncode, ran.stderr


def one_line(err):
    return err.count("\n") == 1 and err.startswith("imgsim: ")


@pytest.mark.parametrize("closed", [">&-", ">/dev/full"])
@pytest.mark.parametrize(
    "command", ["--help", "--version", "query --help", "list shelf", "info shelf", "color name 1,2,3"]
)
def test_an_answer_that_cannot_be_written(shell, shelf, command, closed):
    ran = shell(f"imgsim {command} {closed}", shelf.parent)
    assert (ran.returncode, ran.stderr.decode()[: len(NO_OUTPUT)]) == (2, NO_OUTPUT)
    assert one_line(ran.stderr.decode())


@pytest.mark.parametrize(
    "command", ["query - --index shelf", "color name -", "color label -", "stats -", "index shelf --files-from -"]
)
def test_nothing_to_read_from(shell, shelf, command):
    ran = shell(f"imgsim {command} <&-", shelf.parent)
    assert (ran.returncode, ran.stdout, ran.stderr.decode()[: len(NO_INPUT)]) == (2, b"", NO_INPUT)
    assert one_line(ran.stderr.decode())


def test_what_needs_no_stream_does_without(shell, shelf):
    (shelf / "new.png").write_bytes((shelf / "0.png").read_bytes())
    assert shell("imgsim index shelf <&- >&- 2>&-", shelf.parent).returncode == 0
    assert "photos: 9\n" in shell("imgsim info shelf", shelf.parent).stdout.decode()
    assert shell("imgsim query nonsense >&- 2>&-", shelf.parent).returncode == 2


def test_a_reader_who_has_enough_of_help():
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run([*IMGSIM, "--help"], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, b"")


@pytest.mark.parametrize("command", ["list", "query {0}/0.png -k 1", "set x a=1", "list {0}", "stats {0}/0.png"])
def test_a_working_folder_that_is_gone(shell, shelf, command):
    ran = shell(f"mkdir gone; cd gone; rmdir ../gone; imgsim {command.format(shelf)}", shelf.parent)
    if ran.returncode != 0:
        assert ran.returncode == 2
        assert one_line(ran.stderr.decode())
        assert "no longer there" in ran.stderr.decode()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("ZeroDivisionError('by zero')", "ZeroDivisionError in __main__:"),
        ("EOFError()", "EOFError in __main__:"),
        ("RecursionError('too deep')", "please send its authors"),
        ("ImportError('no such thing')", "the installation is incomplete (no such thing)"),
        ("MemoryError()", "there is not enough memory"),
        ("OSError(24, 'Too many open files')", "ulimit -n"),
        ("OSError(5, 'Input/output error', 'a\\nb.png')", "imgsim: a\\nb.png: Input/output error\n"),
    ],
)
def test_an_error_that_nobody_caught(error, said):
    code, err = ended(played(f"raise {error}"))
    assert code == 2
    assert said in err
    assert one_line(err)
    code, err = ended(played(f"raise {error}"), IMGSIM_DEBUG="1")
    assert code == 2
    assert "Traceback" in err
    assert said in err


def test_a_command_that_ends_on_an_exception_of_its_own(make_photos):
    script = "import imgsim.cli.commands.metrics as it; it.choose_format = None; from imgsim.cli import main; main()"
    code, err = ended(
        [sys.executable, "-c", script.replace("main()", "import sys; sys.argv[1:] = ['metrics']; main()")]
    )
    assert code == 2
    assert "TypeError in imgsim.cli.commands.metrics:" in err
    assert one_line(err)


SIGNALS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
WORK = """
    try:
        print("at work", flush=True)
        time.sleep(60)
    finally:
        time.sleep(0.2)
        print("cleared", flush=True)
"""


@pytest.fixture(autouse=True)
def heard():
    """Let processes hear signals that whoever runs the tests may ignore, as a shell's background jobs do."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    before |= {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_lets_the_work_be_cleared(name):
    process = subprocess.Popen(played(WORK), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "at work\n"
    number = getattr(signal, name)
    process.send_signal(number)
    time.sleep(0.05)
    process.send_signal(number)  # as `timeout` does: the process, then its group
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (128 + number, "cleared\n")
    assert err == f"imgsim: {SIGNALS[name]}; what was committed is kept\n"


def test_a_signal_before_anything_has_begun():
    prelude = "sys.modules['imgsim.cli.main']._open_streams = lambda: os.kill(os.getpid(), signal.SIGINT)"
    assert ended(played("pass", prelude)) == (130, "imgsim: interrupted; what was committed is kept\n")


def test_an_interrupt_before_the_guard_is_up():
    script = "import sys; sys.modules['imgsim.cli.main'] = type('Guard', (), {'__getattr__': None})()\n"
    script += "class Guard:\n    def __getattr__(self, name): raise KeyboardInterrupt\n"
    script += "sys.modules['imgsim.cli.main'] = Guard()\nimport imgsim.cli"
    assert ended([sys.executable, "-c", script]) == (130, "imgsim: interrupted\n")


def test_an_interrupt_where_python_passes_over_exceptions():
    prelude = "class Dies:\n    def __del__(self): os.kill(os.getpid(), signal.SIGINT); time.sleep(0.1)\n"
    code, err = ended(played("Dies(); time.sleep(20)", prelude))
    assert (code, err) == (130, "imgsim: interrupted; what was committed is kept\n")


def test_what_is_ignored_stays_so():
    work = "os.kill(os.getpid(), signal.SIGHUP); print('at work')"
    ignored = ["import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)", *played(work)[2:]]
    assert ended([sys.executable, "-c", "\n".join(ignored)]) == (0, "")  # as under nohup


def watched(command, folder, environment):
    """Start a command, and wait until a folder is there."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    end = time.monotonic() + 60
    while not list(folder()) and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    return process


def test_a_trial_that_is_stopped_leaves_nothing(make_photos, tmp_path):
    folder = make_photos(*(f"{kind}/{place}.png" for kind in "ab" for place in range(30)))
    trials = tmp_path / "trials"
    trials.mkdir()
    process = watched(
        [*IMGSIM, "recommend", str(folder), "--time", "60s"],
        lambda: trials.glob("imgsim-trial-*/index/index.sqlite"),
        {**os.environ, "TMPDIR": str(trials)},
    )
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert err == "imgsim: terminated; what was committed is kept\n"
    assert list(trials.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("delay", [0.0, 0.4])
def test_workers_and_all_are_stopped_without_a_word_of_theirs(make_photos, number, delay):
    folder = make_photos(96)
    process = watched(
        ["setsid", *IMGSIM, "index", str(folder), "-j", "2", "-x", "haralick"],
        lambda: folder.glob(".imgsim/index.sqlite"),
        dict(os.environ),
    )
    time.sleep(delay)  # the workers are starting, or at work
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=60)
    if process.returncode != 0:  # it was not quicker
        assert process.returncode == 128 + number
        assert one_line(err)


def test_too_few_files_may_be_open(shell, make_photos):
    folder = make_photos(60)
    ran = shell(f"ulimit -n 20; imgsim index {folder} -j 4 -x phash", folder)
    assert ran.returncode == 2
    assert one_line(ran.stderr.decode())
    assert "ulimit -n" in ran.stderr.decode()


def test_a_name_of_any_length_takes_a_line_that_can_be_read(run, shell, tmp_path):
    for arguments in (("query", "x" * 100_000), ("show", "y" * 100_000), ("index", "z" * 100_000)):
        result = run(*arguments)
        assert result.code == 2
        assert len(result.err) < 2100
    ran = shell("imgsim query x -k $(printf '%050000d' 0)x", tmp_path)
    assert ran.returncode == 2
    assert max(map(len, ran.stderr.decode().splitlines())) < 2100
