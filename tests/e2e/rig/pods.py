"""Pods as documents: what tests make by hand, and what EKS's webhook would put into one."""

# amazon-eks-pod-identity-webhook, pkg/handler/handler.go.
CONTAINER_CREDENTIALS = {
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE":
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
}
WEB_IDENTITY = {
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/irsa",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
}

# A pod that ran would need a node; kubelets are played by kwok where a test needs them.
IMAGE = "registry.k8s.io/pause:3.10"

# What a pod has by which it is known to run where no agent does.
COMPUTE = {
    "fargate": {"labels": {"eks.amazonaws.com/fargate-profile": "batch"}},
    "windows": {"nodeSelector": {"kubernetes.io/os": "windows"}},
}

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def deployment(name, service_account, node, replicas=2):
    """A Deployment whose pods run on that node."""
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels},
                     "spec": pod_spec(service_account, nodeName=node)}}}


def pod_spec(service_account, environment=None, **spec):
    """The spec of a pod with one container; environment: name → value."""
    container = {"name": "app", "image": IMAGE, "env": [
        {"name": name, "value": value} for name, value in (environment or {}).items()]}
    return {"serviceAccountName": service_account, "containers": [container],
            "terminationGracePeriodSeconds": 0, **spec}


def pod(name, service_account, environment=None, labels=None, **spec):
    """A pod; with an environment it is as if the webhook had seen it."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}},
            "spec": pod_spec(service_account, environment, **spec)}
