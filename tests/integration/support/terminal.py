# SPDX-License-Identifier: MIT
"""Running a command on a terminal of a given size, typing into it, reading what it shows."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time


class Screen:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


def on_terminal(command, env, cwd, columns=80, lines=24, answer=None, prompt=None, error_too=True, seconds=60):
    """
    Run with standard input and output (and error, unless error_too is False) on a new terminal. When `prompt` shows up,
    type `answer` and Enter.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    error = slave if error_too else subprocess.PIPE
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=error, env=env, cwd=cwd, start_new_session=True)
    os.close(slave)
    shown, end = b"", time.monotonic() + seconds
    while True:
        if time.monotonic() > end:
            process.kill()
            process.wait()
            raise AssertionError(f"still running after {seconds} s; it showed:\n{shown.decode(errors='replace')}")
        if select.select([master], [], [], 0.05)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:  # Linux says EIO when the other side is closed
                break
            if not data:
                break
            shown += data
            if answer is not None and prompt.encode() in shown:
                os.write(master, answer.encode() + b"\n")
                answer = None
        elif process.poll() is not None:
            break
    err = "" if error_too else process.stderr.read().decode()
    process.wait()
    os.close(master)
    return Screen(process.returncode, shown.decode(errors="replace").replace("\r\n", "\n"), err)
