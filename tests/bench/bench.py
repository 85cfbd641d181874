"""`make bench`: requests, CPU and memory of the controller, beside what design asks for."""

import sys

from tests.e2e.rig import environment

environment.clean_this_process()

from tests.e2e.documents import READ_S3, READ_SQS  # noqa: E402
from tests.e2e.rig.aws import Aws  # noqa: E402
from tests.e2e.rig.cluster import open_cluster  # noqa: E402
from tests.e2e.rig.controller import Controller  # noqa: E402
from tests.e2e.rig.place import Place  # noqa: E402

FRESH = 200


def row(figure, target, measured):
    print(f"{figure:52} {target:>14} {measured:>16}", flush=True)


def fresh(place, aws, controller):
    """Requests of one fresh binding with two policies, then CPU over many."""
    since = aws.last()
    place.bind("one", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    place.wait_ready("one")
    row("AWS requests, fresh managed role, 2 policies", "4",
        len(aws.controller_requests(since, good=True)))
    before = controller.cpu_seconds()
    for number in range(FRESH):
        place.apply(place.binding(f"b{number}", permissionPolicy=READ_S3))
    for number in range(FRESH):
        place.wait_ready(f"b{number}", timeout=120)
    spent = controller.cpu_seconds() - before
    row(f"CPU per fresh binding, over {FRESH}", "2 ms", f"{1000 * spent / FRESH:.2f} ms")


def restarted(aws, controller):
    controller.stop()
    since = aws.last()
    controller.start()
    operations = aws.operations(since)
    row(f"requests of a start with {FRESH + 1} right bindings", "pages", len(operations))
    row("writes among them", "0", len(aws.operations(since, writes=True)))


def memory(controller, when, target):
    row(f"resident memory, {when}", target,
        f"{controller.resident_kib() / 1024:.1f} MB")
    row(f"anonymous memory, {when}", "4 MB" if when == "idle" else "-",
        f"{controller.resident_kib('RssAnon') / 1024:.1f} MB")


def main():
    row("figure", "to reach", "measured")
    with open_cluster() as cluster, Aws() as aws:
        controller = Controller(cluster, aws, iam_rate=1000, eks_rate=1000, log_level="warn")
        controller.start()
        place = Place(cluster, aws)
        place.open()
        try:
            memory(controller, "idle", "15 MB")
            place.grant()
            fresh(place, aws, controller)
            memory(controller, f"after {FRESH} fresh bindings", "16 MB")
            row("longest turn of the loop", "10 ms", "{:.1f} ms".format(
                1000 * controller.metrics()["podidentity_loop_longest_turn_seconds"]))
            restarted(aws, controller)
            place.close(timeout=120)
        finally:
            controller.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
