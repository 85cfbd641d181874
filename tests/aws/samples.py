"""Documents and objects that many tests need."""

import json

import pytest
from botocore.exceptions import ClientError

POD_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Sid": "PodIdentity", "Effect": "Allow",
    "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"]}]})
EC2_TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
READ_BUCKET = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}]})
S3_READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
BOUNDARY = "arn:aws:iam::111122223333:policy/podidentity/boundary"


def make_role(iam, name="cart", trust=POD_TRUST, **more):
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]


def associate(eks, role, namespace="shop", service_account="cart", **more):
    return eks.create_pod_identity_association(
        clusterName="demo", namespace=namespace, serviceAccount=service_account,
        roleArn=role["Arn"], **more)["association"]


def refused(call, **parameters):
    """The (code, status) of a call that must fail."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    answer = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
