"""From `kubectl apply` to a role and an association, as boto3 reads them."""

import json


def test_a_managed_role_and_its_association_come_to_be(place, aws, controller):
    place.grant(managedRoles={"inlinePolicies": "Allow"})
    since = aws.last()
    place.bind("cart", permissionPolicy={
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
    ready = place.wait_ready("cart")

    name = ready["status"]["roleARN"].rsplit("/", 1)[1]
    role = aws.role(name)
    assert role["Arn"] == ready["status"]["roleARN"]
    association = aws.association(place.name, "cart")
    assert association["roleArn"] == role["Arn"]
    assert association["associationId"] == ready["status"]["associationID"]
    assert len(aws.controller_requests(since)) == 3, json.dumps(aws.operations(since))
