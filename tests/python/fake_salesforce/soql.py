"""As much of SOQL as the clients and the project ask: fields or COUNT() of one object, filtered, sorted and cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TOKEN = re.compile(
    r"\s*('(?:\\.|[^'\\])*'|\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:?\d\d)|\d{4}-\d\d-\d\d|-?\d+(?:\.\d+)?"
    r"|[A-Za-z_][A-Za-z0-9_.]*|<=|>=|!=|<>|[=<>(),])"
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
Row = Mapping[str, Any]
Test = Callable[[Row], bool]


class SoqlError(Exception):
    """A query that Salesforce would refuse.

    Args:
        code: Its error code.
        message: Its sentence.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


@dataclass
class Query:
    """A query, read.

    Args:
        fields: API names as the object spells them; empty for COUNT().
        keys: Values that a field is held equal to, by which rows can be found without looking at all.
    """

    object_name: str
    fields: list[str]
    is_count: bool
    test: Test
    keys: dict[str, list[Any]]
    order: list[tuple[str, bool, bool]]
    limit: int | None
    offset: int

    def run(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that it finds, in its order."""
        found = [row for row in rows if self.test(row)]
        for name, is_descending, is_null_first in reversed(self.order):
            with_value = [row for row in found if row.get(name) is not None]
            without = [row for row in found if row.get(name) is None]
            with_value.sort(key=lambda row: row[name], reverse=is_descending)
            found = without + with_value if is_null_first else with_value + without
        found = found[self.offset :]
        return found if self.limit is None else found[: self.limit]


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Mapping[str, str]]) -> None:
        self.tokens: list[str] = []
        self.names = names
        self.keys: dict[str, list[Any]] = {}
        position = 0
        text = text.strip()
        while position < len(text):
            found = TOKEN.match(text, position)
            if not found:
                raise SoqlError("MALFORMED_QUERY", f"unexpected token: {text[position : position + 20]}")
            self.tokens.append(found[1])
            position = found.end()
        self.at = 0

    def peek(self, word: str = "") -> bool | str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        return token.upper() == word.upper() if word else token

    def take(self, word: str = "") -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else "<EOF>"
        if word and token.upper() != word.upper():
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: {token}, expected {word}")
        self.at += 1
        return token

    def maybe(self, *words: str) -> bool:
        ahead = [token.upper() for token in self.tokens[self.at : self.at + len(words)]]
        if ahead == [word.upper() for word in words]:
            self.at += len(words)
            return True
        return False

    def field(self, name: str) -> str:
        spelled = self.fields.get(name.lower())
        if spelled is None:
            raise SoqlError(
                "INVALID_FIELD", f"No such column '{name}' on entity '{self.object_name}'. If you are attempting to "
                "use a custom field, be sure to append the '__c' after the custom field name.",
            )  # fmt: skip
        return spelled

    def read(self) -> Query:
        self.take("SELECT")
        is_count, asked = False, []
        if self.maybe("COUNT", "(", ")"):
            is_count = True
        else:
            asked.append(self.take())
            while self.maybe(","):
                asked.append(self.take())
        self.take("FROM")
        name = self.take()
        objects = {item.lower(): item for item in self.names}
        if name.lower() not in objects:
            raise SoqlError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        self.object_name = objects[name.lower()]
        self.fields = self.names[self.object_name]
        fields = [self.field(item) for item in asked]
        test: Test = lambda row: True  # noqa: E731
        if self.maybe("WHERE"):
            test = self.either(is_top=True)
        order = []
        if self.maybe("ORDER", "BY"):
            while True:
                by = self.field(self.take())
                is_descending = self.maybe("DESC")
                if not is_descending:
                    self.maybe("ASC")
                is_null_first = self.maybe("NULLS", "FIRST") or not self.maybe("NULLS", "LAST")
                order.append((by, is_descending, is_null_first))
                if not self.maybe(","):
                    break
        limit = int(self.take()) if self.maybe("LIMIT") else None
        offset = int(self.take()) if self.maybe("OFFSET") else 0
        if self.at < len(self.tokens):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{self.peek()}'")
        return Query(self.object_name, fields, is_count, test, self.keys, order, limit, offset)

    def either(self, is_top: bool = False) -> Test:
        tests = [self.both(is_top)]
        while self.maybe("OR"):
            self.keys.clear()
            tests.append(self.both(False))
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self, is_top: bool) -> Test:
        tests = [self.one(is_top)]
        while self.maybe("AND"):
            tests.append(self.one(is_top))
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def one(self, is_top: bool) -> Test:
        if self.maybe("NOT"):
            inner = self.one(False)
            return lambda row: not inner(row)
        if self.maybe("("):
            inner = self.either()
            self.take(")")
            return inner
        name = self.field(self.take())
        sign = self.take().upper()
        is_not = sign == "NOT"
        if is_not:
            self.take("IN")
        if is_not or sign == "IN":
            self.take("(")
            values = [self.value()]
            while self.maybe(","):
                values.append(self.value())
            self.take(")")
            found = {_folded(value) for value in values}
            if is_top and not is_not:
                self.keys[name] = values
            return lambda row: (_folded(row.get(name)) in found) != is_not
        wanted = self.value()
        if sign == "LIKE":
            pattern = re.escape(str(wanted)).replace("%", ".*").replace("_", ".")
            like = re.compile(pattern, re.IGNORECASE | re.DOTALL)
            return lambda row: like.fullmatch(str(row.get(name) or "")) is not None
        if sign == "=":
            if is_top:
                self.keys[name] = [wanted]
            return lambda row: _folded(row.get(name)) == _folded(wanted)
        if sign in ("!=", "<>"):
            return lambda row: _folded(row.get(name)) != _folded(wanted)
        compare = {
            "<": lambda value: value < wanted, ">": lambda value: value > wanted,
            "<=": lambda value: value <= wanted, ">=": lambda value: value >= wanted,
        }.get(sign)  # fmt: skip
        if compare is None:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{sign}'")
        return lambda row: row.get(name) is not None and compare(row[name])

    def value(self) -> Any:
        token = self.take()
        if token.startswith("'"):
            return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), token[1:-1])
        if token.upper() in ("TRUE", "FALSE", "NULL"):
            return {"TRUE": True, "FALSE": False, "NULL": None}[token.upper()]
        if re.match(r"\d{4}-", token):
            return stamp(token) if "T" in token else token
        try:
            return float(token)
        except ValueError as error:
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{token}'") from error


def stamp(text: str) -> str:
    """Return a time as the fake keeps it: in UTC, to the second."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _folded(value: Any) -> Any:
    """Return a value as SOQL compares it: text without regard to case; an empty text is none."""
    return (value.lower() or None) if isinstance(value, str) else value


def read_query(text: str, names: Mapping[str, Mapping[str, str]]) -> Query:
    """Read a query.

    Args:
        text: In SOQL.
        names: By object, its fields by their names in lower case.

    Raises:
        SoqlError: It is none, or asks for what is not there.
    """
    return _Reader(text, names).read()
