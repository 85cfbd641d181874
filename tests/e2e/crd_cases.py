"""What people may write into PodIdentityBindings and PodIdentityGrants, and what the API server has
to say to the rest. Tables only; test_crd_rules.py asks a real API server.

A row of REFUSED is (spec, field that the refusal names, how the refusal begins), one of ACCEPTED a
spec. None takes a field away."""

import json

ROLE = "arn:aws:iam::123456789012:role/apps/cart"
OTHER_ROLE = "arn:aws:iam::210987654321:role/reader"
POLICY = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
DOCUMENT = {"Version": "2012-10-17", "Statement": []}
TEXT = json.dumps(DOCUMENT)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/mrk-0123"
SECRET = "arn:aws:secretsmanager:*:123456789012:secret:shop/cart-??????"
TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/"
LUSTRE = "arn:aws:iam::*:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/*"
PARTITIONS = (
    "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")

MANAGED = {"serviceAccountName": "cart", "permissionPolicyARNs": [POLICY]}
EXISTING = {"serviceAccountName": "cart", "roleARN": ROLE}
INLINE = {"serviceAccountName": "cart", "permissionPolicy": DOCUMENT}
GRANT = {"namespaces": {"names": ["shop"]}, "serviceAccounts": ["*"]}


def each(base, field, begins, *values):
    """Rows in which that field alone is wrong."""
    return [({**base, field: value}, f"spec.{field}", begins) for value in values]


def also(base, **more):
    return {**base, **more}


# Parameters of well-known policies: one that is taken, one that is not, how the refusal begins.
SCOPES = [
    ("autoScaler", "clusterName", "production", "-x", "write the name of an EKS cluster"),
    ("externalDNS", "hostedZoneARNs", "arn:aws:route53:::hostedzone/Z01", "Z01",
     "write the ARN of a hosted zone"),
    ("certManager", "hostedZoneARNs", "arn:aws-cn:route53:::hostedzone/*",
     "arn:aws:route53:eu-west-1::hostedzone/Z01", "write the ARN of a hosted zone"),
    ("ebsCSIController", "keyARNs", KEY, "arn:aws:kms:eu-west-1:123456789012:alias/volumes",
     "write the ARN of a KMS key"),
    ("ampAccess", "workspaceARNs", "arn:aws:aps:eu-west-1:123456789012:workspace/ws-01", "ws-01",
     "write the ARN of a Prometheus workspace"),
    ("externalSecrets", "secretARNs", SECRET, "shop/cart", "write the ARN of a secret"),
    ("externalSecrets", "parameterARNs", "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/*",
     "/shop/cart", "write the ARN of a parameter"),
    ("externalSecrets", "keyARNs", KEY, "mrk-0123", "write the ARN of a KMS key"),
    ("fsxLustreCSI", "serviceRoleARNs", LUSTRE, ROLE, "write the ARN of a service-linked role"),
    ("loadBalancerTargetGroupBinding", "targetGroupARNs", TARGETS + "web/01", TARGETS,
     "write the ARN of a target group"),
    ("mountpointS3CSI", "bucketARNs", "arn:aws:s3:::shop-data", "arn:aws:s3:::shop-data/*",
     "write the ARN of a bucket"),
    ("mountpointS3CSI", "pathARNs", "arn:aws:s3:::b/${aws:PrincipalTag/kubernetes-namespace}/*",
     "arn:aws:s3:::b", "write the ARN of objects"),
    ("mountpointS3CSI", "keyARNs", KEY, "key/mrk-0123", "write the ARN of a KMS key"),
    ("nodeTerminationHandler", "queueARNs", "arn:aws:sqs:eu-west-1:123456789012:nodes.fifo",
     "https://sqs.eu-west-1.amazonaws.com/123456789012/nodes", "write the ARN of an SQS queue"),
    ("privateCAIssuer", "certificateAuthorityARNs",
     "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/01",
     "arn:aws:acm:eu-west-1:123456789012:certificate/01",
     "write the ARN of a certificate authority"),
    ("velero", "bucketARNs", "arn:aws:s3:::backup", "backup", "write the ARN of a bucket"),
    ("velero", "pathARNs", "arn:aws:s3:::backup/*", "backup/*", "write the ARN of objects"),
    ("velero", "keyARNs", KEY, "arn:aws:s3:::backup", "write the ARN of a KMS key"),
]
SCOPED = sorted({policy for policy, *_ in SCOPES} | {"vpcCNIIPv4", "vpcCNIIPv6"})


def scoped(policy, parameter, value):
    return {"serviceAccountName": "cart", "wellKnownPolicies": {policy: True},
            "wellKnownPolicyScopes": {policy: {parameter: value}}}


def scope_rows():
    at = "spec.wellKnownPolicyScopes"
    for policy, name, _, bad, begins in SCOPES:
        if name == "clusterName":
            yield scoped(policy, name, bad), f"{at}.{policy}.{name}", begins
            continue
        yield scoped(policy, name, [bad]), f"{at}.{policy}.{name}[0]", begins
        yield (scoped(policy, name, []), f"{at}.{policy}.{name}",
               "an empty list neither narrows nor adds")
    for policy in SCOPED:
        yield (also(MANAGED, wellKnownPolicyScopes={policy: {}}), f"{at}.{policy}",
               f"parameters of {policy} stand beside its true only")
    yield (also(MANAGED, wellKnownPolicies={"velero": False}, wellKnownPolicyScopes={"velero": {}}),
           f"{at}.velero", "parameters of velero stand beside its true only")
    yield (scoped("externalSecrets", "createPermission", True),
           f"{at}.externalSecrets.createPermission", "createPermission works on the secrets")


BUILDS_A_ROLE = {
    "permissionPolicy": DOCUMENT, "permissionPolicyName": "p", "permissionPolicyARNs": [POLICY],
    "wellKnownPolicies": {"velero": True}, "wellKnownPolicyScopes": {"velero": {}},
    "permissionsBoundaryARN": POLICY, "rolePath": "shop/", "roleDescription": "x",
    "maxSessionDuration": 3600, "trustScope": "Cluster",
}
NO_POLICY = [
    {"permissionPolicyARNs": None}, {"permissionPolicyARNs": []},
    {"permissionPolicyARNs": None, "roleName": "cart"},
    {"permissionPolicyARNs": None, "wellKnownPolicies": {"velero": False}},
]
NO_ROLE_ARNS = (
    "", "apps/cart", POLICY, ROLE.replace("aws", "aws-mars"), ROLE.replace("123456789012", "1234"),
    ROLE.replace(":iam:", ":iam:eu-west-1"), "arn:aws:sts::123456789012:assumed-role/cart/x",
    "arn:aws:iam::123456789012:instance-profile/x", ROLE + "/", ROLE + "\n", ROLE + "\u00e9")

REFUSED = [
    *((also(MANAGED, **change), "spec", "say what the pods may do") for change in NO_POLICY),
    *((also(EXISTING, **{field: value}), f"spec.{field}",
       f"roleARN names an existing role, which is never edited: remove {field},")
      for field, value in BUILDS_A_ROLE.items()),
    *each(MANAGED, "serviceAccountName", "write the name of a ServiceAccount", "Cart", "", "cart."),
    *each(EXISTING, "roleARN", "write the ARN of an IAM role", *NO_ROLE_ARNS),
    *each(EXISTING, "roleARN", "a service-linked role",
          "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/x"),
    *each(MANAGED, "roleName", "write a role name", "", "apps/cart", "cart role", "c\u00e4rt"),
    *each(MANAGED, "rolePath", "write a path relative",
          "", "/", "/shop/", "shop", "a//b/", "a*/", "a b/"),
    *each(MANAGED, "rolePath", "IAM does not resolve", "../", "shop/./x/"),
    *each(MANAGED, "roleDescription", "IAM takes Latin-1", "\u20ac", "a\x7f"),
    *each(MANAGED, "maxSessionDuration", "maxSessionDuration is in seconds", -1, 0, 3599, 43201),
    *each(MANAGED, "permissionPolicyName", "permissionPolicyName names the policy", "p"),
    *each(INLINE, "permissionPolicyName", "write a policy name", "", "-.-", "a b"),
    *((also(MANAGED, permissionPolicyARNs=[POLICY, arn]), "spec.permissionPolicyARNs[1]",
       "write the ARN of a managed policy")
      for arn in ("SQSRead", ROLE, "arn:aws:iam::amazon:policy/x", "arn:aws:iam:::policy/x")),
    *each(MANAGED, "permissionsBoundaryARN", "write the ARN of the managed policy", "boundary"),
    *each(EXISTING, "targetRoleARN", "write the ARN of an IAM role", "orders-reader"),
    *((also(EXISTING, targetRoleARN=ROLE, mechanism=mechanism), "spec.targetRoleARN",
       "a target role is assumed by Pod Identity only") for mechanism in ("IRSA", "Both")),
    *each(EXISTING, "policy", "EKS takes a session policy only without session tags", TEXT),
    *each(also(EXISTING, disableSessionTags=False), "policy",
          "EKS takes a session policy only without session tags", TEXT),
    *each(also(EXISTING, disableSessionTags=True), "policy", "policy is the JSON text",
          "", "[]", "{", POLICY),
    *each(also(EXISTING, disableSessionTags=True, mechanism="Both"), "policy",
          "policy narrows Pod Identity sessions only", TEXT),
    *each(also(EXISTING, mechanism="IRSA"), "disableSessionTags",
          "session tags come with Pod Identity only", True),
    *each(also(MANAGED, disableSessionTags=True), "trustScope",
          "without session tags a trust policy cannot tell", "ServiceAccount"),
    *each(also(MANAGED, mechanism="IRSA"), "trustScope",
          "an IRSA trust always names exactly this", "ServiceAccount"),
    *each(MANAGED, "irsa", "irsa is for web identity", {}),
    (also(MANAGED, irsa={"audience": "a b"}, mechanism="IRSA"), "spec.irsa.audience",
     "write the audience without spaces"),
    *((also(MANAGED, irsa={"tokenExpiration": seconds}, mechanism="Both"),
       "spec.irsa.tokenExpiration", "tokenExpiration is in seconds") for seconds in (599, 86401)),
    *each(MANAGED, "tags", "tag keys that begin with aws:", {"aws:x": ""}, {"AWS:x": ""}),
    *each(MANAGED, "tags", "tag keys that begin with podidentity.io/",
          {"podidentity.io/managed": "x"}, {"PodIdentity.IO/managed": "x"}),
    *each(MANAGED, "tags", "a tag of the role with the key of a session tag", *(
        {key: "x"} for key in (
            "eks-cluster-arn", "eks-cluster-name", "kubernetes-namespace", "kubernetes-pod-name",
            "Kubernetes-Service-Account", "KUBERNETES-POD-UID"))),
    *each(MANAGED, "tags", "IAM tells tag keys apart without regard to case",
          {"team": "x", "Team": "y"}),
    *each(MANAGED, "tags", "IAM takes letters, digits, spaces", {"a#": ""}, {"a": "b!"}),
    *each(MANAGED, "tags", "a tag key has 1 to 128 characters", {"k" * 129: "x"}),
    *scope_rows(),
    # What a rule could not say better than the API server itself.
    *each(MANAGED, "serviceAccountName", "Required value", None),
    *each(MANAGED, "serviceAccountName", "Too long: may not be more than 253 bytes", "c" * 254),
    *each(MANAGED, "roleName", "Too long: may not be more than 64 bytes", "c" * 65),
    *each(MANAGED, "roleDescription", "Too long: may not be more than 1000 bytes", "c" * 1001),
    *each(also(EXISTING, disableSessionTags=True), "policy",
          "Too long: may not be more than 2048 bytes", "{" + " " * 2047 + "}"),
    *each(MANAGED, "permissionPolicyARNs", "Too many: 26: must have at most 25 items",
          [f"{POLICY}{i}" for i in range(26)]),
    (also(MANAGED, permissionPolicyARNs=[POLICY, POLICY]), "spec.permissionPolicyARNs[1]",
     "Duplicate value"),
    *each(MANAGED, "tags", "Too many: 44: must have at most 43 items",
          {f"k{i}": "x" for i in range(44)}),
    (also(MANAGED, tags={"team": "x" * 257}), "spec.tags.team",
     "Too long: may not be more than 256 bytes"),
    *((also(MANAGED, **{field: "Maybe"}), f"spec.{field}", 'Unsupported value: "Maybe"')
      for field in ("trustScope", "mechanism", "mode", "adoptionPolicy", "deletionPolicy")),
]

ACCEPTED = [
    MANAGED,
    EXISTING,
    INLINE,
    also(EXISTING, roleName="ignored-as-eksctl-does", tags={"team": "shop"}),
    also(EXISTING, permissionPolicyARNs=[], wellKnownPolicies={"velero": False}),
    *(also(EXISTING, roleARN=ROLE.replace(":aws:", f":{partition}:")) for partition in PARTITIONS),
    *(also(MANAGED, permissionPolicyARNs=[POLICY.replace(":aws:", f":{partition}:", 1)])
      for partition in PARTITIONS),
    also(EXISTING, roleARN="arn:aws:iam::123456789012:role/" + "p" * 510 + "/" + "r" * 64),
    also(INLINE, permissionPolicyName="read_catalogue-1"),
    also(MANAGED, permissionPolicyARNs=[f"{POLICY}{i}" for i in range(25)]),
    *(scoped(policy, name, good if name == "clusterName" else [good])
      for policy, name, good, *_ in SCOPES),
    also(scoped("externalSecrets", "secretARNs", [SECRET]), wellKnownPolicyScopes={
        "externalSecrets": {"createPermission": True, "secretARNs": [SECRET]}}),
    scoped("vpcCNIIPv4", "cloudWatchLogs", True),
    scoped("vpcCNIIPv6", "cloudWatchLogs", False),
    also(MANAGED, serviceAccountName="a.b-c.1", roleName="r" * 64, rolePath="teams/shop/",
         roleDescription="Caf\u00e9\nof the shop", maxSessionDuration=43200),
    also(MANAGED, serviceAccountName="c" * 253, maxSessionDuration=3600,
         permissionsBoundaryARN=BOUNDARY),
    also(EXISTING, targetRoleARN=OTHER_ROLE, policy=f"\n{TEXT}\n", disableSessionTags=True),
    also(MANAGED, disableSessionTags=True, trustScope="Cluster"),
    also(MANAGED, disableSessionTags=True),
    also(MANAGED, trustScope="ServiceAccount", mechanism="Both", irsa={
        "audience": "sts.amazonaws.com", "tokenExpiration": 600, "stsRegionalEndpoints": True}),
    also(MANAGED, mechanism="IRSA", irsa={"tokenExpiration": 86400}),
    also(MANAGED, createServiceAccount=True, mode="Observe", adoptionPolicy="Adopt",
         deletionPolicy="Retain"),
    also(MANAGED, tags={
        "k" * 128: "v" * 256, "Stelle \u00e4\u6771": "", "aws": "x", "a:b/c=d+e-f@g": "."}),
    also(MANAGED, tags={f"k{i}": "x" for i in range(43)}),
]

# From the first spec to the second: None, or the field that refuses it and how.
NAMED = also(MANAGED, roleName="cart")
PATHED = also(MANAGED, rolePath="shop/")
NAME_FIXED = ("spec.roleName", "roleName cannot be added, changed or removed while the role exists")
PATH_FIXED = ("spec.rolePath", "rolePath cannot be added, changed or removed while the role exists")
UPDATES = {
    "another ServiceAccount": (MANAGED, also(MANAGED, serviceAccountName="orders"), (
        "spec.serviceAccountName", "serviceAccountName cannot be changed")),
    "name changed": (NAMED, also(NAMED, roleName="basket"), NAME_FIXED),
    "name added": (MANAGED, NAMED, NAME_FIXED),
    "name removed": (NAMED, MANAGED, NAME_FIXED),
    "path changed": (PATHED, also(PATHED, rolePath="other/"), PATH_FIXED),
    "path added": (MANAGED, PATHED, PATH_FIXED),
    "path removed": (PATHED, MANAGED, PATH_FIXED),
    "a made role becomes an existing one": (NAMED, EXISTING, None),
    "an existing role becomes a made one": (EXISTING, also(NAMED, rolePath="shop/"), None),
    "the ignored name": (also(EXISTING, roleName="a"), also(EXISTING, roleName="b"), None),
    "another existing role": (EXISTING, also(EXISTING, roleARN=OTHER_ROLE), None),
    "policies": (NAMED, also(NAMED, permissionPolicy=DOCUMENT, permissionPolicyName="p"), None),
    "what a role can change": (MANAGED, also(
        MANAGED, roleDescription="x", maxSessionDuration=7200, tags={"a": "b"}), None),
}


def nested(path, value):
    for name in reversed(path.split(".")):
        value = {name: value}
    return also(GRANT, **value)


def well_known(**entry):
    return nested("managedRoles.wellKnownPolicies", [{"name": "velero", **entry}])


def grant_each(path, begins, *values):
    """Rows in which the only item of that list is wrong."""
    return [(nested(path, [value]), f"spec.{path}[0]", begins) for value in values]


ARN_GLOBS = {
    "existingRoles.arns": "arn:aws:iam::123456789012:role/apps/*",
    "managedRoles.permissionPolicyARNs": "arn:aws:iam::*:policy/*",
    "managedRoles.permissionsBoundaryARNs": "arn:aws:iam::123456789012:policy/b",
    "targetRoleARNs": "arn:*:iam::210987654321:role/x",
    "adoption.roles": "arn:aws:iam::123456789012:role/*",
}
TWO_STARS = "** is not known"
RESOURCE = "spec.managedRoles.wellKnownPolicies[0].resources[0]"

GRANT_REFUSED = [
    *grant_each("namespaces.names", "write the exact name of a namespace", "", "*", "Shop", "a.b"),
    (nested("namespaces.matchLabels", {"a b": "x"}), "spec.namespaces.matchLabels",
     "write the key of a label"),
    (nested("namespaces.matchLabels", {"team": "-x"}), "spec.namespaces.matchLabels[team]",
     "write the value of a label"),
    *grant_each("serviceAccounts", "write a glob of lower-case letters",
                "", "Cart", "c[a-z]rt", "c?rt"),
    *grant_each("serviceAccounts", TWO_STARS, "a**"),
    *(row for path, good in ARN_GLOBS.items() for row in (
        *grant_each(path, "write a glob over whole ARNs", "*", "apps/*", good.replace("/", "x/")),
        *grant_each(path, TWO_STARS, good + "**"))),
    (well_known(resources=["\u00e4"]), RESOURCE, "write a glob of printable ASCII"),
    (well_known(resources=["arn:aws:s3:::**"]), RESOURCE, TWO_STARS),
    (well_known(name="valero"), "spec.managedRoles.wellKnownPolicies[0].name",
     'Unsupported value: "valero"'),
    *grant_each("managedRoles.roleNames", "write a glob of letters, digits", "a/b"),
    *grant_each("managedRoles.roleNames", TWO_STARS, "**"),
    *((nested("managedRoles.maxBindings", number), "spec.managedRoles.maxBindings",
       "maxBindings is a number of bindings") for number in (-1, 5001)),
    (nested("managedRoles.inlinePolicies", "allow"), "spec.managedRoles.inlinePolicies",
     'Unsupported value: "allow"'),
    *grant_each("managedRoles.trustScopes", 'Unsupported value: "World"', "World"),
]
GRANT_ACCEPTED = [
    GRANT, {}, {"namespaces": {}},
    {"namespaces": {"names": ["shop", "kube-system"], "matchLabels": {
        "kubernetes.io/metadata.name": "shop", "team": ""}}},
    also(GRANT, serviceAccounts=["*", "worker-*", "a.b"]),
    also(GRANT, managedRoles={}),
    *(nested(path, [good]) for path, good in ARN_GLOBS.items()),
    also(GRANT, managedRoles={"inlinePolicies": "Allow", "roleNames": ["shop-*"],
                              "trustScopes": ["Cluster", "Account"], "maxBindings": 0}),
    well_known(resources=["arn:aws:s3:::shop-*", "production"], unscoped=True),
    also(GRANT, adoption={"associations": True}, allowRetain=True,
         allowServiceAccountAnnotation=True, allowMigration=True),
]
