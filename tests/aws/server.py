"""Starts the AWS stand-in: python -m tests.aws.server --port-file F --log F.

Listens on 127.0.0.1, writes its port into the file once it answers, ends on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import gc
import os
import signal

from .front import Front
from .identities import Directory
from .log import Log
from .wire import Connection

ACCOUNT = "111122223333"
REGION = "eu-central-1"
CLUSTER = "demo"


def read_arguments(arguments=None):
    parser = argparse.ArgumentParser(prog="tests.aws.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", help="the port is written here once requests are answered")
    parser.add_argument("--log", help="request log, one JSON line per request")
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--region", default=REGION)
    parser.add_argument("--cluster", default=CLUSTER)
    return parser.parse_args(arguments)


def write_port(path, port):
    """Written beside and renamed, so that a reader never sees half a number."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(f"{port}\n")
    os.replace(path + ".new", path)


async def serve(options):
    loop = asyncio.get_running_loop()
    front = Front(Directory(options.account, options.region), options.cluster, Log(options.log))
    server = await loop.create_server(lambda: Connection(front), "127.0.0.1", options.port,
                                      backlog=512)
    port = server.sockets[0].getsockname()[1]
    if options.port_file:
        write_port(options.port_file, port)
    print(f"AWS stand-in on http://127.0.0.1:{port}", flush=True)
    ended = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: ended.done() or ended.set_result(True))
    gc.freeze()  # the models never go; collecting around them costs time per request
    await ended
    server.close()
    for connection in list(front.connections):
        connection.abort()


def main():
    asyncio.run(serve(read_arguments()))


if __name__ == "__main__":
    main()
