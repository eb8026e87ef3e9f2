"""Numbers as they stand in sentences and tables."""

from collections.abc import Sequence
from datetime import date


def count_of(n: int, singular: str) -> str:
    return f"{n:,} {singular}{'' if n == 1 else 's'}"


def number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def digits(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    return f"{100 * share:.{1 if 0 < share < 0.1 else 0}f} %"


def ends(interval: Sequence[float] | None) -> str:
    return f"{digits(interval[0])} to {digits(interval[1])}" if interval else "undefined"


def estimate(value: float | None, interval: Sequence[float] | None) -> str:
    return (
        f"{digits(value)} [{digits(interval[0])}, {digits(interval[1])}]"
        if value is not None and interval
        else digits(value)
    )


def day_of(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B %Y}"
