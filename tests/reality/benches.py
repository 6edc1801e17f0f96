"""The experiments on several benches side by side, each bench with servers of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from reality import install, lab
from reality.judge import settled
from reality.scenario import Experiment
from reality.servers import Servers, running


@dataclass(frozen=True)
class Work:
    """Experiments under way."""

    versions: dict[str, str]
    """Those of the servers."""
    outcomes: Mapping[str, Future[lab.Outcome]]
    """By the experiment's id, carried out in the order in which they were given."""
    repeated: Sequence[str]
    """The runs that disagreed and were repeated, so far: which and why."""


@contextmanager
def at_work(experiments: Sequence[Experiment], folder: Path) -> Iterator[Work]:
    """Carry out the experiments, each in a folder of its own below `folder`.

    At the end what has not begun is given up. Raises NotInstalledError.
    """
    programs = install.programs()
    count = min(len(experiments), max(2, os.cpu_count() or 1))
    with ExitStack() as stack:
        # The servers end with the thread that started them, so it is this one.
        benches = [stack.enter_context(running(programs, number)) for number in range(count)]
        free: SimpleQueue[Servers] = SimpleQueue()
        for bench in benches:
            free.put(bench)

        repeated: list[str] = []

        def carry_out(number: int, experiment: Experiment) -> lab.Outcome:
            bench = free.get()
            try:
                return settled(
                    experiment,
                    lambda run: lab.carry_out(
                        experiment, folder / f"{number}.{run}" / "project", bench
                    ),
                    repeated.append,
                )
            finally:
                free.put(bench)

        pool = ThreadPoolExecutor(count)
        stack.callback(pool.shutdown, cancel_futures=True)
        futures = {
            one.id: pool.submit(carry_out, number, one) for number, one in enumerate(experiments)
        }
        yield Work(benches[0].versions, futures, repeated)
