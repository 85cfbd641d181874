"""What every part of the benchmark reads off the controller, and the line it prints of it."""

import re
import time

POLL_SECONDS = 0.25


def row(figure, target, measured):
    print(f"{figure:58} {target:>14} {measured:>16}", flush=True)


def total(metrics, start):
    """The sum of all series that begin so."""
    return sum(value for key, value in metrics.items() if key.startswith(start))


def is_idle(controller):
    """Nothing is worked on or ready to be."""
    metrics = controller.metrics()
    return not (total(metrics, "workqueue_depth")
                or total(metrics, "controller_runtime_active_workers"))


def wait_seldom(condition, timeout, what):
    """As rig.waiting, but every look costs the controller a millisecond and more: it counts all
    bindings for /metrics."""
    deadline_s = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline_s, f"{what}: not within {timeout} s"
        time.sleep(POLL_SECONDS)


def counts(controller, name):
    """The cumulative counts of a histogram by the upper end of their buckets, in seconds."""
    pattern = re.compile(re.escape(name) + r'_bucket\{le="([^"]+)"\}')
    found = {float(match[1].replace("+Inf", "inf")): value
             for key, value in controller.metrics().items() if (match := pattern.fullmatch(key))}
    return dict(sorted(found.items()))


def memory(controller, when, target, anonymous="-"):
    row(f"resident memory, {when}", target, f"{controller.resident_kib() / 1024:.1f} MB")
    row(f"anonymous memory, {when}", anonymous,
        f"{controller.resident_kib('RssAnon') / 1024:.1f} MB")


def longest_turn(controller, when):
    row(f"longest turn of the loop, {when}", "10 ms", "{:.1f} ms".format(
        1000 * controller.metrics()["podidentity_loop_longest_turn_seconds"]))
