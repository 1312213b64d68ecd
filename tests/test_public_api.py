"""What ``import attnviz`` offers, and that what is written about it is true."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import importlib.metadata
import inspect
import io
import pkgutil
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from types import FunctionType

import pytest

import attnviz
from attnviz import errors
from tests.__main__ import CHECKS

README = Path(__file__).resolve().parents[1] / "README.md"
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(attnviz.__path__, "attnviz.")
    if not module.name.endswith("__main__")
)


def snippets(language: str) -> list[str]:
    """The code blocks of the README in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_every_public_name_is_there_and_documented() -> None:
    assert sorted(attnviz.__all__) == attnviz.__all__ == dir(attnviz)
    for name in set(attnviz.__all__) - {"__version__"}:
        assert inspect.getdoc(getattr(attnviz, name)), name


def test_public_names_are_those_of_the_modules_that_define_them() -> None:
    from attnviz import errors, model, result

    assert attnviz.load is model.load
    assert attnviz.Model is model.Model
    assert attnviz.AttentionResult is result.AttentionResult
    assert attnviz.AttnvizError is errors.AttnvizError


def test_many_texts_are_there_from_the_beginning() -> None:
    """In a fresh process, where nothing else has imported them."""
    asked = "import attnviz; print(attnviz.corpus.open_cluster.__name__)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert said.stdout.split() == [b"open_cluster"]


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'attnviz' has no attribute 'lode'"):
        attnviz.lode  # noqa: B018
    assert not hasattr(attnviz, "numpy")


def test_a_star_imports_what_is_public_and_no_more() -> None:
    names: dict[str, object] = {}
    exec("from attnviz import *", names)
    assert set(names) - {"__builtins__"} == set(attnviz.__all__)


def test_the_version_is_that_of_the_installed_package() -> None:
    assert attnviz.__version__ == importlib.metadata.version("attnviz")


def test_the_package_says_that_it_is_typed() -> None:
    assert resources.files("attnviz").joinpath("py.typed").is_file()


Written = (FunctionType, type)


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_offers_says_what_it_is(name: str) -> None:
    """Functions and classes without an underscore, where they are written."""
    module = importlib.import_module(name)
    for public, value in vars(module).items():
        if (
            public[0] != "_"
            and getattr(value, "__module__", None) == name
            and isinstance(value, Written)
        ):
            assert value.__doc__, public


def test_the_first_example_is_true() -> None:
    failed, attempted = doctest.testmod(attnviz)
    assert (failed, attempted) == (0, 3)


def test_no_other_docstring_holds_an_example_that_is_never_run() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    for name in MODULES:
        for test in finder.find(importlib.import_module(name)):
            assert not test.examples, test.name


def test_the_python_of_the_readme_runs() -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for snippet in snippets("python"):
            exec(snippet, {})
    assert said.getvalue().startswith("it → hat 0.8")


def test_the_calls_that_the_readme_names_work() -> None:
    model, text = attnviz.load(), "He took the hat and examined it carefully"
    assert model.attend("a sentence", pair="another").texts == ("a sentence", "another")
    assert len(model.attend(token_ids=[101, 2002, 102]).tokens) == 3
    result = model.attend(text, layers=[3], hidden=True)
    assert result.maps["encoder"].layers == (3,)
    assert result.hidden is not None
    assert [result.texts for result in model.attend_many([text, text])] == [(text,)] * 2


def test_the_tree_of_errors_is_as_it_is_drawn() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"( {4})([│ ├└─]*)(\w+)", line):
            depth = len(found[2]) // 4
            path[depth:] = [found[3]]
            drawn[found[3]] = path[depth - 1] if depth else "Exception"
    classes = {
        name: found
        for name, found in vars(errors).items()
        if inspect.isclass(found) and issubclass(found, errors.AttnvizError)
    }
    assert drawn == {name: found.__base__.__name__ for name, found in classes.items()}


def test_every_error_says_what_it_is_for() -> None:
    for name in set(errors.__all__) - {"quote"}:
        assert inspect.getdoc(getattr(errors, name)), name


def test_ci_runs_the_very_command_that_the_readme_gives() -> None:
    (command,) = [line for line in "".join(snippets("sh")).splitlines() if "-m tests" in line]
    assert command in (README.parent / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_a_commit_is_checked_by_the_tools_that_ci_runs() -> None:
    hooks = (README.parent / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert {"pytest", *re.findall(r"entry: python -m (\w+)", hooks)} == {
        "tests",
        *(check.split()[0] for check in CHECKS),
    }
