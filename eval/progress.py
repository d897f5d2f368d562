"""Progress bars on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

StartBar = Callable[[str, int], Callable[[], None]]


@contextmanager
def progress_bars() -> Iterator[StartBar]:
    """Gives the function that starts a bar (name, total), which gives the function that advances it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield lambda name, total: partial(bars.advance, bars.add_task(name, total=total))
