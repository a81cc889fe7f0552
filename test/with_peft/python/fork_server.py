"""`python fork_server.py SOCKET`: runs scripts in forks of a process that has imported torch and PEFT.

This saves the seconds that the imports take. Prints a line once it listens on the Unix socket. Ends when its standard
input ends. A connection begins with a line of JSON: {"folder": the working folder, "env": the environment, "args": the
script and its arguments}. Then it is the script's standard input, standard output and error output. Its last line is
"exit code N", unless the script crashed.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

# `transformers` imports its modules only when they are used, so two of them are named here.
MODULES = ("torch", "peft", "transformers.trainer", "transformers.models.auto.modeling_auto")


def serve(path: str) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    print("listening", flush=True)
    # The system reaps ended forks, so the server needn't wait for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        warm_up()
        if os.fork() == 0:
            listener.close()
            answer(connection)
        connection.close()


def warm_up() -> None:
    """Imports the modules before the first fork. Freezes their objects: garbage collection in forks would copy them."""
    if MODULES[0] in sys.modules:
        return
    for name in MODULES:
        importlib.import_module(name)
    gc.freeze()


def answer(connection: socket.socket) -> None:
    """Runs a connection's script in this process (a fork), and ends the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request = read_line(connection)
    for stream in (0, 1, 2):
        os.dup2(connection.fileno(), stream)
    code = run(json.loads(request))
    print(f"\nexit code {code}", flush=True)
    os._exit(code)


def read_line(connection: socket.socket) -> bytes:
    """Reads the first line, and nothing after it, because the next bytes are the script's standard input."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            os._exit(1)
        line += byte
    return line


def run(request: dict[str, Any]) -> int:
    """Runs a script as `python SCRIPT ARGUMENTS…` would, and returns the exit code."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["args"]
    script = Path(sys.argv[0]).absolute()
    sys.path[0] = str(script.parent)
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
