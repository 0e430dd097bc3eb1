"""Servers of gRPC, of WebSockets and of events, made of what others use, and their own clients as oracles.

peers.py serve-grpc|serve-websocket|serve-events CERTIFICATE KEY   prints its ports, in the clear and over TLS, and serves
peers.py ask-grpc|ask-websocket|ask-events PORT                    prints what the library's own client sees, as JSON
"""

import asyncio
import json
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor

# Calls of gRPC that both clients make: the path, and the message.
CODES = [(f"/lab.Echo/Fail", str(code)) for code in range(1, 17)]
CALLS = CODES + [
    ("/lab.Echo/Unary", "four"),
    ("/lab.Echo/Unary", ""),
    ("/lab.Echo/Empty", "x"),
    ("/lab.Echo/Nothing", "x"),
    ("/lab.Nobody/Unary", "x"),
]
SERVICES = ["", "lab.Well", "lab.Sick", "lab.New", "lab.Nobody"]
# What a server may say of cookies, and what a client may not believe.
COOKIES = [
    "plain=1",
    "root=2; Path=/",
    "deeper=3; Path=/deep/er",
    "elsewhere=4; Path=/else",
    "beside=5; Path=/deep/e",
    "safe=6; Secure; Path=/",
    "past=7; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "gone=8; Max-Age=0",
    "long=9; Max-Age=60; Path=/",
    "domain=10; Domain=cookies.test; Path=/",
    "above=11; Domain=.test; Path=/",
    "foreign=12; Domain=other.test; Path=/",
    "__Host-bare=13; Path=/",
    "__Secure-sure=14; Secure; Path=/",
    "lax=15; SameSite=Lax; HttpOnly; Path=/",
    "plain=16",
    'quoted="a b"; Path=/',
]
WORDS = "why: 100 % caf\u00e9\nand more"


def identity(data):
    return data


def serve_grpc(certificate, key):
    import grpc
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc

    by_number = {code.value[0]: code for code in grpc.StatusCode}

    def fail(request, context):
        context.abort(by_number[int(request)], WORDS)

    def stream(request, context):
        yield from [b"one", b"two", b"three"]

    def seen(request, context):
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        return json.dumps({"left": context.time_remaining(), "metadata": metadata}).encode()

    def slow(request, context):
        time.sleep(0.3)  # the injected time to think
        return b"done"

    def packed(request, context):
        context.set_compression(grpc.Compression.Gzip)
        return b"x" * 10000

    unary = {
        "Unary": lambda request, context: request,
        "Empty": lambda request, context: b"",
        "Fail": fail,
        "Large": lambda request, context: b"x" * (5 << 20),
        "Seen": seen,
        "Slow": slow,
        "Packed": packed,
    }
    handlers = {name: grpc.unary_unary_rpc_method_handler(call, identity, identity) for name, call in unary.items()}
    handlers["Stream"] = grpc.unary_stream_rpc_method_handler(stream, identity, identity)
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("lab.Echo", handlers),))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    status = health_pb2.HealthCheckResponse.ServingStatus
    for name, value in [("", "SERVING"), ("lab.Well", "SERVING"), ("lab.Sick", "NOT_SERVING"), ("lab.New", "UNKNOWN")]:
        servicer.set(name, status.Value(value))
    with open(certificate, "rb") as chain, open(key, "rb") as private:
        credentials = grpc.ssl_server_credentials([(private.read(), chain.read())])
    ports = server.add_insecure_port("127.0.0.1:0"), server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    print(*ports, flush=True)
    server.wait_for_termination()


def ask_grpc(port):
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    answers = []
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        for path, message in CALLS:
            try:
                body = channel.unary_unary(path)(message.encode(), timeout=20)
                answers.append({"path": path, "message": message, "status": 0, "said": None, "bytes": len(body)})
            except grpc.RpcError as error:
                code = error.code().value[0]
                answers.append({"path": path, "message": message, "status": code, "said": error.details()})
        stub = health_pb2_grpc.HealthStub(channel)
        for name in SERVICES:
            try:
                reply = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=20)
                word = health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)
                answers.append({"service": name, "status": 0, "serving": word})
            except grpc.RpcError as error:
                answers.append({"service": name, "status": error.code().value[0], "serving": None})
    print(json.dumps(answers))


async def serve_websocket(certificate, key):
    from http import HTTPStatus

    from websockets.asyncio.server import serve

    async def handle(socket):
        path = socket.request.path
        if path == "/closes":
            await socket.close(1008, "no token")
        elif path == "/talks":
            for number in range(5):
                await socket.send(f"message {number}")
        elif path == "/pings":
            for _ in range(3):
                await socket.ping()
        async for message in socket:
            await socket.send(message)

    async def first(connection, request):
        if request.path == "/refused":
            return connection.respond(HTTPStatus.FORBIDDEN, "no\n")

    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(certificate, key)
    options = {"process_request": first, "subprotocols": ["chat"]}
    async with serve(handle, "127.0.0.1", 0, **options) as plain:
        async with serve(handle, "127.0.0.1", 0, ssl=secure, **options) as over_tls:
            print(*(server.sockets[0].getsockname()[1] for server in (plain, over_tls)), flush=True)
            await asyncio.get_running_loop().create_future()


async def ask_websocket(port):
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    answers = []
    for path in ["/", "/talks", "/pings", "/refused", "/closes"]:
        answer = {"path": path, "pong": False, "status": 101, "close": None}
        try:
            async with connect(f"ws://127.0.0.1:{port}{path}", compression=None, subprotocols=["chat"]) as socket:
                answer["protocol"] = socket.subprotocol
                if path == "/closes":
                    await socket.wait_closed()
                    raise ConnectionClosed(socket.protocol.close_rcvd, None)
                await (await socket.ping())
                answer["pong"] = True
        except InvalidStatus as error:
            answer["status"] = error.response.status_code
        except ConnectionClosed as error:
            answer["close"] = [error.rcvd.code, error.rcvd.reason]
        answers.append(answer)
    print(json.dumps(answers))


async def serve_events(certificate, key):
    from aiohttp import web

    async def events(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": hello\n\nretry: 2500\n\nevent: none\nid: 7\n\n")
        await asyncio.sleep(0.4)  # the first event is late
        await response.write(b"retry: 100\nid: 1\ndata: one\n\n")
        await response.write(b": beat\n\ndata: two\ndata: lines\n\n")
        await asyncio.sleep(0.2)  # so that the end is not that of the last event
        return response

    def endless(start):
        async def handle(request):
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write(b"data: first\n\n" + start)
            try:
                while True:
                    await response.write(b"x" * 65536)
                    await asyncio.sleep(0)  # what is written without a wait would starve the other clients
            except (ConnectionError, asyncio.CancelledError):
                return response

        return handle

    async def cookies(request):
        reply = web.Response(status=302, headers={"Location": "/deep/er/seen"})
        for cookie in COOKIES:
            reply.headers.add("Set-Cookie", cookie)
        return reply

    async def seen(request):
        from opentelemetry.trace import get_current_span
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        context = get_current_span(TraceContextTextMapPropagator().extract(dict(request.headers))).get_span_context()
        return web.json_response(
            {
                "cookies": request.headers.getall("Cookie", []),
                "trace": f"{context.trace_id:032x}" if context.is_valid else None,
                "sampled": context.trace_flags.sampled,
            }
        )

    app = web.Application()
    app.router.add_get("/deep/cookies", cookies)
    app.router.add_get("/deep/er/seen", seen)
    app.router.add_get("/", seen)
    app.router.add_get("/events", events)
    app.router.add_get("/endless-event", endless(b"data: "))
    app.router.add_get("/endless-comment", endless(b": "))
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(certificate, key)
    runner = web.AppRunner(app)
    await runner.setup()
    for context in (None, secure):
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    print(*(address[1] for address in runner.addresses), flush=True)
    await asyncio.get_running_loop().create_future()


async def ask_events(port):
    import aiohttp

    count, comments, retry, first, data = 0, 0, None, None, False
    async with aiohttp.ClientSession() as session:
        start = time.monotonic()
        async with session.get(f"http://127.0.0.1:{port}/events") as response:
            async for line in response.content:
                line = line.rstrip(b"\r\n")
                comments += line.startswith(b":")
                retry = int(line[6:]) if line.startswith(b"retry:") else retry
                data = data or line.startswith(b"data:")
                if not line and data:
                    count, data = count + 1, False
                    first = first or time.monotonic() - start
    print(json.dumps({"events": count, "comments": comments, "retry": retry, "first_us": int(first * 1e6)}))


def main(role, *arguments):
    work = globals()[role.replace("-", "_")](*arguments)
    if work is not None:
        asyncio.run(work)


main(*sys.argv[1:])
