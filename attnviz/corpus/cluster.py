"""Packs on the workers of a Dask cluster: in order, again where one is lost, counted once."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from attnviz.cores import available_cores
from attnviz.corpus.here import Here
from attnviz.corpus.model_files import read_files
from attnviz.corpus.packs import Done, Job
from attnviz.corpus.told import Told
from attnviz.corpus.worker import NotHere, Wanted, wanted, work
from attnviz.errors import ClusterError, quote

if TYPE_CHECKING:
    from attnviz.model import Model


T = TypeVar("T")
R = TypeVar("R")

LOCAL = "local"
PATIENCE = 30  # seconds for a scheduler, and then a worker, to answer
AHEAD = 3  # packs for each thread of the cluster, so that none waits for the next
TRIES = 10  # how many times a pack may be lost with its worker before it is what ends workers


@dataclass(slots=True)
class Cluster:
    """A cluster that has been opened for one model."""

    client: Any
    model: Model
    wanted: Wanted
    _files: Any = None  # those of the model, once some worker lacked it
    _told: Told = field(default_factory=Told)

    def each(self, job: Job[T, R], bursts: Iterable[Iterable[list[T]]]) -> Generator[Done[T, R]]:
        """What a job makes of each pack, in order; of a burst, before the next one is read.

        Packs are taken a few ahead of what is asked for. One that is lost with its worker is
        handed out again; only what comes back counts. A burst of a single pack is not worth
        sending. Raises what the job raises, and ClusterError where workers end over one pack
        again and again, lack the model, or the scheduler is gone.
        """
        for burst in bursts:
            packs = iter(burst)
            first = [*islice(packs, 2)]
            if len(first) < 2:
                yield from Here(self.model).each(job, [first])
            else:
                yield from self._each(job, chain(first, packs))

    def _each(self, job: Job[T, R], packs: Iterable[list[T]]) -> Generator[Done[T, R]]:
        waiting: deque[tuple[list[T], Any]] = deque()
        try:
            for pack in packs:
                waiting.append((pack, self._submit(job, pack)))
                if len(waiting) > AHEAD * self._threads():
                    yield self._result(job, *waiting.popleft())
            while waiting:
                yield self._result(job, *waiting.popleft())
        finally:
            for _, future in waiting if self.client.status == "running" else ():
                future.cancel()

    def _submit(self, job: Job[T, R], pack: list[T], files: Any = None) -> Any:
        return self.client.submit(work, self.wanted, job, pack, files, pure=False)

    def _threads(self) -> int:
        threads: list[int] = [*self.client.nthreads().values()]
        return max(1, sum(threads))

    def _result(self, job: Job[T, R], pack: list[T], future: Any) -> Done[T, R]:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        files: Any = None
        for _ in range(TRIES):
            try:
                done: Done[T, R]
                done, told = future.result()
                self._told.tell(told)
                return done
            except KilledWorker:
                pass
            except NotHere:
                if files is not None:
                    raise nowhere(" or ".join(self.wanted.names)) from None
                files = self._sent()
            except ImportError as error:
                raise ClusterError(
                    f"a worker lacks what attnviz needs ({error}); install the same attnviz there"
                ) from None
            except (CancelledError, OSError) as error:
                if files is None or self.client.status != "running":
                    raise ClusterError(
                        "the scheduler has lost this run "
                        f"({type(error).__name__}); start it again when the cluster is up"
                    ) from None
                self._files = None  # they were on a worker that is lost
                files = self._sent()
            future = self._submit(job, pack, files)
        raise ClusterError(
            f"{TRIES} workers ended over the same {len(pack)} texts; give workers more memory"
        )

    def _sent(self) -> Any:
        """The model's files on the cluster, for packs that met a worker without."""
        if self._files is None:
            files = read_files(self.model)
            if not files:
                raise nowhere(" or ".join(self.wanted.names))
            [self._files] = self.client.scatter([files], hash=False)
        return self._files


def nowhere(names: str) -> ClusterError:
    """What to say where a worker has no model of these names."""
    return ClusterError(
        f"a worker has no model of the same weights at {quote(names, 200)}; put its folder "
        "there, or fetch it there with attnviz models pull"
    )


def cores_at(address: str | None) -> int:
    """The cores of this machine, or of a cluster's workers, where an address is given."""
    if address in (None, LOCAL):
        return available_cores()
    with _client(str(address)) as client:
        return max(1, sum(map(int, client.nthreads().values())))


@contextmanager
def open_cluster(address: str, model: Model) -> Iterator[Cluster]:
    """The cluster of a scheduler, as tcp://host:8786, or one on this machine for "local".

    Workers read the model by its folder or name, if there are the same weights, and else from the
    bytes of its files. Needs Dask (``pip install 'attnviz[dask]'``). ClusterError without it, and
    where no scheduler or no worker answers.
    """
    with _client(address) as client:
        yield Cluster(client, model, wanted(model))


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "a cluster needs Dask; install it with pip install 'attnviz[dask]'"
        ) from None
    for name in ("distributed", "distributed.client"):  # lost workers are no news here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with _scheduler(address) as place:
        try:
            client = Client(place, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise ClusterError(
                f"no scheduler answers at {quote(address, 200)} ({type(error).__name__}); give "
                "tcp://host:8786, or local"
            ) from None
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError:
                raise ClusterError(
                    f"the scheduler at {quote(address, 200)} has no workers; start some with dask "
                    "worker"
                ) from None
            yield client


@contextmanager
def _scheduler(address: str) -> Iterator[Any]:
    """The address or, for "local", a scheduler with a worker on each core."""
    if address != LOCAL:
        yield address
        return
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=available_cores(),
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        preload="attnviz.corpus.preload",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster
