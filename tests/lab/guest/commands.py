# SPDX-License-Identifier: Apache-2.0
"""Runs in the guest as its first process: does the shell commands that arrive by TCP, each with its answer.

A connection carries one command, ended by closing its sending half, and gets back the exit status as a line and
the output. QEMU forwards the port from 127.0.0.1 of the host only.
"""

from __future__ import annotations

import socketserver
import subprocess

PORT = 9734


class Command(socketserver.StreamRequestHandler):
    """One command, in a session of its own: what it starts in the background goes on."""

    def handle(self) -> None:
        """Do it and answer."""
        command = self.rfile.read().decode()
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
        )
        self.wfile.write(f"{done.returncode}\n".encode() + done.stdout)


class Server(socketserver.ThreadingTCPServer):
    """Several commands at once."""

    daemon_threads = True
    request_queue_size = 64


with Server(("0.0.0.0", PORT), Command) as server:  # noqa: S104 - the guest has no other neighbour than its host
    print("lab: ready", flush=True)
    server.serve_forever()
