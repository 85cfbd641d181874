#include "tests/property/generator.h"

#include <string.h>

static const char *const partitions[] = {"aws", "aws", "aws", "aws-cn", "aws-us-gov"};
static const char *const accounts[] = {"111122223333", "444455556666"};
static const char *const clusters[] = {"prod", "prod-2", "Prod"};
static const char *const namespaces[] = {"shop", "shop-eu", "kube-system"};
static const char *const service_accounts[] = {"cart", "cart.v2", "default"};

static const char *cluster_arns[6];
static char cluster_arn_room[6][160];

static void cluster_arns_fill(const struct world *world)
{
    for (size_t i = 0; i < 6; i++) {
        snprintf(cluster_arn_room[i], sizeof(cluster_arn_room[i]),
                 "arn:%s:eks:eu-west-1:%s:cluster/%s", world->partition, accounts[i % 2],
                 clusters[i / 2]);
        cluster_arns[i] = cluster_arn_room[i];
    }
}

void world_make(struct world *world, struct random *random)
{
    world->partition = RANDOM_PICK(random, partitions);
    world->account = RANDOM_PICK(random, accounts);
    world->cluster_name = RANDOM_PICK(random, clusters);
    world->namespace_name = RANDOM_PICK(random, namespaces);
    world->service_account = RANDOM_PICK(random, service_accounts);
    world->session_tags = random_chance(random, 75);
    snprintf(world->cluster_arn, sizeof(world->cluster_arn), "arn:%s:eks:eu-west-1:%s:cluster/%s",
             world->partition, world->account, world->cluster_name);
}

static struct request_key *key_add(struct request_context *request, const char *name,
                                   const char *value)
{
    struct request_key *key = &request->keys[request->count++];

    *key = (struct request_key){.name = name, .values = {value}, .count = 1};
    return key;
}

/* Present or absent, one value or another: the association does not say. */
static void key_add_maybe(struct request_context *request, struct random *random, const char *name,
                          const char *one, const char *other)
{
    if (random_chance(random, 70))
        key_add(request, name, random_chance(random, 60) ? one : other);
}

static const char *const tag_keys[] = {"eks-cluster-arn",      "eks-cluster-name",
                                       "kubernetes-namespace", "kubernetes-service-account",
                                       "kubernetes-pod-name",  "kubernetes-pod-uid"};

static void session_tags_add(struct request_context *request, struct random *random,
                             const struct world *world)
{
    struct request_key *keys;

    key_add(request, "aws:RequestTag/eks-cluster-arn", world->cluster_arn);
    key_add(request, "aws:RequestTag/eks-cluster-name", world->cluster_name);
    key_add(request, "aws:RequestTag/kubernetes-namespace", world->namespace_name);
    key_add(request, "aws:RequestTag/kubernetes-service-account", world->service_account);
    key_add(request, "aws:RequestTag/kubernetes-pod-name",
            random_chance(random, 50) ? "cart-0" : "cart-7d9f-x2");
    key_add(request, "aws:RequestTag/kubernetes-pod-uid",
            random_chance(random, 50) ? "1f0c" : "77ab");
    for (int i = 0; i < 2; i++) {
        keys = key_add(request, i ? "sts:TransitiveTagKeys" : "aws:TagKeys", NULL);
        keys->many = true;
        keys->count = sizeof(tag_keys) / sizeof(*tag_keys);
        memcpy(keys->values, tag_keys, sizeof(tag_keys));
    }
}

void request_of_session(struct request_context *request, struct random *random,
                        const struct world *world, const char *action)
{
    *request = (struct request_context){.kind = PRINCIPAL_SERVICE,
                                        .principal = "pods.eks.amazonaws.com",
                                        .account = "",
                                        .action = action,
                                        .resource = "arn:aws:iam::111122223333:role/cart"};
    key_add(request, "aws:SourceAccount", world->account);
    key_add(request, "aws:SourceArn", world->cluster_arn);
    key_add(request, "aws:PrincipalServiceName", "pods.eks.amazonaws.com");
    key_add(request, "aws:PrincipalIsAWSService", "true");
    if (world->session_tags)
        session_tags_add(request, random, world);
    key_add_maybe(request, random, "aws:SourceOrgID", "o-a1b2c3", "o-other");
    key_add_maybe(request, random, "aws:PrincipalTag/team", "shop", "bank");
    key_add_maybe(request, random, "aws:PrincipalArn", "arn:aws:iam::111122223333:role/x",
                  "arn:aws:iam::444455556666:role/y");
    key_add_maybe(request, random, "sts:RoleSessionName", "eks-prod-cart-0-1f0c", "eks-other");
    key_add_maybe(request, random, "sts:Blob", "QmxvYg==", "b3RoZXI=");
    key_add_maybe(request, random, "aws:SecureTransport", "true", "false");
    key_add_maybe(request, random, "aws:ViaAWSService", "false", "true");
    key_add_maybe(request, random, "aws:MultiFactorAuthPresent", "true", "false");
    key_add_maybe(request, random, "aws:MultiFactorAuthAge", "300", "7200");
    key_add_maybe(request, random, "aws:SourceIp", "10.1.2.3", "192.0.2.7");
    key_add_maybe(request, random, "aws:CurrentTime", "2026-03-01T00:00:00Z",
                  "2031-03-01T00:00:00Z");
    key_add_maybe(request, random, "aws:EpochTime", "1772323200", "1930000000");
}

static const char *upper(const char *text)
{
    static char room[4][200];
    static unsigned next;
    char *copy = room[next++ % 4];
    size_t i = 0;

    for (; text[i] && i < 199; i++)
        copy[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 32) : text[i];
    copy[i] = '\0';
    return copy;
}

/* Another value of the same sort, another case of it, or none at all. */
static void key_change(struct request_context *request, struct random *random, size_t i,
                       const struct world *world)
{
    struct request_key *key = &request->keys[i];
    size_t kind = random_below(random, 10);

    if (kind < 2) {
        *key = request->keys[--request->count];
    } else if (key->many) {
        key->count = 1 + random_below(random, 6);
    } else if (kind < 4) {
        key->values[0] = upper(key->values[0]);
    } else if (strstr(key->values[0], ":cluster/")) {
        cluster_arns_fill(world);
        key->values[0] = RANDOM_PICK(random, cluster_arns);
    } else if (strstr(key->name, "Account")) {
        key->values[0] = RANDOM_PICK(random, accounts);
    } else if (strstr(key->name, "namespace")) {
        key->values[0] = RANDOM_PICK(random, namespaces);
    } else if (strstr(key->name, "service-account")) {
        key->values[0] = RANDOM_PICK(random, service_accounts);
    } else if (strstr(key->name, "cluster-name")) {
        key->values[0] = RANDOM_PICK(random, clusters);
    } else if (strstr(key->name, "RequestTag")) {
        key->values[0] = "other";
    }
}

static const struct {
    enum principal_kind kind;
    const char *name, *account;
} principals[] = {
    {PRINCIPAL_SERVICE, "ec2.amazonaws.com", ""},
    {PRINCIPAL_AWS, "arn:aws:iam::111122223333:role/admin", "111122223333"},
    {PRINCIPAL_AWS, "arn:aws:iam::444455556666:user/eve", "444455556666"},
    {PRINCIPAL_FEDERATED, "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A1", ""},
};

void request_of_anybody(struct request_context *request, struct random *random,
                        const struct world *world, enum document_kind kind)
{
    static const char *const trust_actions[] = {"sts:AssumeRole", "sts:TagSession",
                                                "sts:AssumeRoleWithWebIdentity",
                                                "sts:SetSourceIdentity"};
    static const char *const actions[] = {"s3:GetObject", "s3:PutObject", "s3:ListBucket",
                                          "sqs:SendMessage", "sts:AssumeRole"};
    static const char *const resources[] = {
        "arn:aws:s3:::cart", "arn:aws:s3:::cart/a", "arn:aws:s3:::Cart/b",
        "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:s3:::cart/shop/c"};

    request_of_session(request, random, world,
                       kind == DOCUMENT_TRUST ? RANDOM_PICK(random, trust_actions)
                                              : RANDOM_PICK(random, actions));
    if (kind == DOCUMENT_PERMISSION)
        request->resource = RANDOM_PICK(random, resources);
    if (random_chance(random, 35)) {
        size_t i = random_below(random, sizeof(principals) / sizeof(*principals));

        request->kind = principals[i].kind;
        request->principal = principals[i].name;
        request->account = principals[i].account;
    }
    for (size_t changes = random_below(random, 4); changes > 0 && request->count; changes--)
        key_change(request, random, random_below(random, request->count), world);
}
