"""What the Hub, the network or the cache refused, in one sentence for the user."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any, NamedTuple

from attnviz.checkpoint.cache import hub_cache
from attnviz.checkpoint.hub_answers import OddAnswer
from attnviz.errors import ModelError, ModelNotFound, quote

QUERY = re.compile(r"(?<=\w)\?[^\s'\"]*")  # of an address, where signatures and tokens stand
ODD = (ValueError, LookupError, TypeError, AttributeError, RuntimeError, AssertionError)
"""What the client raises where an answer is JSON, but not what it expects of the Hub."""

BAD_TOKEN = "Invalid credentials in Authorization header"


class HubRequest(NamedTuple):
    """What was asked for, of whom, and the name on this machine that is most like it."""

    name: str
    revision: str | None
    address: str
    similar: str | None


def hub_error(error: BaseException, errors: ModuleType, wish: HubRequest) -> ModelError:
    """The sentence for an error of the Hub's client; ``errors`` is that client's module of them."""
    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ is not None:
        error = error.__cause__
    response = getattr(error, "response", None)
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelNotFound(f"{quote(wish.name)} has no revision {quote(wish.revision)}")
    if isinstance(error, errors.GatedRepoError):
        terms = f"accept its terms at {wish.address}/{wish.name} and set HF_TOKEN"
        return ModelError(f"{quote(wish.name)} is gated; {terms}")
    if isinstance(error, errors.RepositoryNotFoundError):
        return _unknown(wish)
    if response is not None:
        return _answered(response, wish)
    if isinstance(error, OSError) and error.filename is not None:
        return ModelError(
            f"{quote(wish.name)} cannot be written to the cache {quote(hub_cache())}: "
            f"{error.strerror}; HF_HOME names another place"
        )
    if isinstance(error, OddAnswer):
        return ModelError(
            f"{wish.address} does not answer as the Hub does: {error}; check HF_ENDPOINT"
        )
    if not isinstance(error, OSError) and isinstance(error, ODD):
        return ModelError(f"{wish.address} does not answer as the Hub does; check HF_ENDPOINT")
    return ModelError(
        f"{quote(wish.name)} is not on this machine, and fetching it from {wish.address} "
        f"failed: {_reason(error)}"
    )


def _unknown(wish: HubRequest) -> ModelNotFound:
    hint = f"; did you mean {quote(wish.similar)}?" if wish.similar else ""
    return ModelNotFound(
        f"no model named {quote(wish.name)} on this machine or on the Hub, "
        f"where a private one needs HF_TOKEN{hint}"
    )


def _answered(response: Any, wish: HubRequest) -> ModelError:
    """The sentence for an HTTP status that the client has no error of its own for."""
    status, model = response.status_code, quote(wish.name)
    if status == 401 and response.headers.get("X-Error-Message") == BAD_TOKEN:
        return ModelError("the Hub refuses the token in HF_TOKEN; correct it or unset it")
    if status == 401:  # all that the Hub says of a name to someone who may not know it
        return _unknown(wish)
    if status == 403:
        return ModelError(f"the Hub does not let this token read {model}; check its permissions")
    if status == 429:
        return ModelError(f"the Hub asks to slow down; try {model} again in some minutes")
    return ModelError(f"{wish.address} answered {status} when asked for {model}; try again later")


def _reason(error: BaseException) -> str:
    """What the system said at the bottom of it, or else the first line of the message."""
    reason = ""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, OSError) and at.strerror:
            reason = at.strerror
        at = at.__cause__ or at.__context__
    lines = (reason or str(error)).strip().splitlines() or [type(error).__name__]
    if "Bearer" in lines[0]:  # a header, with the token in it
        return "the request could not be sent"
    return quote(QUERY.sub("", lines[0]))[1:-1]
