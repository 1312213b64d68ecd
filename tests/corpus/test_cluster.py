"""Packs on a real scheduler with four worker processes: what one process gives, bit for bit."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz import corpus
from attnviz.analysis.lens_file import dump_lens
from attnviz.analysis.templates import discourses
from attnviz.corpus import packs
from attnviz.corpus.attended import attended_job
from attnviz.corpus.cluster import Cluster, open_cluster
from attnviz.corpus.head_measures import text_of
from attnviz.corpus.here import Here
from attnviz.corpus.lines import Text
from attnviz.corpus.packs import packs_of, refuse_one, taken
from attnviz.errors import ClusterError, InputError
from tests.model.made import small, write
from tests.support.treebanks import write_treebank

dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")

N_TEXTS, N_WORKERS, KILLS = 2000, 4, (700, 1300, 1800)
WORDS = ("he", "took", "the", "hat", "and", "it")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    made, folder = small("bert-plain", "wordpiece"), tmp_path_factory.mktemp("reader")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 20}')
    return write(folder, made, "wordpiece")


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=N_WORKERS, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster


@pytest.fixture
def cluster(workers: Any, model: attnviz.Model) -> Iterator[Cluster]:
    with open_cluster(workers.scheduler_address, model) as opened:
        yield opened


def texts() -> list[str]:
    """Texts of many lengths, each another."""
    draw = random.Random(5)
    return [" ".join(draw.choices(WORDS, k=draw.randint(2, 6))) for _ in range(N_TEXTS)]


def killing(workers: Any, killed: list[int]) -> Iterator[str]:
    """The same texts; when some are asked for a worker, any of them, is killed."""
    draw = random.Random(7)
    for at, text in enumerate(texts()):
        if at in KILLS:
            kill_one(workers, killed, draw)
        yield text


def kill_one(workers: Any, killed: list[int], draw: random.Random) -> None:
    pid = draw.choice([one.pid for one in workers.workers.values() if one.pid])
    with suppress(ProcessLookupError):  # it is being restarted already
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)


def same(one: Any, other: Any) -> bool:
    counts = [(found.n_texts, found.n_queries, found.names) for found in (one, other)]
    return counts[0] == counts[1] and np.array_equal(one.values, other.values, equal_nan=True)


def test_killed_workers_lose_nothing_and_count_nothing_twice(model, cluster, workers, monkeypatch):
    monkeypatch.setattr(packs, "PACK_BYTES", 1000)
    expected = attnviz.heads(model, texts())
    killed: list[int] = []
    found = attnviz.heads(model, killing(workers, killed), place=cluster)
    assert found.n_texts == N_TEXTS and len(killed) >= 2
    assert same(found, expected)


def test_results_come_in_order_with_their_lines_and_the_bits_of_one_process(model, cluster):
    lines = [Text(text, number) for number, text in enumerate(texts()[:600], 1)]
    job = attended_job({}, "raw", model.info)
    here, there = (
        [*chain.from_iterable(taken(place.each(job, [packs_of(lines, text_of)]), refuse_one))]
        for place in (Here(model), cluster)
    )
    assert [one.line for one in there] == [one.line for one in lines]
    for one, other in zip(here, there, strict=True):
        assert (one.texts, one.tokens, one.model) == (other.texts, other.tokens, other.model)
        assert np.array_equal(one.maps["encoder"].weights, other.maps["encoder"].weights)


def test_relations_are_counted_the_same(model, cluster, tmp_path):
    rows = [("he", "PRON", 2, "nsubj"), ("took", "VERB", 0, "root")]
    rows += [("the", "DET", 4, "det"), ("hat", "NOUN", 2, "obj")]
    tree = [
        f"{n}\t{form}\t_\t{upos}\t_\t_\t{head}\t{relation}\t_\t_\n"
        for n, (form, upos, head, relation) in enumerate(rows, 1)
    ]
    file = tmp_path / "a.conllu"
    file.write_text("".join([*tree, "\n"]) * 600)
    here, there = (attnviz.probe(model, [file], place=place) for place in (None, cluster))
    assert [*here] == [*there] != []
    for relation, one in here.items():
        assert (one.n, one.rules, one.offsets) == (
            there[relation].n,
            there[relation].rules,
            there[relation].offsets,
        )
        assert np.array_equal(one.right, there[relation].right)


class Killing:
    """A cluster that loses a worker, any of them, whenever a number of packs has been asked for."""

    def __init__(self, cluster: Cluster, workers: Any) -> None:
        self.cluster, self.workers, self.killed = cluster, workers, []
        self.draw, self.count = random.Random(3), 0

    def each(self, job, bursts):
        return self.cluster.each(job, (self.asked(packs) for packs in bursts))

    def asked(self, packs):
        for pack in packs:
            self.count += 1
            if self.count % 30 == 0:
                kill_one(self.workers, self.killed, self.draw)
            yield pack


@pytest.mark.filterwarnings("ignore:the text has")  # more tokens than the model was trained on
@pytest.mark.parametrize("relation", ["nsubj", "coreference"])
def test_a_lens_is_fitted_to_the_same_bits_and_killed_workers_change_none(
    model, cluster, workers, tmp_path, monkeypatch, relation
):
    monkeypatch.setattr(packs, "PACK_BYTES", 1000)
    file = tmp_path / "made.conllu"
    write_treebank(file, discourses(200))
    here, expected = attnviz.fit_lens(model, relation, [file])
    place = Killing(cluster, workers)
    there, found = attnviz.fit_lens(model, relation, [file], place=place)
    assert len(place.killed) >= 2
    assert repr(found) == repr(expected)  # in which no number equals itself where none was asked
    assert pickle.dumps(there) == pickle.dumps(here)
    assert dump_lens(there) == dump_lens(here)


def test_a_worker_without_the_folder_reads_the_model_from_bytes(model, cluster):
    names = ("/nowhere", "its name")
    elsewhere = Cluster(cluster.client, model, cluster.wanted._replace(names=names))
    assert same(attnviz.heads(model, texts(), place=elsewhere), attnviz.heads(model, texts()))
    with pytest.raises(InputError, match="but its name has 24 positions"):
        attnviz.heads(model, [*texts()[:500], "hat " * 40, *texts()[500:]], place=elsewhere)


def test_weights_that_are_nowhere_are_an_error_that_says_what_to_do(model, cluster):
    other = replace(cluster, wanted=cluster.wanted._replace(sha256="0" * 64))
    with pytest.raises(ClusterError, match="a worker has no model of the same weights at"):
        attnviz.heads(model, texts(), place=other)


def test_errors_and_warnings_of_workers_are_those_of_one_process(model, cluster):
    long = [*texts()[:500], "hat " * 40, *texts()[500:]]
    with pytest.raises(InputError) as here:
        attnviz.heads(model, long)
    with pytest.raises(InputError) as there:
        attnviz.heads(model, long, place=cluster)
    assert str(here.value) == str(there.value)
    with pytest.raises(InputError, match="there is no 'cross' map here"):
        attnviz.heads(model, texts(), map="cross", place=cluster)


def test_an_address_without_a_scheduler_is_refused_in_a_sentence(model, monkeypatch):
    monkeypatch.setattr("attnviz.corpus.cluster.PATIENCE", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://"):
        with (
            pytest.raises(ClusterError, match="no scheduler answers at"),
            open_cluster(address, model),
        ):
            pass


def test_without_dask_a_sentence_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ClusterError, match=r"install it with pip install 'attnviz\[dask\]'"),
        open_cluster("local", model),
    ):
        pass


def test_the_program_writes_the_same_lens_with_a_cluster(model, workers, tmp_path: Path):
    write_treebank(tmp_path / "made.conllu", discourses(200))
    given = [sys.executable, "-m", "attnviz", "probe", "--fit", "obj", "--conllu", "made.conllu"]
    given += ["-m", str(model.folder), "--json"]
    said = [
        subprocess.run([*given, *more], cwd=tmp_path, capture_output=True, check=True)
        for more in (
            ["-o", "here.json"],
            ["-o", "there.json", "--cluster", workers.scheduler_address],
        )
    ]
    assert (tmp_path / "here.json").read_bytes() == (tmp_path / "there.json").read_bytes() != b""
    assert said[0].stdout.replace(b"here.json", b"there.json") == said[1].stdout
    assert said[0].stderr.count(b"\n") == said[1].stderr.count(b"\n") == 1  # of a long text


@pytest.mark.parametrize("command", ["heads", "run", "run --top 3", "run --pooled 3"])
def test_the_program_prints_the_same_with_a_cluster(model, workers, tmp_path: Path, command):
    lines = [text.encode() for text in texts()[:900]]
    lines[100:100] = [b"hat " * 20]  # longer than what the model was trained on, which is told once
    lines[700:700] = [b"hat " * 21]
    (tmp_path / "a.txt").write_bytes(b"\n".join([*lines, b"\xff", b"hat " * 40, b"the hat"]))
    given = [sys.executable, "-m", "attnviz", *command.split(), "-f", "a.txt", "--json"]
    given += ["-m", str(model.folder)]
    here, there = (
        subprocess.run([*given, *more], cwd=tmp_path, capture_output=True)
        for more in ([], ["--cluster", workers.scheduler_address])
    )
    assert here.returncode == there.returncode == 1
    assert here.stdout == there.stdout != b""
    assert sorted(here.stderr.splitlines()) == sorted(there.stderr.splitlines())  # warned meanwhile
    assert here.stderr.count(b"\n") == 4 and here.stderr.count(b"trained on texts of up to 20") == 1


def test_workers_write_the_same_parts(model, workers, tmp_path: Path):
    (tmp_path / "a.txt").write_text("\n".join(texts()[:900]))
    given = [sys.executable, "-m", "attnviz", "run", "-f", "a.txt", "-m", str(model.folder)]
    for name, more in (("here/", []), ("there/", ["--cluster", workers.scheduler_address])):
        subprocess.run([*given, "-o", name, *more], cwd=tmp_path, check=True)
    here, there = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("here", "there")
    )
    assert here == there and len(here) > 3


def test_bags_are_read_by_workers_and_make_the_same_table(model, cluster):
    bag = pytest.importorskip("dask.bag").from_sequence(texts(), npartitions=5)
    pytest.importorskip("pandas")
    with cluster.client.as_current():
        there = corpus.heads(bag, model)
    with dask.config.set(scheduler="synchronous"):
        here = corpus.heads(bag, model)
    assert there.equals(here)
