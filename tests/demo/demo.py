"""`make demo`: a cluster, an AWS stand-in and the controller at work, from apply to deletion.

Leaves nothing running unless KEEP=1. With KUBECONFIG set it uses that cluster and says so."""

import json
import os
import signal
import sys
import time

from tests.e2e.rig import environment

environment.clean_this_process()

from tests.e2e.rig.aws import Aws  # noqa: E402
from tests.e2e.rig.cluster import open_cluster  # noqa: E402
from tests.e2e.rig.controller import Controller  # noqa: E402
from tests.e2e.rig.objects import is_condition  # noqa: E402
from tests.e2e.rig.waiting import wait_until  # noqa: E402

SAMPLES = environment.ROOT / "config" / "samples"
NAMESPACE = "shop"
EXISTING = "orders"
TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"]}]}
STARTED = time.monotonic()


def say(text):
    print(f"\n== {time.monotonic() - STARTED:5.1f} s  {text}", flush=True)


def show(found):
    print(json.dumps(found, indent=2, default=str), flush=True)


def make_existing_role(aws):
    """The role that config/samples/binding-existing-role.yaml names: somebody else's."""
    aws.iam.create_role(RoleName=EXISTING, Path="/apps/shop/",
                        AssumeRolePolicyDocument=json.dumps(TRUST))


def apply(cluster, name):
    print(f"$ kubectl apply -f config/samples/{name}", flush=True)
    print(cluster.kubectl("apply", "-f", str(SAMPLES / name)), end="", flush=True)


def wait_ready(cluster, name):
    return cluster.objects.wait("PodIdentityBinding", name, NAMESPACE,
                                until=is_condition("Ready", "True"))


def show_bindings(cluster):
    print("$ kubectl get pib -A", flush=True)
    print(cluster.kubectl("get", "pib", "-A"), end="", flush=True)


def show_role(aws, role):
    found = aws.role(role)
    show({key: found[key] for key in ("Arn", "AssumeRolePolicyDocument", "Tags")})
    show({"inline": aws.inline_policies(role), "attached": aws.attached_policies(role)})


def show_events(cluster):
    print(f"$ kubectl events -n {NAMESPACE}", flush=True)
    print(cluster.kubectl("events", "-n", NAMESPACE), end="", flush=True)


def change_policy(cluster, aws, role):
    before = aws.inline_policies(role)["read-catalogue"]
    statement = {"Sid": "ReadCatalogue", "Effect": "Allow",
                 "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    cluster.objects.patch("PodIdentityBinding", "cart", {"spec": {"permissionPolicy": {
        "Version": "2012-10-17", "Statement": [statement]}}}, NAMESPACE)
    wait_until(lambda: aws.inline_policies(role)["read-catalogue"] != before)
    show(aws.inline_policies(role))


def delete_all(cluster, aws, role):
    print(cluster.kubectl("delete", "pib", "--all", "-n", NAMESPACE), end="", flush=True)
    assert aws.role(role) is None, f"{role} is still there"
    assert aws.associations() == [], "an association is still there"
    print(f"role {role}: gone; associations: {aws.associations()}; "
          f"the existing role stays: {aws.role(EXISTING)['Arn']}")


def keep(cluster, controller):
    """KEEP=1: everything goes on running until a key interrupts it."""
    if os.environ.get("KEEP") != "1":
        return
    say("kept running; end it with Ctrl-C")
    print(f"export KUBECONFIG={cluster.kubeconfig}\nmetrics: "
          f"http://127.0.0.1:{controller.metrics_port}/metrics", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


def tour(cluster, aws):
    say("a namespace, a grant and two bindings are applied")
    for name in ("namespace.yaml", "grant.yaml", "binding-managed.yaml",
                 "binding-existing-role.yaml"):
        apply(cluster, name)
    role = wait_ready(cluster, "cart")["status"]["roleARN"].rsplit("/", 1)[1]
    wait_ready(cluster, "orders")
    say("what came to be")
    show_bindings(cluster)
    say(f"role {role}, as boto3 reads it")
    show_role(aws, role)
    say("the associations, as boto3 reads them")
    show([{key: found[key] for key in ("serviceAccount", "associationId", "roleArn")}
          for found in aws.associations(NAMESPACE)])
    say("the Events")
    show_events(cluster)
    say("a change of the permission policy arrives in AWS")
    change_policy(cluster, aws, role)
    say("deletion takes away what the bindings made")
    delete_all(cluster, aws, role)


def remove_samples(cluster):
    """A cluster of the user's is left as it was found."""
    cluster.kubectl("delete", "-f", str(SAMPLES / "grant.yaml"), "-f",
                    str(SAMPLES / "namespace.yaml"), "--ignore-not-found")


def main():
    say("starting the cluster of KUBECONFIG" if os.environ.get("KUBECONFIG")
        else "starting etcd, kube-apiserver and kube-controller-manager")
    with open_cluster() as cluster, Aws(account="123456789012", region="eu-west-1") as aws:
        make_existing_role(aws)
        say("starting the controller")
        controller = Controller(cluster, aws)
        controller.start()
        try:
            tour(cluster, aws)
            keep(cluster, controller)
            remove_samples(cluster)
        finally:
            controller.close()
    say("done; nothing is left running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
