"""Mistakes with the outcome of a message: one each."""

from __future__ import annotations

import asyncio
import queue
import threading
import time

from policy import Again, Refused, Unclear, Wait
from whole import AsyncNotifier, Notifier
from words import NotSent, asked_wait


def cause(error):
    """Return the status behind an error: None if there was no answer."""
    return getattr(error.__cause__, "status", None)


class SendsAgain(Notifier):
    """D1: sends again, in a fresh session, if no answer came."""

    def doubtful(self, failure):
        return failure.status is None

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except NotSent as error:
            if isinstance(error.__cause__, Unclear) and self.doubtful(error.__cause__):
                raise Again("the send failed", times=2) from error
            raise


class SendsAgainAfterServerError(SendsAgain):
    """D1: sends again, in a fresh session, after a 5xx."""

    def doubtful(self, failure):
        return (failure.status or 0) >= 500


class SendsAgainAfterBadGateway(SendsAgain):
    """D1: sends again, in a fresh session, after a 502."""

    def doubtful(self, failure):
        return failure.status == 502


class SendsAgainAfterHalfAnAnswer(SendsAgain):
    """D1: sends again, in a fresh session, if it cannot read a 200."""

    def doubtful(self, failure):
        return failure.status == 200


class HedgesInAFreshSession(AsyncNotifier):
    """D1: sends in a second session if the first send takes three seconds."""

    async def send(self, guest, text):
        first = asyncio.ensure_future(super().send(guest, text))
        await asyncio.wait({first}, timeout=3)
        if first.done():
            return first.result()
        second = asyncio.ensure_future(super().send(guest, text))
        done, _ = await asyncio.wait({first, second})
        if all(task.exception() for task in done):
            first.result()
        return None


class GivesUp(Notifier):
    """D2: gives up at the first 429."""

    operations = ("create", "send", "token")

    def hopeless(self, failure):
        return failure.status == 429

    def request(self, operation, *rest):
        try:
            return (yield from super().request(operation, *rest))
        except Again as failure:
            if operation in self.operations and self.hopeless(failure):
                raise NotSent(failure.cause) from failure
            raise


class GivesUpCreating(GivesUp):
    """D2: gives up at the first 5xx of a create."""

    operations = ("create",)

    def hopeless(self, failure):
        return (failure.status or 0) >= 500


class GivesUpLoggingIn(GivesUp):
    """D2: never retries its token call."""

    operations = ("token",)

    def hopeless(self, failure):
        return True


class GivesUpLostLogins(GivesUp):
    """D2: gives up if no answer to a login comes."""

    operations = ("token",)

    def hopeless(self, failure):
        return failure.status is None


class GivesUpLostCreates(GivesUp):
    """D2: gives up if no answer to a create comes."""

    operations = ("create",)

    def hopeless(self, failure):
        return failure.status is None


class GivesUpHalfLogins(GivesUp):
    """Correct: gives up if a 200 to a login is not the platform's, because a retry may not help."""

    operations = ("token",)

    def hopeless(self, failure):
        return failure.status == 200


class KnowsUnavailableOnly(GivesUp):
    """D2: retries 503, and gives up at other server errors."""

    operations = ("create", "token")

    def hopeless(self, failure):
        return (failure.status or 0) >= 500 and failure.status != 503


class GivesUpThrottledLogins(GivesUp):
    """D2: gives up at a 429 of a login."""

    operations = ("token",)


class ZeroIsNothing(GivesUp):
    """D2: takes a Retry-After of 0 for none, and gives up without one."""

    def hopeless(self, failure):
        return failure.status == 429 and not asked_wait(failure.headers)


class CrashesOnOddRetryAfter(GivesUp):
    """D2: reads Retry-After with int(), whatever it is."""

    def hopeless(self, failure):
        if failure.status == 429:
            int(failure.headers["Retry-After"])
        return False


class TwoTries(Notifier):
    """D2: tries twice."""

    def request(self, *call):
        try:
            return (yield from super().request(*call))
        except Again as failure:
            failure.times = 1
            raise


class FiveSecondsInAll(Notifier):
    """D2: gives a message five seconds in all, waits included."""

    def message(self, guest, text):
        self.until = time.monotonic() + 5
        yield from super().message(guest, text)

    def pause(self, failure, count):
        wait = super().pause(failure, count)
        if time.monotonic() + wait > self.until:
            raise NotSent("no time left")
        return wait


class RecoversOnFairDays(Notifier):
    """D2: does not retry the create that follows a dead session."""

    recovering = False

    def message(self, guest, text):
        self.recovering = False
        yield from super().message(guest, text)

    def persist(self, act):
        def once():
            try:
                return (yield from act())
            except Again as failure:
                if self.recovering and failure.cause.startswith("create"):
                    raise NotSent("could not recover") from failure
                self.recovering |= cause(failure) == 403
                raise

        return (yield from super().persist(once))


class OneTroubleAMessage(Notifier):
    """D2: repairs one thing in a message: the token, the session or a throttled call."""

    def persist(self, act):
        seen = []

        def once():
            try:
                return (yield from act())
            except Again as failure:
                seen.append(failure.cause)
                if len(set(seen)) > 1:
                    raise NotSent(f"{seen[0]}, then {failure.cause}") from failure
                raise

        return (yield from super().persist(once))


class NoTokenInTheRecovery(Notifier):
    """D2: does not expect a refused token once it has recovered from a dead session."""

    def persist(self, act):
        seen = []

        def once():
            try:
                return (yield from act())
            except Again as failure:
                if cause(failure) == 401 and 403 in seen:
                    raise NotSent("unauthorized in the recovery") from failure
                seen.append(cause(failure))
                raise

        return (yield from super().persist(once))


class NoDeathAfterThrottling(Notifier):
    """D2: does not expect a dead session after a 429."""

    def persist(self, act):
        seen = []

        def once():
            try:
                return (yield from act())
            except Again as failure:
                if cause(failure) == 403 and 429 in seen:
                    raise NotSent("dead after a 429") from failure
                seen.append(failure.status)
                raise

        return (yield from super().persist(once))


class ForgetsDoubtAfterRecovery(Notifier):
    """D1: sends again after a lost answer if it had recovered from a dead session before."""

    def persist(self, act):
        seen = []

        def once():
            try:
                return (yield from act())
            except Again as failure:
                seen.append(cause(failure))
                raise
            except NotSent as error:
                if isinstance(error.__cause__, Unclear) and 403 in seen:
                    raise Again("lost", times=1) from error
                raise

        return (yield from super().persist(once))


class ForgetsDoubtAfterThrottling(Notifier):
    """D1: sends again after a lost answer if it was throttled before."""

    def persist(self, act):
        seen = []

        def once():
            try:
                return (yield from act())
            except Again as failure:
                seen.append(failure.status)
                raise
            except NotSent as error:
                if isinstance(error.__cause__, Unclear) and 429 in seen:
                    raise Again("lost", times=1) from error
                raise

        return (yield from super().persist(once))


class RefusesLongTexts(Notifier):
    """D2: refuses texts of more than forty characters."""

    def message(self, guest, text):
        if len(text) > 40:
            raise NotSent("too long")
        yield from super().message(guest, text)


class AsciiAddressesOnly(Notifier):
    """D2: fails at e-mail addresses that are not ASCII."""

    def guest(self, guest):
        guest.email.encode("ascii")
        return super().guest(guest)


class FailsFast(Notifier):
    """D2: opens its breaker for a minute after a failed message, and fails the next at once."""

    opened = -1000.0

    def message(self, guest, text):
        if time.monotonic() - self.opened < 60:
            raise NotSent("the breaker is open")
        try:
            yield from super().message(guest, text)
        except NotSent:
            self.opened = time.monotonic()
            raise


class LostIsDelivered(Notifier):
    """D3: reports success if no answer to the send came."""

    def deliver(self, token, session, text):
        try:
            yield from super().deliver(token, session, text)
        except NotSent as error:
            if not isinstance(error.__cause__, Unclear):
                raise


class FireAndForget(Notifier):
    """D3: reports success as soon as the message is in its queue."""

    def open(self):
        super().open()
        self.jobs = queue.Queue()
        self.worker = threading.Thread(target=self.work, daemon=True)
        self.worker.start()

    def work(self):
        while (job := self.jobs.get()) is not None:
            try:
                super().send(*job)
            except Exception:
                pass

    def send(self, guest, text):
        self.jobs.put((guest, text))

    def close(self):
        self.jobs.put(None)
        self.worker.join()
        super().close()


class WantsAnotherField(Notifier):
    """D3: fails after a 200 because a field of another version is not there."""

    def deliver(self, token, session, text):
        yield from super().deliver(token, session, text)
        raise NotSent("KeyError: 'messageId'")


class TooSlowToCount(Notifier):
    """D3: takes a 200 for a failure if the message took more than four seconds."""

    def message(self, guest, text):
        began = time.monotonic()
        yield from super().message(guest, text)
        if time.monotonic() - began > 4:
            raise NotSent("too slow")


class SharedError(Notifier):
    """D3: keeps the last error on itself, where threads share it."""

    def send(self, guest, text):
        self.error = None
        try:
            super().send(guest, text)
        except Exception as error:
            self.error = error
        if self.error is not None:
            raise NotSent(str(self.error))


class DropsRepetitions(Notifier):
    """D3: reports success for a text that the guest got a minute ago, without sending it."""

    def open(self):
        super().open()
        self.sent = {}

    def message(self, guest, text):
        if time.monotonic() - self.sent.get((guest.email, text), -1000) < 60:
            return
        yield from super().message(guest, text)
        self.sent[guest.email, text] = time.monotonic()


class ThrottledIsDelivered(Notifier):
    """D3: takes every answer below 500 that is not 401 or 403 for a success."""

    def read(self, operation, reply, wanted):
        if operation == "send" and reply.status in {400, 413, 429}:
            return "sent"
        return super().read(operation, reply, wanted)


class SecondDeathIsSilent(Notifier):
    """D3: swallows the failure of its recovery."""

    def message(self, guest, text):
        try:
            yield from super().message(guest, text)
        except NotSent as error:
            if "died" not in str(error):
                raise


class WaitsForSuccess(Notifier):
    """D6: waits for an event that only a success sets."""

    def send(self, guest, text):
        done = threading.Event()

        def work():
            Notifier.send(self, guest, text)
            done.set()

        threading.excepthook = lambda *_: None
        threading.Thread(target=work, daemon=True).start()
        done.wait()


class WorkerDies(Notifier):
    """D6: loses its only worker at the first failure."""

    def open(self):
        super().open()
        self.jobs = queue.Queue()
        self.worker = threading.Thread(target=self.work, daemon=True)
        self.worker.start()

    def work(self):
        while (job := self.jobs.get()) is not None:
            replies, guest, text = job
            try:
                super().send(guest, text)
                replies.put(None)
            except NotSent as error:
                replies.put(error)
                return

    def send(self, guest, text):
        replies = queue.SimpleQueue()
        self.jobs.put((replies, guest, text))
        error = replies.get()
        if error is not None:
            raise error

    def close(self):
        self.jobs.put(None)
        super().close()


class LeaksSlots(Notifier):
    """D6: has two slots, and does not give one back after a failure."""

    def open(self):
        super().open()
        self.slots = threading.Semaphore(2)

    def send(self, guest, text):
        self.slots.acquire()
        super().send(guest, text)
        self.slots.release()


class FutureForgotten(AsyncNotifier):
    """D6: never resolves its future after a refused token."""

    async def send(self, guest, text):
        over = asyncio.get_running_loop().create_future()

        async def work():
            try:
                over.set_result(await super(FutureForgotten, self).send(guest, text))
            except Refused as error:
                over.set_exception(error)
            except NotSent as error:
                if "token" not in str(error):
                    over.set_exception(error)

        self.task = asyncio.ensure_future(work())
        await over


class WaitsForTheAdministrator(Notifier):
    """D6: looks once an hour whether a refused message is allowed by now."""

    def message(self, guest, text):
        while True:
            try:
                return (yield from super().message(guest, text))
            except Refused as refusal:
                if refusal.status != 403:
                    raise
                yield Wait(3600.0)
