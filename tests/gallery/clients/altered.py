"""Mistakes with what is sent, and where to: one each."""

from __future__ import annotations

import html
import json
import re
import unicodedata
import urllib.parse
from types import SimpleNamespace

from whole import Notifier
from words import SESSIONS


class AltersText(Notifier):
    """D4: cuts texts at twenty characters."""

    def altered(self, text):
        return text[:20] or text

    def deliver(self, token, session, text):
        yield from super().deliver(token, session, self.altered(text) or text)


class StripsText(AltersText):
    """D4: strips blanks round a text."""

    def altered(self, text):
        return text.strip()


class ComposesText(AltersText):
    """D4: normalizes texts to NFC."""

    def altered(self, text):
        return unicodedata.normalize("NFC", text)


class DecomposesText(AltersText):
    """D4: normalizes texts to NFD."""

    def altered(self, text):
        return unicodedata.normalize("NFD", text)


class CollapsesBlanks(AltersText):
    """D4: turns every run of blanks into one."""

    def altered(self, text):
        return re.sub(r"\s+", " ", text)


class UnescapesText(AltersText):
    """D4: resolves HTML entities."""

    def altered(self, text):
        return html.unescape(text)


class DecodesPlus(AltersText):
    """D4: turns plus signs into blanks, as forms do."""

    def altered(self, text):
        return text.replace("+", " ")


class DecodesPercent(AltersText):
    """D4: resolves percent escapes."""

    def altered(self, text):
        return urllib.parse.unquote(text)


class DropsTheMark(AltersText):
    """D4: drops a byte order mark at the beginning."""

    def altered(self, text):
        return text.removeprefix("\ufeff")


class UniversalNewlines(AltersText):
    """D4: writes every line end as a line feed."""

    def altered(self, text):
        return text.replace("\r\n", "\n").replace("\r", "\n")


class PlainSpaces(AltersText):
    """D4: turns no-break spaces into spaces."""

    def altered(self, text):
        return text.replace("\u00a0", " ")


class DropsControls(AltersText):
    """D4: drops control characters."""

    def altered(self, text):
        return "".join(c for c in text if unicodedata.category(c) != "Cc")


class DropsJoiners(AltersText):
    """D4: drops zero-width joiners."""

    def altered(self, text):
        return text.replace("\u200d", "")


class ThreeBytesOnly(AltersText):
    """D4: drops characters that take four bytes."""

    def altered(self, text):
        return "".join(c for c in text if ord(c) < 0x10000)


class WesternOnly(AltersText):
    """D4: writes a question mark for what Latin-1 lacks."""

    def altered(self, text):
        return text.encode("latin-1", "replace").decode("latin-1")


class DropsBackslashes(AltersText):
    """D4: strips slashes, as a form handler did once."""

    def altered(self, text):
        return text.replace("\\", "")


class EndsTheLine(AltersText):
    """D4: ends every text with a line feed."""

    def altered(self, text):
        return text + "\n"


class FillsInNames(AltersText):
    """D4: fills in {{name}}, though the text is the user's."""

    def altered(self, text):
        return text.replace("{{name}}", "Ann")


class EmptiesNull(AltersText):
    """D4: sends a dash if the text is the word null."""

    def altered(self, text):
        return "-" if text == "null" else text


class AltersGuest(Notifier):
    """D5: writes e-mail addresses in small letters."""

    def altered(self, name, email):
        return name, email.lower()

    def guest(self, guest):
        name, email = self.altered(guest.name, guest.email)
        return super().guest(SimpleNamespace(name=name, email=email))


class TitlesNames(AltersGuest):
    """D5: writes names with capitals."""

    def altered(self, name, email):
        return name.title(), email


class FirstNames(AltersGuest):
    """D5: keeps the first name only."""

    def altered(self, name, email):
        return (name.split() or [name])[0], email


class StripsNames(AltersGuest):
    """D5: strips blanks round a name."""

    def altered(self, name, email):
        return name.strip(), email


class ComposesNames(AltersGuest):
    """D5: normalizes names to NFC."""

    def altered(self, name, email):
        return unicodedata.normalize("NFC", name), email


class DropsTheTag(AltersGuest):
    """D5: drops what follows a plus in an e-mail address."""

    def altered(self, name, email):
        return name, re.sub(r"\+[^@]*", "", email)


class Punycode(AltersGuest):
    """D5: writes the domain of an e-mail address in punycode."""

    def altered(self, name, email):
        local, at, domain = email.rpartition("@")
        try:
            return name, local + at + domain.encode("idna").decode()
        except UnicodeError:
            return name, email


class NamesTheUnreadable(AltersGuest):
    """D5: calls a guest Guest if nothing of the name is ASCII."""

    def altered(self, name, email):
        return name if any(letter.isascii() for letter in name) else "Guest", email


class SwapsTheTwo(AltersGuest):
    """D5: swaps name and e-mail address."""

    def altered(self, name, email):
        return email, name


class EscapesNames(AltersGuest):
    """D5: escapes names for a page."""

    def altered(self, name, email):
        return html.escape(name), email


class Anonymous(Notifier):
    """D5: creates sessions without a guest."""

    def create(self, token, guest):
        return (yield from self.call("create", SESSIONS, token, {}, "webChatSessionId"))


class OneEmailForAll(AltersGuest):
    """D5: writes an address of its own, so that answers come back to it."""

    def altered(self, name, email):
        return name, "noreply@example.com"


class SendsAForm(Notifier):
    """W1: sends forms where JSON belongs."""

    def headers(self, token):
        return {**super().headers(token), "Content-Type": self.form}

    def encode(self, body):
        return urllib.parse.urlencode(body).encode()


class NestsTheText(Notifier):
    """W1: wraps the text into an object, as another version had it."""

    def encode(self, body):
        if "text" in body:
            body = {**body, "text": {"body": body["text"]}}
        return super().encode(body)


class CallsItMessage(Notifier):
    """W1: calls the text `message`."""

    def encode(self, body):
        if "text" in body:
            body = {"webChatSessionId": body["webChatSessionId"], "message": body["text"]}
        return super().encode(body)


class GuestIsAString(Notifier):
    """W1: sends the guest's name for the guest."""

    def guest(self, guest):
        return guest.name


class GluesJson(Notifier):
    """W1: glues its JSON, and so a quotation mark breaks it."""

    def encode(self, body):
        if "text" not in body:
            return super().encode(body)
        pairs = ", ".join(f'"{key}": "{value}"' for key, value in body.items())
        return f"{{{pairs}}}".encode()


class WritesPython(Notifier):
    """W1: writes Python's repr for JSON."""

    def encode(self, body):
        return repr(body).encode()


class WesternJson(Notifier):
    """W1: encodes JSON in Latin-1."""

    def encode(self, body):
        return json.dumps(body, ensure_ascii=False).encode("latin-1", "ignore")


class TextJson(Notifier):
    """W1: says text/json."""

    def headers(self, token):
        return {**super().headers(token), "Content-Type": "text/json"}


class TrailingSlash(Notifier):
    """W2: ends paths with a slash."""

    def exchange(self, call):
        if call.operation == "send":
            call = call._replace(path=call.path + "/")
        return super().exchange(call)


class OldVersion(Notifier):
    """W2: calls the version before."""

    def exchange(self, call):
        return super().exchange(call._replace(path=call.path.replace("/v2/", "/v1/")))


class FallsBackToTheOld(Notifier):
    """W2: tries the version before after a server error."""

    def exchange(self, call):
        reply = super().exchange(call)
        if reply.status >= 500 and call.operation == "create":
            self.sleep(1)
            return super().exchange(call._replace(path=call.path.replace("/v2/", "/v1/")))
        return reply


class LooksAround(Notifier):
    """W2: asks for the root first, to see whether the platform is there."""

    def attempt(self, guest, text):
        self.http.get("/health")
        yield from super().attempt(guest, text)


class AsksForASession(Notifier):
    """W2: gets a session by GET."""

    def exchange(self, call):
        if call.operation == "create":
            self.http.get(call.path, headers={"Authorization": call.headers["Authorization"]})
        return super().exchange(call)
