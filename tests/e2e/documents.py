"""Policies that tests give to bindings."""


def allow(*actions, resource="*"):
    """A policy document that allows these actions."""
    return {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


READ_S3 = allow("s3:GetObject")
WRITE_S3 = allow("s3:GetObject", "s3:PutObject")
READ_SQS = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
READ_DYNAMO = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"


def trust(*actions, principal="pods.eks.amazonaws.com"):
    """A trust policy for EKS pods; without actions the two that are needed."""
    return {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": principal},
                           "Action": list(actions) or ["sts:AssumeRole", "sts:TagSession"]}]}
