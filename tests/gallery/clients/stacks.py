"""The shared policy on one HTTP stack after another, each as little as it takes."""

from __future__ import annotations

import asyncio
import http.client
import io
import queue
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import httpx

from policy import AsyncSender, Call, NoAnswer, NotConnected, Reply, Sender


class Httpx(Sender):
    """httpx: one client for all threads."""

    def open(self) -> None:
        self.http = self.platform.http_client(timeout=30)

    def close(self) -> None:
        self.http.close()

    def exchange(self, call: Call) -> Reply:
        try:
            answer = self.http.post(call.path, content=call.body, headers=call.headers)
        except httpx.ConnectError as error:
            raise NotConnected(str(error)) from error
        except httpx.TransportError as error:
            raise NoAnswer(str(error)) from error
        return Reply(answer.status_code, answer.headers, answer.content)


class HttpxStreamed(Httpx):
    """httpx: reads the body piece by piece."""

    def exchange(self, call: Call) -> Reply:
        try:
            with self.http.stream(
                "POST", call.path, content=call.body, headers=call.headers
            ) as answer:
                body = b"".join(answer.iter_bytes())
        except httpx.ConnectError as error:
            raise NotConnected(str(error)) from error
        except httpx.TransportError as error:
            raise NoAnswer(str(error)) from error
        return Reply(answer.status_code, answer.headers, body)


class HttpxNarrowPool(Httpx):
    """httpx: a pool of one connection, for which threads wait."""

    def open(self) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        self.http = self.platform.http_client(timeout=httpx.Timeout(60, pool=None), limits=limits)


class HttpxAsync(AsyncSender):
    """httpx on asyncio."""

    def open(self) -> None:
        self.http = self.platform.http_client(asynchronous=True, timeout=30)

    async def close(self) -> None:
        await self.http.aclose()

    async def exchange(self, call: Call) -> Reply:
        try:
            answer = await self.http.post(call.path, content=call.body, headers=call.headers)
        except httpx.ConnectError as error:
            raise NotConnected(str(error)) from error
        except httpx.TransportError as error:
            raise NoAnswer(str(error)) from error
        return Reply(answer.status_code, answer.headers, answer.content)


class Httpx2(Httpx):
    """httpx2, which succeeds httpx."""

    def open(self) -> None:
        self.http = self.platform.http_client(library="httpx2", timeout=30)

    def exchange(self, call: Call) -> Reply:
        import httpx2

        try:
            answer = self.http.post(call.path, content=call.body, headers=call.headers)
        except httpx2.ConnectError as error:
            raise NotConnected(str(error)) from error
        except httpx2.TransportError as error:
            raise NoAnswer(str(error)) from error
        return Reply(answer.status_code, answer.headers, answer.content)


class Requests(Sender):
    """requests: a session, and a timeout for each call."""

    def open(self) -> None:
        import requests

        self.http = requests.Session()
        self.http.trust_env = False
        self.errors = requests.exceptions

    def close(self) -> None:
        self.http.close()

    def exchange(self, call: Call) -> Reply:
        url = self.platform.base_url + call.path
        try:
            answer = self.http.post(
                url,
                data=call.body,
                headers=dict(call.headers),
                timeout=(5, 30),
                allow_redirects=False,
            )
        except self.errors.RequestException as error:
            raise NoAnswer(str(error)) from error
        return Reply(answer.status_code, answer.headers, answer.content)


class RequestsPerCall(Requests):
    """requests: a connection for each call, as `requests.post` has it."""

    def exchange(self, call: Call) -> Reply:
        self.open()
        try:
            return super().exchange(call)
        finally:
            self.http.close()


class Urllib3(Sender):
    """urllib3: a pool manager with its own retries switched off."""

    def open(self) -> None:
        import urllib3

        self.http = urllib3.PoolManager(
            retries=False, timeout=urllib3.Timeout(connect=5, read=30), maxsize=4
        )
        self.errors = urllib3.exceptions

    def close(self) -> None:
        self.http.clear()

    def exchange(self, call: Call) -> Reply:
        url = self.platform.base_url + call.path
        try:
            answer = self.http.request("POST", url, body=call.body, headers=dict(call.headers))
        except self.errors.NewConnectionError as error:
            raise NotConnected(str(error)) from error
        except self.errors.HTTPError as error:
            raise NoAnswer(str(error)) from error
        return Reply(answer.status, answer.headers, answer.data)


class HttpClient(Sender):
    """http.client: a connection for each call."""

    def open(self) -> None:
        self.where = urllib.parse.urlsplit(self.platform.base_url)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.where.hostname or "", self.where.port, timeout=30)

    def exchange(self, call: Call) -> Reply:
        connection = self.connection()
        try:
            return self.over(connection, call)
        finally:
            connection.close()

    def over(self, connection: http.client.HTTPConnection, call: Call) -> Reply:
        try:
            connection.connect() if connection.sock is None else None
        except OSError as error:
            raise NotConnected(str(error)) from error
        try:
            connection.request("POST", call.path, call.body, dict(call.headers))
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise NoAnswer(str(error)) from error


class HttpClientPool(HttpClient):
    """http.client: a pool of connections in a queue, each used by one thread at a time."""

    def open(self) -> None:
        super().open()
        self.pool: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        for _ in range(3):
            self.pool.put(self.connection())

    def exchange(self, call: Call) -> Reply:
        connection = self.pool.get()
        try:
            return self.over(connection, call)
        finally:
            self.pool.put(connection)

    def close(self) -> None:
        while not self.pool.empty():
            self.pool.get().close()


class UrllibRequest(Sender):
    """urllib.request, which raises for statuses."""

    def open(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def exchange(self, call: Call) -> Reply:
        url = self.platform.base_url + call.path
        request = urllib.request.Request(url, call.body, dict(call.headers), method="POST")
        try:
            with self.opener.open(request, timeout=30) as answer:
                return Reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refusal:
            try:
                return Reply(refusal.code, refusal.headers, refusal.read())
            except (OSError, http.client.HTTPException) as error:
                raise NoAnswer(str(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(str(error)) from error


class Pycurl(Sender):
    """pycurl: an easy handle for each call."""

    def exchange(self, call: Call) -> Reply:
        import pycurl

        body, headers, curl = io.BytesIO(), {}, pycurl.Curl()

        def header(line: bytes) -> None:
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                headers[name.strip().title()] = value.strip()

        curl.setopt(pycurl.URL, self.platform.base_url + call.path)
        curl.setopt(pycurl.POSTFIELDS, call.body)
        curl.setopt(pycurl.HTTPHEADER, [f"{k}: {v}" for k, v in call.headers.items()])
        curl.setopt(pycurl.WRITEFUNCTION, body.write)
        curl.setopt(pycurl.HEADERFUNCTION, header)
        curl.setopt(pycurl.TIMEOUT, 30)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.NOPROXY, "*")
        try:
            curl.perform()
            return Reply(curl.getinfo(pycurl.RESPONSE_CODE), headers, body.getvalue())
        except pycurl.error as error:
            refused = error.args[0] == pycurl.E_COULDNT_CONNECT
            raise (NotConnected if refused else NoAnswer)(str(error)) from error
        finally:
            curl.close()


class Aiohttp(AsyncSender):
    """aiohttp with a timeout of its own for the whole exchange."""

    total: float | None = 30

    def open(self) -> None:
        self.http: Any = None

    async def close(self) -> None:
        if self.http is not None:
            await self.http.close()

    async def exchange(self, call: Call) -> Reply:
        import aiohttp

        if self.http is None:
            self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.total))
        url = self.platform.base_url + call.path
        try:
            async with self.http.post(
                url, data=call.body, headers=call.headers, allow_redirects=False
            ) as answer:
                return Reply(answer.status, answer.headers, await answer.read())
        except aiohttp.ClientConnectorError as error:
            raise NotConnected(str(error)) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoAnswer(str(error)) from error


class AiohttpStock(Aiohttp):
    """aiohttp with the timeout that it has unless told otherwise: 300 s."""

    total = 300


class AiohttpTenSeconds(Aiohttp):
    """aiohttp with ten seconds for the whole exchange."""

    total = 10


class Tornado(AsyncSender):
    """tornado's simple client, which raises for statuses only if asked."""

    def open(self) -> None:
        self.http: Any = None

    async def close(self) -> None:
        if self.http is not None:
            self.http.close()

    async def exchange(self, call: Call) -> Reply:
        from tornado.httpclient import HTTPError
        from tornado.simple_httpclient import SimpleAsyncHTTPClient

        if self.http is None:
            self.http = SimpleAsyncHTTPClient(force_instance=True)
        try:
            answer = await self.http.fetch(
                self.platform.base_url + call.path,
                method="POST",
                body=call.body,
                headers=dict(call.headers),
                raise_error=False,
                follow_redirects=False,
                connect_timeout=5,
                request_timeout=30,
            )
        except (HTTPError, OSError) as error:  # timeouts and closed streams are errors all the same
            raise NoAnswer(str(error)) from error
        return Reply(answer.code, answer.headers, answer.body or b"")


class RawStreams(AsyncSender):
    """asyncio streams, with HTTP/1.1 written by hand."""

    async def exchange(self, call: Call) -> Reply:
        where = urllib.parse.urlsplit(self.platform.base_url)
        try:
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
        except OSError as error:
            raise NotConnected(str(error)) from error
        try:
            async with asyncio.timeout(30):
                return await self.over(reader, writer, where.netloc, call)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise NoAnswer(str(error)) from error
        finally:
            writer.close()

    async def over(self, reader: Any, writer: Any, host: str, call: Call) -> Reply:
        lengths = {"Host": host, "Content-Length": str(len(call.body)), "Connection": "close"}
        head = "".join(f"{k}: {v}\r\n" for k, v in {**call.headers, **lengths}.items())
        writer.write(f"POST {call.path} HTTP/1.1\r\n{head}\r\n".encode() + call.body)
        await writer.drain()
        top = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in top[1:] if line)
        headers = {name.title(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        return Reply(int(top[0].split()[1]), headers, body)
