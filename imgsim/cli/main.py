"""The command line, and the guard around it: whatever happens, from the first import on, ends in one line."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from types import FrameType

ERROR = 2
CLOSED_PIPE = 141  # as a shell reports SIGPIPE
DEBUG = "IMGSIM_DEBUG"
UNWRITTEN = "standard output: cannot be written"
REPORT = f"a fault of imgsim: please send its authors the command and what it says with {DEBUG}=1"
WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung up"}
ONE_REQUEST = 1.0  # second: `timeout` signals a process, and then once more as one of its group
# Closed streams are opened so that what is said to them fails; stderr, so that it is lost.
STREAMS = {"stdin": (os.O_WRONLY, "r"), "stdout": (os.O_RDONLY, "w"), "stderr": (os.O_WRONLY, "w")}


class Stopped(KeyboardInterrupt):
    """A signal that asked to stop."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__()
        self.code = 128 + number  # as a shell reports it
        self.line = f"imgsim: {WORDS[signal.Signals(number).name]}; what was committed is kept"


def main() -> None:
    """Run the command line, and exit."""
    try:
        stops = _Stops()
        _open_streams()
        from imgsim.cli.group import run

        stops.may_raise = True
        code = run()
    except SystemExit as error:  # click's own, of shell completion
        code = error.code if isinstance(error.code, int) else 0
    except BaseException as error:  # noqa: BLE001 (all of them, that is what it is for)
        code = _explain(error)
    code = _flush(code)
    for name in WORDS:  # nothing is left to interrupt
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL if name == "SIGINT" else signal.SIG_IGN)
    sys.exit(code)


class _Stops:
    """What signals do: end the process while nothing has begun, afterwards raise what clears the work away."""

    def __init__(self) -> None:
        self.may_raise = False
        self._number, self._since = 0, -ONE_REQUEST
        for name in WORDS:
            number = getattr(signal, name, None)  # Windows has fewer
            if number and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                signal.signal(number, self._stop)
        sys.unraisablehook = self._lost

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        now = time.monotonic()
        if number == self._number and now - self._since < ONE_REQUEST:
            return
        self._number, self._since = number, now
        stopped = Stopped(number)
        if not self.may_raise:
            os.write(2, f"{stopped.line}\n".encode())
            os._exit(stopped.code)
        raise stopped

    def _lost(self, lost: sys.UnraisableHookArgs) -> None:
        """Repeat a signal that came where Python passes over exceptions; of any other that only debugging hears."""
        if isinstance(lost.exc_value, Stopped):
            from threading import Timer

            self._since = -ONE_REQUEST
            Timer(0.01, signal.raise_signal, [self._number]).start()
        elif os.environ.get(DEBUG):
            sys.__unraisablehook__(lost)


def _open_streams() -> None:
    """Open the standard streams that are closed: else the next file takes a number that all write to."""
    for name, (flags, mode) in STREAMS.items():
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.open(os.devnull, flags), mode, encoding="utf-8"))  # noqa: SIM115 (till the end)


def _explain(error: BaseException) -> int:
    """Say in a line what ended the command, and give its exit code."""
    if isinstance(error, KeyboardInterrupt):
        stopped = error if isinstance(error, Stopped) else Stopped()
        _say(stopped.line)
        return stopped.code
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    _say(f"imgsim: {_named(error)}")
    return ERROR


def _named(error: BaseException) -> str:
    """Name what is no fault of imgsim; of the rest, say whom to send what."""
    place, trace = "", error.__traceback__
    while trace:
        place, trace = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}", trace.tb_next
    if isinstance(error, ImportError):
        return f"the installation is incomplete ({error}): install imgsim again"
    if isinstance(error, MemoryError):
        return "there is not enough memory: fewer processes take less, see --jobs"
    if isinstance(error, OSError) and error.strerror:
        helping = place.startswith("click.")  # which writes nothing else
        return _system_error(error, error.strerror, writing=helping)
    return f"{type(error).__name__} in {place} ({error}): {REPORT}"


def _system_error(error: OSError, reason: str, *, writing: bool) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"{reason.lower()}: allow more, for example by `ulimit -n 1024`, or use --jobs 1"
    if error.errno == errno.ENOENT and error.filename is None and _nowhere():
        return "the folder that you are in is no longer there: change to another"
    if error.filename is None:
        return f"{UNWRITTEN} ({reason})" if writing else reason
    return f"{os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename}: {reason}"


def _nowhere() -> bool:
    """Tell whether the working folder was removed."""
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _flush(code: int) -> int:
    """Write what standard output still holds; give the exit code, another one if that fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
        if code >= ERROR:
            return code
        if isinstance(error, BrokenPipeError):
            return CLOSED_PIPE
        _say(f"imgsim: {UNWRITTEN} ({error.strerror})")
        return ERROR
    return code


def _say(line: str) -> None:
    try:
        from imgsim.cli.stderr import write_line
    except ImportError:
        print(line, file=sys.stderr)  # noqa: T201 (there is no other way left)
    else:
        write_line(line)
