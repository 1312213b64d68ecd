"""Models that tests share: the embedded one, and small ones made from a seed."""

from __future__ import annotations

import pytest

import attnviz
from tests.model.made import small, write


@pytest.fixture(scope="session")
def embedded() -> attnviz.Model:
    """The model that is part of the package."""
    return attnviz.load()


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    """A small BERT with a tokenizer and 24 positions."""
    made = small("bert-plain", "wordpiece")
    return write(tmp_path_factory.mktemp("reader"), made, "wordpiece")


@pytest.fixture(scope="session")
def wordless(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    """The same without a tokenizer, its vocabulary 40."""
    return write(tmp_path_factory.mktemp("wordless"), small("bert-plain"))


@pytest.fixture(scope="session")
def writer(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    """A small GPT-2 with a tokenizer and 24 positions."""
    made = small("gpt2-plain", "byte-level")
    return write(tmp_path_factory.mktemp("writer"), made, "byte-level")


@pytest.fixture(scope="session")
def translator(tmp_path_factory: pytest.TempPathFactory) -> attnviz.Model:
    """A small BART with a tokenizer and 24 positions in both stacks."""
    made = small("bart-plain", "unigram")
    return write(tmp_path_factory.mktemp("translator"), made, "unigram")
