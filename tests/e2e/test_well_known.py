"""Well-known policies: what stands on the role, what is narrowed, what is refused."""

import json

import yaml

from tests.e2e.crd_cases import SCOPES
from tests.e2e.documents import READ_S3
from tests.e2e.rig.environment import ROOT
from tests.e2e.rig.objects import condition

ZONE = "arn:aws:route53:::hostedzone/"
EXTERNAL_DNS = {"wellKnownPolicies": {"externalDNS": True}}


def scoped(*zones):
    return {**EXTERNAL_DNS,
            "wellKnownPolicyScopes": {"externalDNS": {"hostedZoneARNs": list(zones)}}}


def grant(place, *rows):
    return place.grant(managedRoles={"inlinePolicies": "Allow", "wellKnownPolicies": list(rows)})


def policies(aws, found):
    name = found["status"]["roleARN"].rsplit("/", 1)[1]
    return aws.inline_policies(name), aws.attached_policies(name)


def changed_zones(document):
    """The resources of the statement that changes records."""
    [statement] = [one for one in document["Statement"]
                   if "route53:ChangeResourceRecordSets" in one["Action"]]
    resource = statement["Resource"]
    return [resource] if isinstance(resource, str) else resource


def test_a_scope_narrows_the_policy_and_leaves_no_warning(place, aws, controller):
    grant(place, {"name": "externalDNS", "resources": [ZONE + "*"]})
    place.bind("dns", permissionPolicy=READ_S3, **scoped(ZONE + "Z1", ZONE + "Z2"))
    found = place.wait_ready("dns")
    inline, attached = policies(aws, found)
    assert sorted(inline) == ["Policy1", "WellKnown-externalDNS"]
    assert changed_zones(inline["WellKnown-externalDNS"]) == [ZONE + "Z1", ZONE + "Z2"]
    assert attached == []
    assert "warnings" not in found["status"]


def test_what_is_left_wide_is_told_and_narrowing_it_mends_that(place, aws, controller):
    grant(place, {"name": "externalDNS", "unscoped": True},
          {"name": "imageBuilder", "unscoped": True})
    place.bind("dns", wellKnownPolicies={"externalDNS": True, "imageBuilder": True})
    found = place.wait_ready("dns")
    inline, attached = policies(aws, found)
    assert changed_zones(inline["WellKnown-externalDNS"]) == [ZONE + "*"]
    assert attached == ["arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"]
    [warning] = found["status"]["warnings"]
    assert "spec.wellKnownPolicyScopes.externalDNS" in warning

    since = aws.last()
    place.bind("dns", **scoped(ZONE + "Z1"))
    found = place.wait_ready("dns")
    inline, attached = policies(aws, found)
    assert changed_zones(inline["WellKnown-externalDNS"]) == [ZONE + "Z1"]
    assert attached == []
    assert "warnings" not in found["status"]
    assert aws.operations(since, writes=True) == ["PutRolePolicy", "DetachRolePolicy"]


def test_one_that_is_not_granted_reaches_no_aws(place, aws, controller):
    grant(place, {"name": "externalDNS", "resources": [ZONE + "Z1"]})
    since = aws.last()
    place.bind("dns", **scoped(ZONE + "Z1", ZONE + "Z2"))
    message = place.wait_refused("Allowed", "NotGranted", "dns")
    assert f"externalDNS: {ZONE}Z2" in message
    place.bind("wide", **EXTERNAL_DNS)
    message = place.wait_refused("Allowed", "NotGranted", "wide")
    assert "externalDNS: unscoped" in message
    assert aws.controller_requests(since, namespace=place.name) == []


def test_policies_that_do_not_fit_together_are_refused_with_their_sizes(place, aws, controller):
    names = ["awsLoadBalancerController", "externalDNS", "certManager", "efsCSIController",
             "appMesh", "velero", "gatewayAPIController", "fsxLustreCSI", "externalSecrets"]
    grant(place, *({"name": name, "unscoped": True} for name in names))
    since = aws.last()
    place.bind("many", wellKnownPolicies={name: True for name in names})
    message = place.wait_refused("RoleReady", "PolicyTooLarge", "many")
    assert "awsLoadBalancerController" in message and "10240" in message
    assert aws.controller_requests(since, namespace=place.name) == []


def test_a_value_of_another_partition_is_refused_and_named(place, aws, controller):
    grant(place, {"name": "externalDNS", "resources": ["arn:aws-cn:route53:::hostedzone/*"]})
    since = aws.last()
    place.bind("dns", **scoped("arn:aws-cn:route53:::hostedzone/Z1"))
    message = place.wait_refused("RoleReady", "MalformedPolicy", "dns")
    assert "spec.wellKnownPolicyScopes.externalDNS.hostedZoneARNs" in message
    assert condition(place.get("dns"), "Allowed")["status"] == "True"
    assert aws.controller_requests(since, namespace=place.name) == []


def names():
    path = ROOT / "crds" / "podidentity.io_podidentitybindings.yaml"
    schema = yaml.safe_load(path.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found = sorted(schema["properties"]["spec"]["properties"]["wellKnownPolicies"]["properties"])
    assert len(found) == 21
    return found


def test_each_of_the_21_becomes_a_role_that_iam_takes(place, aws, controller):
    grant(place, *({"name": name, "unscoped": True} for name in names()))
    for name in names():
        place.bind(name.lower(), wellKnownPolicies={name: True})
    for name in names():
        inline, attached = policies(aws, place.wait_ready(name.lower()))
        assert attached or list(inline)[0].startswith(f"WellKnown-{name}"), name
        assert all(document["Statement"] for document in inline.values()), name


def test_each_parameter_stands_in_the_policy_that_it_narrows_or_adds_to(place, aws, controller):
    grant(place, *({"name": name, "unscoped": True, "resources": ["*", "*/*", "*/*/*"]}
                   for name in names()))
    wanted = {}
    for number, (policy, parameter, value, *_) in enumerate(SCOPES):
        value = value.replace("arn:aws-cn:", "arn:aws:")
        wanted[f"{policy}-{number}".lower()] = policy, value
        place.bind(f"{policy}-{number}".lower(), wellKnownPolicies={policy: True},
                   wellKnownPolicyScopes={policy: {
                       parameter: value if parameter == "clusterName" else [value]}})
    for name, (policy, value) in wanted.items():
        inline, _ = policies(aws, place.wait_ready(name))
        assert value in json.dumps(inline), f"{policy} does not say {value}"
