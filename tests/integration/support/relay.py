# SPDX-License-Identifier: MIT
"""A TCP relay on loopback that delays every byte, counts round trips, and can cut its connections."""
import queue
import socket
import threading
import time


class Relay:
    def __init__(self, target_port, delay=0.0):
        self.target_port = target_port
        self.delay = delay
        self.turns = 0  # how often the direction changed to client → server: the round trips of a polite protocol
        self._last = None
        self._sockets = []
        self._lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._sockets += [client, server]
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pump(client, server, "up")
            self._pump(server, client, "down")

    def _pump(self, source, sink, direction):
        pending = queue.Queue()

        def read():
            while True:
                try:
                    data = source.recv(65536)
                except OSError:
                    data = b""
                if data and direction != self._last:
                    self.turns += direction == "up"
                    self._last = direction
                pending.put((time.monotonic() + self.delay, data))
                if not data:
                    return

        def write():
            while True:
                when, data = pending.get()
                time.sleep(max(0.0, when - time.monotonic()))
                try:
                    if not data:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(data)
                except OSError:
                    return

        threading.Thread(target=read, daemon=True).start()
        threading.Thread(target=write, daemon=True).start()

    def cut(self):
        """Break all connections, as a network does."""
        with self._lock:
            for end in self._sockets:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()
            self._sockets.clear()

    def remove(self):
        self.listener.close()
        self.cut()
