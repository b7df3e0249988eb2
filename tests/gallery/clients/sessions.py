"""Mistakes with session ids: one each."""

from __future__ import annotations

import asyncio
import time
import uuid

from policy import Again, Bearer, Unclear, Wait
from whole import AsyncNotifier, Notifier
from words import SESSIONS, NotSent, field


class PoolOfSessions(Notifier):
    """S1: puts a session back into its pool after use."""

    def open(self):
        super().open()
        self.idle = []

    def attempt(self, guest, text):
        token = yield Bearer()
        session = self.idle.pop() if self.idle else (yield from self.create(token, guest))
        yield from self.deliver(token, session, text)
        self.idle.append(session)


class TwentySecondCache(Notifier):
    """S1: keeps a guest's session for twenty seconds."""

    def open(self):
        super().open()
        self.kept = {}

    def attempt(self, guest, text):
        token = yield Bearer()
        session, since = self.kept.pop(guest.email, (None, 0.0))
        if session is None or time.monotonic() - since > 20:
            session, since = (yield from self.create(token, guest)), time.monotonic()
        yield from self.deliver(token, session, text)
        self.kept[guest.email] = session, since


class OneForAll(Notifier):
    """S1: has one session for everyone until a 403."""

    session = None

    def attempt(self, guest, text):
        token = yield Bearer()
        if self.session is None:
            self.session = yield from self.create(token, guest)
        try:
            yield from self.deliver(token, self.session, text)
        except (Again, NotSent):
            self.session = None
            raise


class SendsTwiceInARow(Notifier):
    """S1: presents each id a second time, to be sure, and ignores the answer."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, session, text)
        try:
            yield from super().deliver(token, session, text)
        except (Again, NotSent):
            pass


class SendsTwiceAtOnce(AsyncNotifier):
    """S1: presents each id twice at the same moment, and takes the better answer."""

    async def exchange(self, call):
        if call.operation != "send":
            return await super().exchange(call)
        calls = [super(SendsTwiceAtOnce, self).exchange(call) for _ in range(2)]
        replies = await asyncio.gather(*calls, return_exceptions=True)
        good = [r for r in replies if not isinstance(r, Exception)]
        if not good:
            raise replies[0]
        return min(good, key=lambda reply: reply.status)


class HedgesTheSlowSend(AsyncNotifier):
    """S1: sends again with the same id if no answer has come for two seconds."""

    async def exchange(self, call):
        first = asyncio.ensure_future(super().exchange(call))
        if call.operation == "send":
            await asyncio.wait({first}, timeout=2)
            if not first.done():
                second = asyncio.ensure_future(super().exchange(call))
                await asyncio.wait({first, second})
                if first.exception() is None and first.result().status == 200:
                    return first.result()
                return await second
        return await first


class SameIdAfterNoAnswer(Notifier):
    """S1: sends again with the same id if no answer came."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except NotSent as error:
            if not isinstance(error.__cause__, Unclear) or error.__cause__.status is not None:
                raise
            yield Wait(0.5)
            yield from super().deliver(token, session, text)


class SameIdAfterServerError(Notifier):
    """S1: sends again with the same id after a 5xx."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except NotSent as error:
            if (getattr(error.__cause__, "status", None) or 0) < 500:
                raise
            yield Wait(0.5)
            yield from super().deliver(token, session, text)


class SameIdAfterHalfAnAnswer(Notifier):
    """S1: takes a 200 that it cannot read for a failure, and sends again with the same id."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except NotSent as error:
            if getattr(error.__cause__, "status", None) != 200:
                raise
            yield Wait(0.5)
            yield from super().deliver(token, session, text)


class ThrottlesBetween(Notifier):
    """S2: waits for its own rate limiter between create and send."""

    def deliver(self, token, session, text):
        yield Wait(6.0)
        yield from super().deliver(token, session, text)


class TypesLikeAPerson(Notifier):
    """S2: pauses a quarter of a second for each character before it sends."""

    def deliver(self, token, session, text):
        yield Wait(0.25 * len(text))
        yield from super().deliver(token, session, text)


class LogsInBetween(Notifier):
    """S2: keeps the session while it renews a refused token, however long that takes."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Again as failure:
            if getattr(failure.__cause__, "status", None) != 401:
                raise
            yield from super().deliver((yield Bearer()), session, text)


class SameSessionAfterThrottling(Notifier):
    """S2: waits out a 429 with the session in its hand."""

    def deliver(self, token, session, text):
        for tries in range(1, 5):
            try:
                return (yield from super().deliver(token, session, text))
            except Again as failure:
                if failure.status != 429 or tries == 4:
                    raise
                yield Wait(self.pause(failure, tries))
        return None


class NextSessionAhead(Notifier):
    """S2: creates a session for the guest's next message as soon as one is sent."""

    def open(self):
        super().open()
        self.ahead = {}

    def attempt(self, guest, text):
        token = yield Bearer()
        session = self.ahead.pop(guest.email, None)
        if session is None:
            session = yield from self.create(token, guest)
        yield from self.deliver(token, session, text)
        try:
            self.ahead[guest.email] = yield from self.create(token, guest)
        except (Again, NotSent):
            pass


class SessionOnSelf(Notifier):
    """S3: keeps the session on itself, where threads overwrite it, and pauses before it sends."""

    def attempt(self, guest, text):
        token = yield Bearer()
        self.session = yield from self.create(token, guest)
        yield Wait(0.5)
        yield from self.deliver(token, self.session, text)


class GuestOnSelf(Notifier):
    """S3: keeps guest and session on itself, where threads overwrite them."""

    def attempt(self, guest, text):
        self.person = guest
        token = yield Bearer()
        self.session = yield from self.create(token, self.person)
        yield from self.deliver(token, self.session, text)


class CoalescesCreates(AsyncNotifier):
    """S3: lets creates that are made at the same time share one session."""

    flying = None

    async def exchange(self, call):
        if call.operation != "create":
            return await super().exchange(call)
        if self.flying is None or self.flying.done():
            self.flying = asyncio.ensure_future(super().exchange(call))
        return await asyncio.shield(self.flying)


class UppercasesTheId(Notifier):
    """S4: writes ids in capitals."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, session.upper() + "A", text)


class DropsTheDashes(Notifier):
    """S4: stores ids without dashes."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, session.replace("-", ""), text)


class CutsTheId(Notifier):
    """S4: keeps ids in a column that is too narrow."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, session[:30], text)


class TakesTheCorrelationId(Notifier):
    """S4: takes the correlation id of the answer for the session's."""

    def read(self, operation, reply, wanted):
        value = super().read(operation, reply, wanted)
        return reply.headers["inin-correlation-id"] if operation == "create" else value


class InventsAMissingId(Notifier):
    """S4: makes up an id if the answer to the create has none."""

    def read(self, operation, reply, wanted):
        if operation == "create" and reply.status == 200:
            return field(reply.body, wanted) or str(uuid.uuid4())
        return super().read(operation, reply, wanted)


class ForgetsTheF(Notifier):
    """S5: lacks the f before a string."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, "{session}", text)


class WritesNone(Notifier):
    """S5: turns a missing id into the word None."""

    def read(self, operation, reply, wanted):
        if operation == "create" and reply.status == 200:
            return str(field(reply.body, wanted))
        return super().read(operation, reply, wanted)


class SendsUndefined(Notifier):
    """S5: reads the id from a field that another version had."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, "undefined", text)


class GoesOnWithoutASession(Notifier):
    """S5: sends null if it could not create a session."""

    def attempt(self, guest, text):
        token = yield Bearer()
        try:
            session = yield from self.create(token, guest)
        except Unclear:
            session = None
        yield from self.deliver(token, session, text)


class RendersTheText(Notifier):
    """S5: appends a template to the text that nothing renders."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, session, text + " {{signature}}")


class HedgesTheCreate(Notifier):
    """S6: creates two sessions for each message and uses the first."""

    def create(self, token, guest):
        session = yield from super().create(token, guest)
        yield from super().create(token, guest)
        return session


class GreetsNewGuests(Notifier):
    """S6: creates a session of its own at the first contact with a guest."""

    def open(self):
        super().open()
        self.known = set()

    def create(self, token, guest):
        if guest.email not in self.known:
            self.known.add(guest.email)
            yield from super().create(token, guest)
        return (yield from super().create(token, guest))


class ChecksTheHealth(Notifier):
    """S6: creates a session without a guest before each message, as a health check."""

    def attempt(self, guest, text):
        token = yield Bearer()
        yield from self.call(
            "create", SESSIONS, token, {"guest": self.guest(guest)}, "webChatSessionId"
        )
        yield from super().attempt(guest, text)


class OldIdAfterRecovery(Notifier):
    """R1: creates a fresh session after a 403, and sends with the old id."""

    def attempt(self, guest, text):
        token = yield Bearer()
        session = yield from self.create(token, guest)
        try:
            yield from self.deliver(token, session, text)
        except Again as failure:
            if getattr(failure.__cause__, "status", None) != 403:
                raise
            yield from self.create(token, guest)
            yield from self.deliver(token, session, text)


class HttpLayerRepeatsForbidden(Notifier):
    """R1: its HTTP layer repeats every 403 of a send once."""

    def exchange(self, call):
        reply = super().exchange(call)
        if call.operation == "send" and reply.status == 403:
            if field(reply.body, "code") != "app.not.authorized.for.scope":
                self.sleep(0.3)
                return super().exchange(call)
        return reply


class DoubtsEmptyForbidden(Notifier):
    """R1: takes a 403 without a body for a proxy's slip, and sends again with the same id."""

    def exchange(self, call):
        reply = super().exchange(call)
        if call.operation == "send" and reply.status == 403 and not reply.body:
            self.sleep(0.3)
            return super().exchange(call)
        return reply


class RepeatsTheDeadLater(Notifier):
    """R1: takes a dead session for a late one: waits ten seconds, and tries again."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Again as failure:
            if getattr(failure.__cause__, "status", None) != 403:
                raise
            yield Wait(10.0)
            yield from super().deliver(token, session, text)
