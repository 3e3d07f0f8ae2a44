"""A TCP relay that can break a connection the ways networks do: by a reset, or by silence."""

import select
import socket
import struct
import threading

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST


class Relay:
    """Passes connections on to ``port`` of this host; ``relay.port`` is where it listens."""

    def __init__(self, port):
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._wake, self._waker = socket.socketpair()
        self._wish = ""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def reset(self):
        """Reset every connection, towards both ends."""
        self._tell("reset")

    def silence(self):
        """Pass nothing on any more, in either direction; connections stay open."""
        self._tell("silence")

    def close(self):
        """Close everything."""
        self._tell("close")
        self._thread.join()

    def _tell(self, wish):
        self._wish = wish
        self._waker.send(b"x")

    def _serve(self):
        peers = {}
        while True:
            sources = [] if self._wish == "silence" else [self._listener, *peers]
            readable = select.select([*sources, self._wake], [], [])[0]
            if self._wake in readable:
                self._wake.recv(1)
                if self._wish in ("reset", "close"):
                    for peer in peers:
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                        peer.close()
                    peers.clear()
                if self._wish == "close":
                    for end in (self._listener, self._wake, self._waker):
                        end.close()
                    return
                continue
            for source in readable:
                if source is self._listener:
                    client, server = source.accept()[0], socket.create_connection(("127.0.0.1", self._target))
                    peers[client], peers[server] = server, client
                elif source in peers and not _pass_on(source, peers[source]):
                    for end in (source, peers[source]):
                        del peers[end]
                        end.close()


def _pass_on(source, target):
    try:
        data = source.recv(65536)
        target.sendall(data)
    except OSError:
        return False
    return bool(data)
