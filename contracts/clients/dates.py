"""Stand-ins for `date` and `datetime` that take "now" from the calling thread's clock.

They build real objects, so that code that checks a value's exact type (a JSON encoder, say) never sees another.
"""

from __future__ import annotations

import datetime
from typing import Any

from contracts.clients.scheduled import current_scheduler

_real_date, _real_datetime = datetime.date, datetime.datetime


class _StandIn(type):
    """Makes a class that stands in for `real`: a call makes a real object, and real objects count as its instances."""

    real: type

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.real(*args, **kwargs) if _stands_in(cls) else super().__call__(*args, **kwargs)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.real) if _stands_in(cls) else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.real) if _stands_in(cls) else super().__subclasscheck__(subclass)


def _stands_in(cls: type) -> bool:
    """Return True for the two classes below, and False for a client's own class derived from one."""
    return "real" in vars(cls)


class Date(datetime.date, metaclass=_StandIn):
    """Stands in for `datetime.date`."""

    real = _real_date

    @classmethod
    def today(cls) -> Any:
        """Return the thread's date."""
        scheduler = current_scheduler()
        return super().today() if scheduler is None else _builder(cls).fromtimestamp(scheduler.clock.seconds())


class Datetime(datetime.datetime, metaclass=_StandIn):
    """Stands in for `datetime.datetime`."""

    real = _real_datetime

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        """Return the thread's time."""
        scheduler = current_scheduler()
        return super().now(tz) if scheduler is None else _builder(cls).fromtimestamp(scheduler.clock.seconds(), tz)

    @classmethod
    def today(cls) -> Any:
        """Return the thread's time."""
        return cls.now()

    @classmethod
    def utcnow(cls) -> Any:
        """Return the thread's time in UTC, as a naive datetime."""
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)  # noqa: UP017 - Python 3.9 has no other


def _builder(cls: Any) -> Any:
    return vars(cls).get("real", cls)
