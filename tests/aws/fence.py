"""The fence that the controller's own IAM policy puts round its roles, as a switch.

With it on, the controller may make roles only under a path, with the boundary and its cluster's
tag in the CreateRole itself, and change only roles that have the boundary now. This is the part
of the policy that a wrong order of requests runs into.
"""

from dataclasses import dataclass

# Actions whose statement has the condition iam:PermissionsBoundary; PutRolePermissionsBoundary is
# judged by the boundary it asks for, so that a removed one can be put back.
BOUNDED = {"iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy",
           "iam:DetachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
           "iam:DeleteRole", "iam:ListInstanceProfilesForRole"}
IN_PATH = {"iam:TagRole", "iam:UntagRole"}
NEVER = {"iam:DeleteRolePermissionsBoundary", "iam:CreatePolicy", "iam:DeletePolicy"}
CLUSTER_TAG = "podidentity.io/cluster"
MANAGED_TAG = "podidentity.io/managed"
OWN_ASSOCIATIONS = {"eks:UpdatePodIdentityAssociation", "eks:DeletePodIdentityAssociation",
                    "eks:UntagResource"}


@dataclass
class Fence:
    path: str
    boundary: str

    def refuses(self, action, call):
        """True if the policy would not allow the action. A missing role is let through to IAM."""
        if action in NEVER:
            return True
        if action == "iam:CreateRole":
            return not self._may_create(call)
        if action in OWN_ASSOCIATIONS:
            return not self._own_association(call)
        role = call.account.roles.get(call.params.get("RoleName", "").lower())
        if role is None:
            return False
        if action == "iam:PutRolePermissionsBoundary":
            wanted = call.params["PermissionsBoundary"]
            return not role.path.startswith(self.path) or wanted != self.boundary
        if action in BOUNDED:
            return not role.path.startswith(self.path) or role.boundary != self.boundary
        return action in IN_PATH and not role.path.startswith(self.path)

    def _may_create(self, call):
        tags = {tag["Key"]: tag["Value"] for tag in call.params.get("Tags", [])}
        return call.params.get("Path", "/").startswith(self.path) and \
            call.params.get("PermissionsBoundary") == self.boundary and \
            tags.get(CLUSTER_TAG) == call.world.cluster.arn

    def _own_association(self, call):
        cluster = call.world.cluster
        wanted = call.params.get("associationId") or \
            call.params.get("resourceArn", "").rsplit("/", 1)[-1]
        association = cluster.associations.get(wanted)
        return association is None or association.tags.get(MANAGED_TAG) == "true"
