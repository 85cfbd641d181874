"""Waiting for a condition: never for a time."""

import time

POLL_SECONDS = 0.05
SLOW_POLL_SECONDS = 0.25


def wait_until(condition, timeout=30, what=None, pause=True):
    """Calls condition until it gives something true, and returns that. An AssertionError that it
    raises means "not yet" and is shown when time is up; any other exception passes. What takes
    long is asked for less often; without pause the condition itself waits for the next change."""
    started = time.monotonic()
    deadline = started + timeout
    while True:
        failure = None
        try:
            seen = condition()
            if seen:
                return seen
        except AssertionError as error:
            seen, failure = None, error
        if time.monotonic() >= deadline:
            wanted = what or getattr(condition, "__doc__", None) or "the condition"
            raise AssertionError(
                f"{wanted}: not within {timeout} s; last seen: {failure or seen!r}") from failure
        if pause:
            waited = time.monotonic() - started
            time.sleep(min(max(POLL_SECONDS, waited / 20), SLOW_POLL_SECONDS))
