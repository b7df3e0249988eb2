"""Mistakes with tokens and credentials: one each."""

from __future__ import annotations

import contextlib
import threading
import time

from policy import Again, Bearer, Forget, Refused
from whole import AsyncNotifier, Notifier
from words import MESSAGES, SESSIONS, TOKEN, NotSent, field


class GivesUpAtUnauthorized(Notifier):
    """A1: has no answer to a 401."""

    gives_up_at = (SESSIONS, MESSAGES)

    def call(self, operation, path, token, body, wanted):
        try:
            return (yield from super().call(operation, path, token, body, wanted))
        except Again as failure:
            if getattr(failure.__cause__, "status", None) == 401 and path in self.gives_up_at:
                raise NotSent("unauthorized") from failure
            raise


class RenewsForCreatesOnly(GivesUpAtUnauthorized):
    """A1: renews the token at the create, and does not expect a 401 at the send."""

    gives_up_at = (MESSAGES,)


class RenewsForSendsOnly(GivesUpAtUnauthorized):
    """A1: renews the token at the send, and does not expect a 401 at the create."""

    gives_up_at = (SESSIONS,)


class RenewsExpiredOnly(Notifier):
    """A1: renews the token only if the code says that it has expired."""

    def read(self, operation, reply, wanted):
        if reply.status == 401 and operation != "token":
            if "expired" not in str(field(reply.body, "code")):
                raise NotSent("bad credentials")
        return super().read(operation, reply, wanted)


class HeaderMadeOnce(Notifier):
    """A1: takes a new token, and shows the header that it made from the old one."""

    made = None

    def headers(self, token):
        self.made = self.made or super().headers(token)
        return self.made


class TriesTheTokenTwice(Notifier):
    """A1: repeats a create with the same token before it believes a 401."""

    def exchange(self, call):
        reply = super().exchange(call)
        if reply.status == 401 and call.operation == "create":
            self.sleep(0.2)
            return super().exchange(call)
        return reply


class RenewsForTheNextMessage(Notifier):
    """D2: renews the token after a 401, but lets the message fail."""

    def call(self, operation, path, token, body, wanted):
        try:
            return (yield from super().call(operation, path, token, body, wanted))
        except Again as failure:
            if getattr(failure.__cause__, "status", None) == 401:
                yield Bearer()
                raise NotSent("unauthorized") from failure
            raise


class RenewsForEver(Notifier):
    """A2: takes tokens until one is accepted."""

    def call(self, operation, path, token, body, wanted):
        try:
            return (yield from super().call(operation, path, token, body, wanted))
        except Again as failure:
            if getattr(failure.__cause__, "status", None) == 401:
                failure.times, failure.wait = 40, 1.0
            raise


class RenewsEightTimes(RenewsForEver):
    """A2: takes eight tokens before it gives up."""

    def pause(self, failure, count):
        if failure.times == 40 and count > 8:
            raise NotSent("eight tokens were refused")
        return super().pause(failure, count)


class RenewsInTwoLayers(Notifier):
    """A2: its HTTP layer renews three times, and so does the layer above."""

    def call(self, operation, path, token, body, wanted):
        for _ in range(3):
            try:
                return (yield from super().call(operation, path, token, body, wanted))
            except Again as failure:
                if getattr(failure.__cause__, "status", None) != 401 or operation == "send":
                    raise
                failure.times = 3
                last = failure
                token = yield Bearer()
        raise last

    def deliver(self, token, session, text):
        yield from super().deliver((yield Bearer()), session, text)


class EachTaskRenews(AsyncNotifier):
    """A3: has every task renew the token that it was refused."""

    def lock(self):
        return contextlib.nullcontext()

    async def bearer(self):
        if self.token is None:
            self.token = await self.run(self.login())
        return self.token


class LocksEachMessage(Notifier):
    """A3: makes a new lock for each renewal."""

    def bearer(self):
        lock = threading.Lock()
        with lock:
            if self.token is None:
                self.token = self.run(self.login())
            return self.token


class LooksOutsideTheLock(Notifier):
    """A3: looks for a token before it takes the lock, and not again inside."""

    def bearer(self):
        token = self.token
        if token is None:
            with self.renewing:
                token = self.token = self.run(self.login())
        return token


class ForgetsBlindly(AsyncNotifier):
    """A3: drops the token at every 401, even if it is another by now."""

    async def do(self, action):
        if isinstance(action, Forget):
            self.token = None
            return None
        return await super().do(action)


class MinuteCache(Notifier):
    """A4: believes that a token lasts for a minute."""

    lifetime = 60.0
    since = 0.0

    def bearer(self):
        with self.renewing:
            if self.token is None or time.monotonic() - self.since > self.lifetime:
                self.token = self.run(self.login())
                self.since = time.monotonic()
            return self.token


class TenMinuteCache(MinuteCache):
    """A4: believes that a token lasts for ten minutes."""

    lifetime = 600.0


class TakesLifetimeForMilliseconds(MinuteCache):
    """A4: reads `expires_in` as milliseconds."""

    lifetime = 86.4


class TokenForEachGuest(Notifier):
    """A4: has a client of its own, and so a token, for each guest."""

    def open(self):
        super().open()
        self.clients = {}

    def send(self, guest, text):
        if guest.email not in self.clients:
            self.clients[guest.email] = Notifier(self.platform)
        self.clients[guest.email].send(guest, text)


class ClientForEachMessage(Notifier):
    """A4: makes a client for each message."""

    def send(self, guest, text):
        Notifier(self.platform).run(self.message(guest, text))


class TokenForEachThread(Notifier):
    """A4: keeps the token in the thread, and has a thread for each message."""

    def send(self, guest, text):
        errors = []

        def work():
            self.local = threading.local()
            try:
                Notifier.send(self, guest, text)
            except Exception as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]

    def bearer(self):
        if not hasattr(self.local, "token"):
            self.local.token = self.run(self.login())
        self.token = self.local.token
        return self.token

    def do(self, action):
        if isinstance(action, Forget):
            self.local = threading.local()
            return None
        return super().do(action)


class RenewsAfterAnyTrouble(Notifier):
    """A4: drops the token whenever something fails."""

    def persist(self, act):
        def once():
            try:
                return (yield from act())
            except Again:
                self.token = None if act != self.login_once else self.token
                raise

        return (yield from super().persist(once))


class RenewsForDeadSessions(Notifier):
    """A4: takes a new token together with a new session."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Again as failure:
            if getattr(failure.__cause__, "status", None) == 403:
                yield Forget(token)
            raise


class LogsInAfterAPause(Notifier):
    """A4: takes a new token if it has not sent for half a minute."""

    last = 0.0

    def attempt(self, guest, text):
        if time.monotonic() - self.last > 30:
            self.token = None
        yield from super().attempt(guest, text)
        self.last = time.monotonic()


class TokenInTheQuery(Notifier):
    """A5: shows the token in the query too."""

    def call(self, operation, path, token, body, wanted):
        path = f"{path}?access_token={token}"
        return (yield from super().call(operation, path, token, body, wanted))


class TokenInTheBody(Notifier):
    """A5: shows the token in the body too."""

    def call(self, operation, path, token, body, wanted):
        body = {**body, "accessToken": token}
        return (yield from super().call(operation, path, token, body, wanted))


class SecretInTheCreate(Notifier):
    """A5: tells each session the secret."""

    def create(self, token, guest):
        body = {"guest": self.guest(guest), "customAttributes": {"key": self.client_secret}}
        return (yield from self.call("create", SESSIONS, token, body, "webChatSessionId"))


class TokenInACookie(Notifier):
    """A5: shows the token in a cookie too."""

    def headers(self, token):
        return {**super().headers(token), "Cookie": f"session={token}"}


class TokenAsApiKey(Notifier):
    """A5: shows the token in X-Api-Key too."""

    def headers(self, token):
        return {**super().headers(token), "X-Api-Key": token}


class SecretInItsOwnHeader(Notifier):
    """A5: shows the secret in a header of its own."""

    def headers(self, token):
        return {**super().headers(token), "X-Client-Secret": self.client_secret}


class TokenInTheUserAgent(Notifier):
    """A5: names itself by its token."""

    def headers(self, token):
        return {**super().headers(token), "User-Agent": f"notifier/1 ({token})"}


class BasicInACookie(Notifier):
    """A5: keeps its login in a cookie, as a browser session would."""

    def headers(self, token):
        return {**super().headers(token), "Cookie": f"login={self.basic().split()[1]}"}


class BearerNone(Notifier):
    """A5: shows None before it has a token, to see whether one is needed."""

    def attempt(self, guest, text):
        if self.token is None:
            try:
                yield from self.create("None", guest)
            except (Again, Refused):
                pass
        yield from super().attempt(guest, text)


class EmptyBearer(Notifier):
    """A5: writes Bearer and no token."""

    def headers(self, token):
        return {**super().headers(token), "Authorization": "Bearer "}


class MasksTheHeader(Notifier):
    """A5: masks the header for its log, in the request that it sends next."""

    def exchange(self, call):
        if call.operation == "send":
            call = call._replace(headers={**call.headers, "Authorization": "[REDACTED]"})
        return super().exchange(call)


class SecretInTheLoginUrl(Notifier):
    """A5: logs in by a URL that holds the secret."""

    def exchange(self, call):
        if call.path == TOKEN:
            call = call._replace(path=f"{TOKEN}?client_secret={self.client_secret}")
        return super().exchange(call)
