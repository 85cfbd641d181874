"""`make bench`: requests, CPU, memory and latencies of the controller, beside what design asks for.
Prints one line a figure; docs/figures.md keeps them. BENCH=crowd or BENCH=crowd5000: crowd.py's
alone."""

import os
import signal
import sys

from tests.e2e.rig import environment

environment.clean_this_process()

from tests.bench import crowd, pods  # noqa: E402
from tests.bench.readings import counts, is_idle, longest_turn, memory, row  # noqa: E402
from tests.e2e.documents import READ_S3, READ_SQS  # noqa: E402
from tests.e2e.rig.aws import Aws  # noqa: E402
from tests.e2e.rig.cluster import open_cluster  # noqa: E402
from tests.e2e.rig.controller import Controller  # noqa: E402
from tests.e2e.rig.place import Place  # noqa: E402
from tests.e2e.rig.waiting import wait_until  # noqa: E402

FRESH = 200  # bindings over which CPU is taken
BURST = 300  # bindings made while the controller is at rest with FRESH others
MANY = 1000  # bindings that are all right when the controller starts
CHANGES = 100  # one after the other, for the latencies


def bind_many(place, start, count):
    """count fresh bindings with one policy each, Ready at the end."""
    for number in range(start, start + count):
        place.apply(place.binding(f"b{number}", permissionPolicy=READ_S3))
    for number in range(start, start + count):
        place.wait_ready(f"b{number}", timeout=180)


def requests_of_a_fresh_role(place, aws):
    since = aws.last()
    place.bind("one", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    place.wait_ready("one")
    row("AWS requests, fresh managed role, 2 policies", "4",
        len(aws.controller_requests(since, good=True)))


def cpu_of_fresh_bindings(place, controller):
    before = controller.cpu_seconds()
    bind_many(place, 0, FRESH)
    spent = controller.cpu_seconds() - before
    row(f"CPU per fresh binding, over {FRESH}", "2 ms", f"{1000 * spent / FRESH:.2f} ms")


def quantile(before, after, share):
    """The end of the bucket in which it lies: an upper bound."""
    grown = {end: after[end] - before.get(end, 0) for end in after}
    total = grown[float("inf")]
    assert total > 0, "nothing was measured"
    return next(end for end, count in grown.items() if count >= share * total)


def in_milliseconds(before, after):
    return " / ".join(f"{1000 * quantile(before, after, share):g}" for share in (0.5, 0.99)) + " ms"


def latencies(place, controller):
    """Each change waits for the one before, so no queue stands before it."""
    request, write = "podidentity_change_to_request_seconds", \
        "podidentity_finalizer_to_write_seconds"
    before = counts(controller, request), counts(controller, write)
    for number in range(CHANGES):
        place.bind(f"late{number}", permissionPolicy=READ_S3)
        place.wait_condition("RoleReady", "True", name=f"late{number}")
    row(f"watch line to first request, p50 / p99 over {CHANGES}", "p99 5 ms",
        "<= " + in_milliseconds(before[0], counts(controller, request)))
    row(f"finalizer to first AWS write, p50 / p99 over {CHANGES}", "p99 2 ms",
        "<= " + in_milliseconds(before[1], counts(controller, write)))


def existing_role_for_many(place, aws):
    role = aws.make_role("shared-by-all")
    since = aws.last()
    for number in range(10):
        place.apply(place.binding(f"shared{number}", roleARN=role))
    for number in range(10):
        place.wait_ready(f"shared{number}")
    operations = aws.operations(since)
    row("GetRole for 10 bindings that share an existing role", "1", operations.count("GetRole"))
    row("AWS requests for them", "11", len(operations))


def no_change(place, aws):
    since = aws.last()
    for number in range(FRESH):
        place.objects.patch("PodIdentityBinding", f"b{number}",
                            {"metadata": {"labels": {"bench": "1"}}}, place.name)
    place.bind("last", permissionPolicy=READ_S3)
    place.wait_ready("last")
    row(f"AWS requests when {FRESH} bindings change in no way that counts", "0",
        len(aws.operations(since)) - 3)


def restarted(aws, controller, bindings):
    controller.stop()
    since = aws.last()
    controller.start()
    wait_until(lambda: is_idle(controller), 60, "an empty queue")
    row(f"requests of a start with {bindings} right bindings", "pages",
        len(aws.operations(since)))
    row("writes among them", "0", len(aws.operations(since, writes=True)))
    row("CPU of that start", "-", f"{1000 * controller.cpu_seconds():.0f} ms")


def figures(place, aws, controller):
    memory(controller, "idle", "15 MB", "4 MB")
    place.grant()
    requests_of_a_fresh_role(place, aws)
    cpu_of_fresh_bindings(place, controller)
    latencies(place, controller)
    existing_role_for_many(place, aws)
    no_change(place, aws)
    bind_many(place, FRESH, BURST)
    memory(controller, f"after a burst of {BURST}", "16 MB")
    bind_many(place, FRESH + BURST, MANY - FRESH - BURST)
    memory(controller, f"after {MANY} fresh bindings", "16 MB")
    longest_turn(controller, "start and all of these")
    restarted(aws, controller, MANY + CHANGES + 12)
    memory(controller, f"after a start with {MANY}", "16 MB")
    longest_turn(controller, "that start")


def figures_of_one():
    with open_cluster() as cluster, Aws() as aws:
        controller = Controller(cluster, aws, iam_rate=1000, eks_rate=1000, log_level="warn")
        controller.start()
        place = Place(cluster, aws)
        place.open()
        try:
            figures(place, aws, controller)
        finally:
            controller.close()
        pods.figures(aws, row)


PARTS = {
    "": (figures_of_one, crowd.figures),
    "crowd": (crowd.figures,),
    "crowd5000": (lambda: crowd.figures(crowd.BINDINGS),),
}


def end(*_):
    """Servers and their folders go also when somebody has enough of it."""
    sys.exit(143)


def main():
    signal.signal(signal.SIGTERM, end)
    row("figure", "to reach", "measured")
    for part in PARTS[os.environ.get("BENCH", "")]:
        part()
    return 0


if __name__ == "__main__":
    sys.exit(main())
