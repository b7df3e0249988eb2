"""Mistakes with retries: one each."""

from __future__ import annotations

import random
import time

from policy import Again, Call, NoAnswer, Refused, Reply, Wait
from whole import AsyncNotifier, Notifier
from words import LONGEST_WAIT, SCOPE_MISSING, NotSent, asked_wait


class RecoversFromNamedOnly(Notifier):
    """R2: recovers from a 403 only if its body has the code it knows."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Again as failure:
            refusal = failure.__cause__
            if isinstance(refusal, Refused) and refusal.status == 403 and not refusal.code:
                raise NotSent("forbidden") from failure
            raise


class RecoversOnce(Notifier):
    """R2: recovers once in its life, because the flag is on the client."""

    recovered = False

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Again as failure:
            if getattr(failure.__cause__, "status", None) == 403:
                if self.recovered:
                    raise NotSent("a session died again") from failure
                self.recovered = True
            raise


class RecoversForEver(Notifier):
    """R2: creates another session however often it is refused."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Again as failure:
            if getattr(failure.__cause__, "status", None) == 403:
                failure.times, failure.wait = 50, 1.0
            raise


class RecoversAfterThrottlingOnly(Notifier):
    """R2: gives up at a 403, except after a wait, when it expects one."""

    waited = False

    def message(self, guest, text):
        self.waited = False
        yield from super().message(guest, text)

    def pause(self, failure, count):
        self.waited = True
        return super().pause(failure, count)

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Again as failure:
            if getattr(failure.__cause__, "status", None) == 403 and not self.waited:
                raise NotSent("forbidden") from failure
            raise


class CreatesForTheScope(Notifier):
    """R3: takes a 403 at the create for a moment's trouble."""

    def create(self, token, guest):
        try:
            return (yield from super().create(token, guest))
        except Refused as refusal:
            if refusal.status == 403:
                raise Again("not allowed to create", times=2) from refusal
            raise


class RenewsForTheScope(Notifier):
    """R3: takes a new token if a scope is missing, and tries again."""

    def call(self, operation, path, token, body, wanted):
        try:
            return (yield from super().call(operation, path, token, body, wanted))
        except Refused as refusal:
            if refusal.code == SCOPE_MISSING:
                self.token = None
                raise Again("the scope is missing", times=1, wait=0) from refusal
            raise


class WaitsForTheScope(Notifier):
    """R3: tries again a minute after a scope was missing."""

    def call(self, operation, path, token, body, wanted):
        try:
            return (yield from super().call(operation, path, token, body, wanted))
        except Refused as refusal:
            if refusal.code == SCOPE_MISSING:
                raise Again("the scope is missing", times=1, wait=60) from refusal
            raise


class EverySendRefusalIsDeath(Notifier):
    """R3: recovers from every 403 of a send."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except Refused as refusal:
            if refusal.code == SCOPE_MISSING:
                raise Again("the session had died", times=1, wait=0) from refusal
            raise


class SucceedsWithoutTheScope(Notifier):
    """R3: logs a missing scope and reports success."""

    def message(self, guest, text):
        try:
            yield from super().message(guest, text)
        except Refused as refusal:
            if refusal.code != SCOPE_MISSING:
                raise


class Stubborn(Notifier):
    """R4: tries twenty times."""

    stubborn_about = ("create", "send", "token")

    def request(self, operation, *rest):
        try:
            return (yield from super().request(operation, *rest))
        except Again as failure:
            if operation in self.stubborn_about:
                failure.times = 19
            raise


class CreatesForEver(Stubborn):
    """R4: tries to create twenty times."""

    stubborn_about = ("create",)


class LogsInForEver(Stubborn):
    """R4: tries to log in twenty times."""

    stubborn_about = ("token",)


class SitsOutEveryThrottling(Notifier):
    """R4: does not count 429s."""

    def read(self, operation, reply, wanted):
        try:
            return super().read(operation, reply, wanted)
        except Again as failure:
            if failure.status == 429:
                failure.times = 25
            raise


class SevenTries(Notifier):
    """R4: tries seven times."""

    def request(self, *call):
        try:
            return (yield from super().request(*call))
        except Again as failure:
            failure.times = 6
            raise


class RetriesUntilMidnight(Notifier):
    """R4: bounds a retry by time alone: ten minutes, with two seconds between tries."""

    def persist(self, act):
        until = time.monotonic() + 600
        repairs = set()
        while True:
            try:
                return (yield from act())
            except Again as failure:
                if time.monotonic() > until or failure.cause in repairs:
                    raise NotSent(failure.cause) from failure
                if failure.times == 1:
                    repairs.add(failure.cause)
                asked = asked_wait(failure.headers) or 0
                if asked > LONGEST_WAIT:
                    raise NotSent("too long") from failure
                yield Wait(max(2.0, asked) if failure.times > 1 else 0.0)


class LayersOfRetries(AsyncNotifier):
    """R4: its HTTP layer tries a create three times, and so does the layer above."""

    async def exchange(self, call):
        for _ in range(2):
            if call.operation == "create":
                try:
                    reply = await super().exchange(call)
                except NoAnswer:
                    await self.sleep(1)
                    continue
                if reply.status < 500:
                    return reply
                await self.sleep(1)
        return await super().exchange(call)


class RetriesLostCreates(Notifier):
    """R4: counts statuses, and no answer is none."""

    def request(self, *call):
        try:
            return (yield from super().request(*call))
        except Again as failure:
            if failure.status is None:
                failure.times = 30
            raise


class CapsTheWait(Notifier):
    """R5: never waits more than ten seconds."""

    def pause(self, failure, count):
        return min(super().pause(failure, count), 10.0)


class TakesMilliseconds(Notifier):
    """R5: takes Retry-After for milliseconds."""

    def pause(self, failure, count):
        asked = asked_wait(failure.headers)
        return max(0.2, asked / 1000) if asked else super().pause(failure, count)


class JittersTheWait(Notifier):
    """R5: draws its wait between nothing and what was asked for."""

    def pause(self, failure, count):
        asked = asked_wait(failure.headers)
        whole = super().pause(failure, count)
        return random.uniform(0.2, whole) if asked else whole


class OwnScheduleFor(Notifier):
    """R5: has a schedule of its own for an operation."""

    own = ("create",)

    def request(self, operation, *rest):
        try:
            return (yield from super().request(operation, *rest))
        except Again as failure:
            if operation in self.own:
                failure.headers = {}
            raise


class OwnScheduleForSends(OwnScheduleFor):
    """R5: has a schedule of its own for sends."""

    own = ("send",)


class OwnScheduleForLogins(OwnScheduleFor):
    """R5: has a schedule of its own for logins."""

    own = ("token",)


class ListensOnce(Notifier):
    """R5: reads the first Retry-After only."""

    def pause(self, failure, count):
        if count > 1:
            failure.headers = {}
        return super().pause(failure, count)


class SecondShort(Notifier):
    """R5: subtracts a second for the time on the way."""

    def pause(self, failure, count):
        asked = asked_wait(failure.headers)
        return max(0.5, asked - 1) if asked else super().pause(failure, count)


class DigitsOnly(Notifier):
    """Correct: reads whole seconds alone, as documented, and else waits as after a 503."""

    def pause(self, failure, count):
        if not str(failure.headers.get("Retry-After", "")).isdigit():
            failure.headers = {}
        return super().pause(failure, count)


class NoPauseAtFirst(Notifier):
    """R6: makes its first retry at once, as urllib3 does."""

    def pause(self, failure, count):
        if failure.status is not None and failure.status >= 500 and count == 1:
            return 0.0
        return super().pause(failure, count)


class FullJitter(Notifier):
    """R6: draws its wait from nothing up to a bound that grows."""

    def pause(self, failure, count):
        wait = super().pause(failure, count)
        if failure.status is not None and failure.status >= 500:
            return random.uniform(0, 2**count / 2)
        return wait


class FiftyMilliseconds(Notifier):
    """R6: waits fifty milliseconds."""

    def pause(self, failure, count):
        if failure.status is not None and failure.status >= 500:
            return 0.05
        return super().pause(failure, count)


class AtOnceFor(Notifier):
    """R6: repeats a create at once."""

    eager = ("create",)

    def request(self, operation, *rest):
        try:
            return (yield from super().request(operation, *rest))
        except Again as failure:
            if operation in self.eager and (failure.status or 0) >= 500:
                failure.wait = 0
            raise


class LogsInAtOnce(AtOnceFor):
    """R6: repeats a login at once."""

    eager = ("token",)


class BadGatewayAtOnce(Notifier):
    """R6: takes a 502 for a slip of one gateway, and tries the next at once."""

    def pause(self, failure, count):
        return 0.0 if failure.status == 502 else super().pause(failure, count)


class RepeatsBadRequests(Notifier):
    """R7: repeats a create that got 400."""

    repeated = ("create", 400)

    def request(self, operation, *rest):
        try:
            return (yield from super().request(operation, *rest))
        except Refused as refusal:
            if (operation, refusal.status) == self.repeated:
                raise Again("perhaps it works now", times=1, wait=1) from refusal
            raise


class RepeatsBadLogins(RepeatsBadRequests):
    """R7: repeats a login that got 400."""

    repeated = ("token", 400)


class RepeatsTooLarge(RepeatsBadRequests):
    """R7: repeats a create that got 413."""

    repeated = ("create", 413)


class HttpLayerRepeatsSends(Notifier):
    """R7: its HTTP layer repeats a send that got 400 once."""

    def exchange(self, call: Call) -> Reply:
        reply = super().exchange(call)
        if call.operation == "send" and reply.status == 400:
            self.sleep(0.5)
            return super().exchange(call)
        return reply
