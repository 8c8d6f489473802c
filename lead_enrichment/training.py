"""Walk-throughs by role and questions with their answers: Markdown that people read, the app shows and a test walks.

`docs/training/ROLE.md` has a heading a step, and behind its text what the step does, hidden from readers:

    <!-- walk
    open: /dictionary
    fill: Find a table, column or term | net-new
    press: Enter
    see: sales does not know yet
    picture: dictionary
    -->

`picture` names a picture that the test takes of the page: the text of the step shows it, as `pictures/ROLE_NAME.png`.

`docs/questions.md` has a heading a question, its answer, and last the page and the command that show it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lead_enrichment.errors import UsageError

TRAINING, QUESTIONS = Path("docs") / "training", Path("docs") / "questions.md"
PICTURES = TRAINING / "pictures"
WALK = re.compile(r"<!-- walk\n(?P<lines>.*?)-->", re.DOTALL)
# What a step may do: open a page, act on what is named, and see a text.
ACTIONS = ("open", "click", "check", "fill", "press", "first", "see", "picture")
PAGE, COMMAND = (
    re.compile(r"^- Page: (?P<text>.+)$", re.MULTILINE),
    re.compile(r"^- Command: `(?P<text>.+)`$", re.MULTILINE),
)


@dataclass(frozen=True)
class Action:
    """One thing that a step does: `verb` is one of ACTIONS, `what` is what it is done to."""

    verb: str
    what: str

    @property
    def parts(self) -> tuple[str, ...]:
        """What stands between the bars of `what`."""
        return tuple(part.strip() for part in self.what.split("|"))


@dataclass(frozen=True)
class WalkStep:
    """A step of a walk-through.

    Args:
        title: Its heading.
        text: What it says, as Markdown.
        actions: What it does.
    """

    title: str
    text: str
    actions: tuple[Action, ...]

    @property
    def page(self) -> str:
        """The page of the app that it opens."""
        return next(action.what for action in self.actions if action.verb == "open")


@dataclass(frozen=True)
class WalkThrough:
    """A walk-through for one role; `about` says for whom it is and what they learn."""

    role: str
    title: str
    about: str
    steps: tuple[WalkStep, ...]


@dataclass(frozen=True)
class Question:
    """A question that people ask.

    Args:
        group: Who asks it.
        title: The question.
        answer: Its answer, as Markdown.
        page: The page of the app that shows it, and what to do there, as Markdown.
        command: The command that says it in a terminal.
    """

    group: str
    title: str
    answer: str
    page: str
    command: str


def walk_throughs(project: Path) -> tuple[WalkThrough, ...]:
    """Return the walk-throughs of a project by role; none where it has no such folder.

    Raises:
        UsageError: A step cannot be walked.
    """
    return tuple(_walk_through(file) for file in sorted((project / TRAINING).glob("*.md")))


def questions(project: Path) -> tuple[Question, ...]:
    """Return the questions of a project, in order; none where it has no such file.

    Raises:
        UsageError: A question has no page or no command.
    """
    file = project / QUESTIONS
    if not file.exists():
        return ()
    found = []
    for group, inner in _sections(file.read_text(encoding="utf-8"), "## "):
        for title, text in _sections(inner, "### "):
            page, command = PAGE.search(text), COMMAND.search(text)
            if page is None or command is None:
                raise UsageError(
                    f"the question {title!r} names no page or no command", str(file), "End it as the others do."
                )
            answer = COMMAND.sub("", PAGE.sub("", text)).strip()
            found.append(Question(group, title, answer, page["text"], command["text"]))
    return tuple(found)


def _walk_through(file: Path) -> WalkThrough:
    text = file.read_text(encoding="utf-8")
    head, _, _ = text.partition("\n## ")
    title, _, about = head.removeprefix("# ").partition("\n")
    steps = tuple(_step(file, heading, inner) for heading, inner in _sections(text, "## "))
    return WalkThrough(file.stem, title.strip(), about.strip(), steps)


def _step(file: Path, title: str, text: str) -> WalkStep:
    walk = WALK.search(text)
    lines = walk["lines"].strip().splitlines() if walk else []
    actions = tuple(Action(*(part.strip() for part in line.split(":", 1))) for line in lines if ":" in line)
    verbs = [action.verb for action in actions]
    if not verbs or verbs[0] != "open" or "see" not in verbs or not {*verbs} <= {*ACTIONS} or len(verbs) < len(lines):
        raise UsageError(
            f"the step {title!r} cannot be walked", str(file),
            f"Open a page first, see something, and use no verbs but {', '.join(ACTIONS)}.",
        )  # fmt: skip
    return WalkStep(title, WALK.sub("", text).strip(), actions)


def _sections(text: str, mark: str) -> list[tuple[str, str]]:
    """Return the headings of one level, each with the text below it."""
    parts = re.split(rf"^{re.escape(mark)}", text, flags=re.MULTILINE)[1:]
    return [(part.partition("\n")[0].strip(), part.partition("\n")[2]) for part in parts]
