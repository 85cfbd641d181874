"""OIDC providers as boto3 sees them."""

import pytest

from tests.aws.samples import refused

ISSUER = "https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"
ARN = "arn:aws:iam::111122223333:oidc-provider/" + ISSUER.removeprefix("https://")


def create(iam, url=ISSUER, **more):
    return iam.create_open_id_connect_provider(Url=url, **more)["OpenIDConnectProviderArn"]


def get(iam, arn=ARN):
    return iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def changed(aws):
    return aws.requests()[-1]["changed"]


def test_a_provider_is_made_without_a_thumbprint_and_read(aws, iam):
    assert create(iam, ClientIDList=["sts.amazonaws.com"],
                  Tags=[{"Key": "team", "Value": "a b"}]) == ARN
    assert changed(aws) is True
    answer = get(iam)
    assert answer["Url"] == ISSUER.removeprefix("https://")
    assert answer["ClientIDList"] == ["sts.amazonaws.com"]
    assert answer["Tags"] == [{"Key": "team", "Value": "a b"}]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": ARN}]


def test_an_issuer_has_one_provider_and_its_case_counts(aws, iam):
    create(iam)
    assert refused(create, iam=iam) == ("EntityAlreadyExists", 409)
    assert aws.requests()[-1]["error"] == "moto answered 409"
    assert create(iam, ISSUER.lower()) != ARN


@pytest.mark.parametrize("url", ["http://oidc.example.com/id/1", "https://oidc.example.com:443/1",
                                 "oidc.example.com", "https://oidc.example.com/1?a=b"])
def test_an_issuer_is_https_without_a_port(iam, url):
    assert refused(create, iam=iam, url=url) == ("InvalidInput", 400)


def test_a_client_id_is_added_once(aws, iam):
    create(iam, ClientIDList=["other"])
    more = {"OpenIDConnectProviderArn": ARN, "ClientID": "sts.amazonaws.com"}
    iam.add_client_id_to_open_id_connect_provider(**more)
    assert changed(aws) is True
    iam.add_client_id_to_open_id_connect_provider(**more)
    assert changed(aws) is False
    assert sorted(get(iam)["ClientIDList"]) == ["other", "sts.amazonaws.com"]
    iam.remove_client_id_from_open_id_connect_provider(**more)
    iam.remove_client_id_from_open_id_connect_provider(**more)
    assert changed(aws) is False
    assert get(iam)["ClientIDList"] == ["other"]


def test_client_ids_have_a_quota(iam):
    create(iam, ClientIDList=[f"id-{number}" for number in range(100)])
    assert refused(iam.add_client_id_to_open_id_connect_provider, OpenIDConnectProviderArn=ARN,
                   ClientID="one more") == ("LimitExceeded", 409)


def test_what_is_not_there_is_no_such_entity(iam):
    assert refused(get, iam=iam) == ("NoSuchEntity", 404)
    assert refused(iam.add_client_id_to_open_id_connect_provider, OpenIDConnectProviderArn=ARN,
                   ClientID="x") == ("NoSuchEntity", 404)


def test_accounts_do_not_share_providers_and_a_reset_forgets_them(aws, iam):
    create(iam)
    other = aws.client("iam", ("AKIDOTHERACCOUNT0001", "other-secret"))
    assert other.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    aws.reset()
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_a_denial_names_the_provider(aws):
    controller = aws.controller_client("iam")
    aws.deny("iam:CreateOpenIDConnectProvider", ARN)
    assert refused(create, iam=controller) == ("AccessDenied", 403)
    create(controller, ISSUER + "0")
    aws.deny("iam:GetOpenIDConnectProvider", ARN + "0")
    assert refused(get, iam=controller, arn=ARN + "0") == ("AccessDenied", 403)
