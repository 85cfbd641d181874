"""What 5,000 bindings cost: made at once under a budget of requests, when one grant changes, when
the controller starts among them, and in a sweep.

Under the budget 5,000 take more than eight minutes, so `make bench` makes 500 that way and the
others as fast as the stand-in answers; `make bench BENCH=crowd5000` makes all of them so."""

import concurrent.futures
import contextlib
import json
import threading
import time

from tests.bench.readings import is_idle, longest_turn, memory, row, total, wait_seldom
from tests.e2e.documents import READ_S3, WRITE_S3
from tests.e2e.rig.aws import Aws
from tests.e2e.rig.cluster import open_cluster
from tests.e2e.rig.controller import Controller
from tests.e2e.rig.place import Place
from tests.e2e.rig.waiting import wait_until

BINDINGS = 5000
PER_TEAM = 100  # bindings in one namespace, which has a grant of its own
TEAMS = [f"team-{number}" for number in range(BINDINGS // PER_TEAM)]
FOR_ALL = "all-teams"
SOME = 500  # of them are made under the budget when nobody asks for all
RATES = {"iam": 20, "eks": 10}
USERS = 50  # bindings that are Ready before, and of which one after the other is changed
CHANGES = 100  # so many, about; each costs six requests, as much as two new bindings
GRANT_CHANGES = 10
SWEEP_SECONDS = 20
DESCRIBES = 40  # seen before their pace is told
HURRY = {"iam_rate": 1000, "eks_rate": 1000}
READY = 'podidentity_bindings{condition="Ready",status="True"}'
RECONCILED = 'controller_runtime_reconcile_total{controller="podidentitybinding"'
PATCHED = 'rest_client_requests_total{code="200",method="PATCH"'
SWEPT = "podidentity_sweep_seconds_count{}"
DESCRIBED = "DescribePodIdentityAssociation"  # by the patrol, whatever else goes on


def quantile(values, share):
    """The smallest value that so many are no larger than."""
    return sorted(values)[max(0, -(-int(1000 * share) * len(values) // 1000) - 1)]


def wait_ready(controller, count, timeout):
    wait_seldom(lambda: controller.metrics()[READY] == count and is_idle(controller), timeout,
                f"{count} bindings Ready and an empty queue")


# Bindings in teams --------------------------------------------------------------------------------

class Crowd:
    """Namespaces of PER_TEAM bindings with a role and a policy each, and the grant of each."""

    def __init__(self, cluster, aws):
        self.cluster = cluster
        self.aws = aws
        self.teams = []

    @property
    def size(self):
        return PER_TEAM * len(self.teams)

    def prepare(self, count):
        """Namespaces, grants and ServiceAccounts for so many bindings; gives the namespaces."""
        first = len(self.teams)
        teams = [Place(self.cluster, self.aws, name)
                 for name in TEAMS[first:first + count // PER_TEAM]]
        teams[0].grant(FOR_ALL, namespaces={"names": TEAMS}, existingRoles=roles(0))
        for team in teams:
            team.open()
            team.grant()
        self._create([[{"apiVersion": "v1", "kind": "ServiceAccount",
                        "metadata": {"name": f"app-{number}", "namespace": team.name}}
                       for number in range(PER_TEAM)] for team in teams])
        self.teams += teams
        return teams

    def bind(self, teams):
        """All their bindings, as fast as the API server takes them."""
        self._create([[team.binding(f"app-{number}", permissionPolicy=READ_S3)
                       for number in range(PER_TEAM)] for team in teams])

    def _create(self, lists):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(self._create_list, lists))

    def _create_list(self, items):
        self.cluster.kubectl("create", "--validate=false", "-f", "-", text=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": items}))


# People meanwhile ---------------------------------------------------------------------------------

class Users:
    """Changes one Ready binding after the other, for the length of a block."""

    def __init__(self, cluster, aws):
        self.aws = aws
        self.place = Place(cluster, aws, "users")
        self.changes = []  # (the role's name, epoch seconds when the change was sent)
        self._over = threading.Event()

    def prepare(self, controller):
        self.place.open()
        self.place.grant()
        for number in range(USERS):
            self.place.bind(f"user-{number}", permissionPolicy=READ_S3)
        wait_ready(controller, USERS, 120)
        self.roles = [self.place.get(f"user-{number}")["status"]["roleARN"].rpartition("/")[2]
                      for number in range(USERS)]

    @contextlib.contextmanager
    def changing(self, pause_s):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            changing = pool.submit(self._change, pause_s)
            try:
                yield
            finally:
                self._over.set()
            changing.result()

    def _change(self, pause_s):
        policies = (WRITE_S3, READ_S3)
        while not self._over.wait(pause_s):
            done = len(self.changes)
            name, role = f"user-{done % USERS}", self.roles[done % USERS]
            self.changes.append((role, time.time()))
            self.place.objects.patch(
                "PodIdentityBinding", name,
                {"spec": {"permissionPolicy": policies[done // USERS % 2]}}, self.place.name)

    def waited(self, entries):
        """Seconds from each change to the first of these requests that names its role."""
        return [min(entry["arrived_s"] - sent_s for entry in entries
                    if entry["arrived_s"] >= sent_s and entry["params"].get("RoleName") == role)
                for role, sent_s in self.changes]


# Under a budget -----------------------------------------------------------------------------------

def dictated_seconds(entries):
    """The least time in which so many requests may leave; a bucket holds one second's worth."""
    asked = {service: sum(entry["service"] == service for entry in entries) for service in RATES}
    return max((asked[service] - rate) / rate for service, rate in RATES.items()), asked


def under_budget(crowd, users, controller, count):
    teams = crowd.prepare(count)
    users.prepare(controller)
    since = crowd.aws.last()
    began_s = time.time()
    with users.changing(pause_s=2 * count / RATES["iam"] / CHANGES):
        crowd.bind(teams)
        bound_s = time.time() - began_s
        wait_ready(controller, USERS + count, 1200)
        spent_s = time.time() - began_s
    entries = crowd.aws.controller_requests(since)
    dictated_s, asked = dictated_seconds(entries)
    waited_s = users.waited(entries)
    rates = f"{RATES['iam']} and {RATES['eks']} requests/s"
    row(f"requests of {count} at once: IAM, EKS", f"{2 * count}, {count}",
        "{iam}, {eks}".format(**asked))
    row(f"{count} at once under {rates}, until Ready", f"{1.05 * dictated_s:.1f} s",
        f"{spent_s:.1f} s")
    row("that by the time which the budget dictates", "1.05", f"{spent_s / dictated_s:.3f}")
    row("kubectl was through with them after", "-", f"{bound_s:.1f} s")
    row(f"{len(waited_s)} changes meanwhile to first request, p50 / p99", "p99 2 s",
        " / ".join(f"{quantile(waited_s, share):.2f}" for share in (0.5, 0.99)) + " s")
    longest_turn(controller, "all of that")


# Among 5,000 --------------------------------------------------------------------------------------

class Reading:
    """What the controller has done between two looks."""

    def __init__(self, aws, controller):
        self.aws = aws
        self.controller = controller
        self.since = aws.last()
        self.began_s = time.monotonic()
        self.cpu_s = controller.cpu_seconds()
        metrics = controller.metrics()
        self.reconciled = total(metrics, RECONCILED)
        self.patches = total(metrics, PATCHED)

    def end(self):
        self.spent_s = time.monotonic() - self.began_s
        self.cpu_s = self.controller.cpu_seconds() - self.cpu_s
        metrics = self.controller.metrics()
        self.reconciled = total(metrics, RECONCILED) - self.reconciled
        self.patches = total(metrics, PATCHED) - self.patches
        self.operations = [name for name in self.aws.operations(self.since) if name != DESCRIBED]


def changed(crowd, controller, name, **spec):
    """Applies the grant of this name with these fields; gives what came of it."""
    reading = Reading(crowd.aws, controller)
    place = crowd.teams[0]
    told = place.grant(name, **spec)["metadata"]["generation"]
    place.objects.wait(
        "PodIdentityGrant", name,
        until=lambda found: (found.get("status") or {}).get("observedGeneration") == told)
    wait_seldom(lambda: is_idle(controller), 120, "an empty queue")
    reading.end()
    return reading


def tell_grant(what, looked_at, readings):
    many = len(readings)
    row(f"bindings looked at when {what}", str(looked_at), " ".join(
        sorted({f"{one.reconciled:g}" for one in readings})))
    row("AWS requests, writes to Kubernetes of that", "0, -", "{}, {:.0f}".format(
        sum(len(one.operations) for one in readings), sum(one.patches for one in readings) / many))
    row("CPU; until the queue is empty, at most", "-", "{:.0f} ms; {:.2f} s".format(
        1000 * sum(one.cpu_s for one in readings) / many, max(one.spent_s for one in readings)))


def roles(number):
    """Nobody asks for them, so it makes no difference to any binding."""
    return {"arns": [f"arn:aws:iam::*:role/{number}"]}


def one_grant(crowd, controller):
    """That of a team, one that wanders from team to team, and one for all. Where the grants differ
    that a binding has, its status says so."""
    team = crowd.teams[0].name
    tell_grant("a team's grant changes", PER_TEAM, [
        changed(crowd, controller, team, namespaces={"names": [team]}, existingRoles=roles(number))
        for number in range(GRANT_CHANGES)])
    changed(crowd, controller, "wanders", namespaces={"names": [team]})
    tell_grant("a grant moves to another team", 2 * PER_TEAM, [
        changed(crowd, controller, "wanders", namespaces={"names": [crowd.teams[number].name]})
        for number in range(1, 4)])
    tell_grant("the grant of all teams changes", crowd.size, [
        changed(crowd, controller, FOR_ALL, namespaces={"names": TEAMS}, existingRoles=roles(1))])


def start_among(crowd, controller, count):
    since = crowd.aws.last()
    began_s = time.monotonic()
    controller.start()
    wait_seldom(lambda: is_idle(controller), 120, "an empty queue")
    spent_s = time.monotonic() - began_s
    row(f"requests of a start with {count} right bindings", "pages",
        str(len(crowd.aws.operations(since))))
    row("writes among them", "0", str(len(crowd.aws.operations(since, writes=True))))
    row("time and CPU of that start, under the same budget", "-",
        f"{spent_s:.1f} s, {controller.cpu_seconds():.2f} s")
    longest_turn(controller, f"a start with {count}")
    memory(controller, f"after a start with {count}", "-")


def sweep_among(crowd, controller, count):
    """A sweep that comes by itself, with the look at all bindings after it. The request log tells
    when it is over: /metrics costs the controller some milliseconds with so many bindings."""
    swept = controller.metrics()[SWEPT]
    reading = Reading(crowd.aws, controller)
    pages = -(-count // 100)  # the boundary of the rig is a policy, not a role

    def read():
        operations = crowd.aws.operations(reading.since)
        return operations.count("GetAccountAuthorizationDetails") >= pages

    wait_until(read, 3 * SWEEP_SECONDS, "a sweep")
    wait_until(lambda: controller.metrics()[SWEPT] > swept and is_idle(controller), 10, "its end")
    reading.end()
    row(f"requests of a sweep over {count}", f"2 x {pages} pages", str(len(reading.operations)))
    row("CPU of that sweep", "0.5 s", f"{reading.cpu_s:.2f} s")
    row("bindings looked at in it", "0", f"{reading.reconciled:g}")


def describes_among(crowd, controller, count):
    """They are to be spread, and take no more than their share of the budget."""
    since = crowd.aws.last()
    began_s = time.monotonic()
    wait_until(lambda: crowd.aws.operations(since).count(DESCRIBED) >= DESCRIBES, 120,
               f"{DESCRIBES} Describes")
    row(f"Describes a second, {count} in 10 min wanted", f"{0.2 * RATES['eks']:g}",
        f"{DESCRIBES / (time.monotonic() - began_s):.2f}")


# --------------------------------------------------------------------------------------------------

def measure(cluster, aws, controller, budgeted):
    aws.control("POST", "quotas", {"associations": 2 * BINDINGS})
    crowd = Crowd(cluster, aws)
    under_budget(crowd, Users(cluster, aws), controller, budgeted)
    controller.stop()
    controller.settings.update(HURRY)
    controller.start()
    if crowd.size < BINDINGS:
        crowd.bind(crowd.prepare(BINDINGS - crowd.size))
    wait_ready(controller, USERS + BINDINGS, 1200)
    one_grant(crowd, controller)
    controller.stop()
    controller.settings.update(iam_rate=RATES["iam"], eks_rate=RATES["eks"],
                               drift_interval=f"{SWEEP_SECONDS}s")
    start_among(crowd, controller, USERS + BINDINGS)
    sweep_among(crowd, controller, USERS + BINDINGS)
    controller.stop()
    controller.settings.update(drift_interval="10m", describe_interval="10m")
    controller.start()
    describes_among(crowd, controller, USERS + BINDINGS)


def figures(budgeted=SOME):
    """budgeted: how many bindings are made under the budget."""
    with open_cluster() as cluster, Aws() as aws:
        controller = Controller(cluster, aws, log_level="warn", iam_rate=RATES["iam"],
                                eks_rate=RATES["eks"])
        controller.start()
        try:
            measure(cluster, aws, controller, budgeted)
        finally:
            controller.close()
