"""A Redis of our own on a Unix socket, and the few words of its protocol that are needed here."""

import shutil
import socket
import subprocess
import tempfile
import time


class Server:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="hflow-bench-redis-")
        self.path = f"{self.directory}/redis.sock"
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly",
             "no", "--dir", self.directory], stdout=subprocess.DEVNULL)
        self.url = f"unix://{self.path}"

    def __enter__(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                self.client = Client(self.path)
                return self
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.replies = self.socket.makefile("rb")

    def send(self, *commands):
        """Many commands at once; errors are raised, the replies are counted and dropped."""
        self.socket.sendall(b"".join(encoded(command) for command in commands))
        for _ in commands:
            line = self.replies.readline()
            if line[:1] == b"-":
                raise RuntimeError(line.decode())
            if line[:1] == b"$" and int(line[1:]) >= 0:
                self.replies.read(int(line[1:]) + 2)


def encoded(command):
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)
