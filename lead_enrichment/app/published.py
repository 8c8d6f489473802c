"""Reading the published copy: never the warehouse, so that no reader holds up a run.

The copy is replaced by a rename. Each version of the file is opened as a database of its own; a reader keeps the one
that it began with, and the next reader gets the new one. The last reader of an old version closes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import duckdb

from lead_enrichment.app.settings import AppSettings
from lead_enrichment.paths import DataPaths
from lead_enrichment.warehouse.connection import connect, literal
from lead_enrichment.warehouse.reading import Row, columns_of, rows

CATALOG = "leads"
BATCH = 2_000
# Exports at once, and what each may take: whoever loads slowly holds up no page.
EXPORTS, EXPORT_SECONDS = 3, 900.0
T = TypeVar("T")
Version = tuple[int, int, int]


class CopyProblem(Exception):
    """The published copy cannot answer; the page says what to do.

    Args:
        title: What is the matter, as a heading.
        text: What it means, in a sentence.
        remedy: A command to run; empty where there is none.
    """

    status = 503

    def __init__(self, title: str, text: str, remedy: str = "") -> None:
        self.title, self.text, self.remedy = title, text, remedy
        super().__init__(title)


class CopyReader:
    """A connection to one version of the copy, for one request."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, copy: OpenCopy) -> None:
        self.connection = connection
        self._copy = copy

    @property
    def published_at(self) -> datetime:
        """When the copy was finished."""
        return self._copy.published_at

    @property
    def version(self) -> str:
        """What is the same for as long as the copy is."""
        return "-".join(map(str, self._copy.version))

    def rows(self, query: str, *parameters: object, **named: object) -> list[Row]:
        """Return the rows of a query; values go in as parameters (`?` or `$name`), never as text."""
        return rows(self.connection, query, *parameters, **named)

    def row(self, query: str, *parameters: object, **named: object) -> Row | None:
        """Return the first row of a query; None where there is none."""
        found = self.rows(query, *parameters, **named)
        return found[0] if found else None

    def value(self, query: str, *parameters: object, **named: object) -> Any:
        """Return the first value of the first row; None where there is no row."""
        found = self.connection.execute(query, named or parameters).fetchone()
        return found[0] if found else None

    def stream(self, query: str, *parameters: object, **named: object) -> Iterator[list[Row]]:
        """Return the rows of a query in batches, so that a long answer takes little memory."""
        result = self.connection.execute(query, named or parameters)
        for batch in result.to_arrow_reader(BATCH):
            yield [Row(row) for row in batch.to_pylist()]

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the copy holds a table (`schema.name`), and a column of it: an older copy lacks what is new."""
        columns = self._copy.schema.get(table)
        return columns is not None and (column is None or column in columns)

    def cached(self, key: str, compute: Callable[[], T]) -> T:
        """Return what depends on nothing but the copy, computed once for each version of it."""
        with self._copy.cache_lock:
            if key not in self._copy.cache:
                self._copy.cache[key] = compute()
            return cast(T, self._copy.cache[key])


class OpenCopy:
    """One version of the file, open."""

    def __init__(self, paths: DataPaths, version: Version, memory: str) -> None:
        self.version, self.readers, self.is_current = version, 0, True
        self.published_at = datetime.fromtimestamp(version[1] / 1e9, UTC)
        self.cache: dict[str, Any] = {}
        # One request computes what is cached, and others wait for it.
        self.cache_lock = threading.RLock()
        # Attached to a database of its own: DuckDB takes the same path twice for the same database, and would show the
        # old file for as long as anybody reads it. Tables and views name the catalog.
        self._database = connect()
        try:
            self._database.execute(f"ATTACH {literal(paths.published)} AS {CATALOG} (READ_ONLY)")
            self._database.execute(f"SET memory_limit = {literal(memory)}")
            # Many read at once: a second thread for each makes the others wait, and takes memory for itself.
            self._database.execute("SET threads = 1")
            self._database.execute(f"SET allowed_directories = [{literal(f'{paths.bronze}/')}]")
            # No query reads another file, whatever it was made to say.
            self._database.execute("SET enable_external_access = FALSE")
            self._database.execute("SET lock_configuration = TRUE")
            self.schema = columns_of(self._database, CATALOG)
        except BaseException:
            self._database.close()
            raise

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection for one reader."""
        cursor = self._database.cursor()
        # A new cursor starts in the catalog of the empty database.
        cursor.execute(f"USE {CATALOG}")
        return cursor

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


class PublishedCopy:
    """The published copy, for many readers at once."""

    def __init__(self, settings: AppSettings) -> None:
        self._settings = settings
        self._current: OpenCopy | None = None
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(settings.readers)
        self._exports = threading.BoundedSemaphore(EXPORTS)

    @contextmanager
    def reading(self, is_export: bool = False) -> Iterator[CopyReader]:
        """Open the copy as it is now, for one request.

        Args:
            is_export: Whether the answer is as long as it takes somebody to load it.

        Raises:
            CopyProblem: There is none, it is damaged or older than the page, or too many read it.
        """
        turns, seconds = (self._exports, EXPORT_SECONDS) if is_export else (self._turns, self._settings.patience)
        if not turns.acquire(timeout=self._settings.patience):
            raise CopyProblem("Many people are asking at once", "Try again in a moment.")
        try:
            with _problems():
                copy = self._borrow()
                try:
                    cursor = copy.cursor()
                    # Ends a query that takes too long, so that one page does not hold up all others.
                    alarm = threading.Timer(seconds, cursor.interrupt)
                    alarm.daemon = True
                    alarm.start()
                    try:
                        yield CopyReader(cursor, copy)
                    finally:
                        alarm.cancel()
                        cursor.close()
                finally:
                    self._give_back(copy)
        finally:
            turns.release()

    def close(self) -> None:
        """Close the copy; readers that are at work keep theirs until they end."""
        with self._lock:
            self._retire()

    def _borrow(self) -> OpenCopy:
        file = self._settings.paths.published
        with self._lock:
            try:
                found = file.stat()
            except FileNotFoundError as error:
                self._retire()
                raise CopyProblem(
                    "Nothing has been published yet",
                    "The app shows the copy that each successful run leaves behind, and there is none so far.",
                    "make run",
                ) from error
            except OSError as error:
                raise _unreadable() from error
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if self._current is None or self._current.version != version:
                opened = OpenCopy(self._settings.paths, version, self._settings.memory)
                self._retire()
                self._current = opened
            self._current.readers += 1
            return self._current

    def _give_back(self, copy: OpenCopy) -> None:
        with self._lock:
            copy.readers -= 1
            if not copy.is_current and not copy.readers:
                copy.close()

    def _retire(self) -> None:
        if self._current is not None:
            self._current.is_current = False
            if not self._current.readers:
                self._current.close()
            self._current = None


@contextmanager
def _problems() -> Iterator[None]:
    """Turn what keeps the copy from answering into a page that says what to do.

    Raises:
        CopyProblem: DuckDB cannot answer.
    """
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise CopyProblem(
            "The data are older than this page",
            "The project was updated, and what this page shows has not been built since.",
            "sqlmesh plan",
        ) from error
    except duckdb.InterruptException as error:
        raise CopyProblem(
            "That took too long", "The question was stopped so that others get their answers. Narrow it, and try again."
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise CopyProblem("That was too much at once", "Narrow the question, and try again.") from error
    except (duckdb.IOException, duckdb.SerializationException, duckdb.FatalException) as error:
        raise _unreadable() from error


def _unreadable() -> CopyProblem:
    return CopyProblem(
        "The published copy cannot be read",
        "The file is damaged, or this user may not read it. The next run writes it again.",
        "sqlmesh run --ignore-cron",
    )
