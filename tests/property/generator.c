#include "tests/property/generator.h"

#include <string.h>

enum key_sort {
    KEY_TEXT,
    KEY_ARN,
    KEY_TRUTH,
    KEY_NUMBER,
    KEY_DATE,
    KEY_ADDRESS,
    KEY_BINARY,
    KEY_ANY
};

static const struct operation {
    const char *name;
    enum key_sort sort;
} operations[OPERATORS_COUNT] = {
    {"StringEquals", KEY_TEXT},
    {"StringNotEquals", KEY_TEXT},
    {"StringEqualsIgnoreCase", KEY_TEXT},
    {"StringNotEqualsIgnoreCase", KEY_TEXT},
    {"StringLike", KEY_TEXT},
    {"StringNotLike", KEY_TEXT},
    {"NumericEquals", KEY_NUMBER},
    {"NumericNotEquals", KEY_NUMBER},
    {"NumericLessThan", KEY_NUMBER},
    {"NumericLessThanEquals", KEY_NUMBER},
    {"NumericGreaterThan", KEY_NUMBER},
    {"NumericGreaterThanEquals", KEY_NUMBER},
    {"DateEquals", KEY_DATE},
    {"DateNotEquals", KEY_DATE},
    {"DateLessThan", KEY_DATE},
    {"DateLessThanEquals", KEY_DATE},
    {"DateGreaterThan", KEY_DATE},
    {"DateGreaterThanEquals", KEY_DATE},
    {"Bool", KEY_TRUTH},
    {"BinaryEquals", KEY_BINARY},
    {"IpAddress", KEY_ADDRESS},
    {"NotIpAddress", KEY_ADDRESS},
    {"ArnEquals", KEY_ARN},
    {"ArnLike", KEY_ARN},
    {"ArnNotEquals", KEY_ARN},
    {"ArnNotLike", KEY_ARN},
    {"Null", KEY_ANY},
};

static const char *const form_names[FORM_COUNT] = {"statement as object",
                                                   "statements as list",
                                                   "value as text",
                                                   "values as list",
                                                   "Action",
                                                   "NotAction",
                                                   "Principal",
                                                   "NotPrincipal",
                                                   "principal *",
                                                   "principal account",
                                                   "Resource",
                                                   "NotResource",
                                                   "Allow",
                                                   "Deny",
                                                   "wildcard",
                                                   "variable",
                                                   "…IfExists",
                                                   "ForAllValues",
                                                   "ForAnyValue",
                                                   "Version 2008-10-17",
                                                   "no Version",
                                                   "duplicate value",
                                                   "duplicate statement",
                                                   "duplicate key",
                                                   "unknown key",
                                                   "unknown operator"};

bool forms_print(const struct forms *forms, FILE *out)
{
    bool all = true;

    for (size_t i = 0; i < FORM_COUNT + OPERATORS_COUNT; i++) {
        fprintf(out, "  %9lu %s\n", forms->made[i],
                i < FORM_COUNT ? form_names[i] : operations[i - FORM_COUNT].name);
        all = all && forms->made[i];
    }
    return all;
}

/* One value as text or list; now and then with company, or twice. */
static json_t *texts_of(struct random *random, const char *one, const char *other,
                        struct forms *forms)
{
    json_t *list;

    if ((!other || random_chance(random, 50)) && random_chance(random, 60)) {
        forms->made[FORM_VALUE_TEXT]++;
        return json_string(one);
    }
    list = json_array();
    forms->made[FORM_VALUE_LIST]++;
    json_array_append_new(list, json_string(one));
    if (other && random_chance(random, 70))
        json_array_append_new(list, json_string(other));
    if (random_chance(random, 8)) {
        forms->made[FORM_DUPLICATE_VALUE]++;
        json_array_insert_new(list, random_below(random, json_array_size(list) + 1),
                              json_string(one));
    }
    return list;
}

static void action_add(struct random *random, json_t *statement, enum document_kind kind,
                       struct forms *forms)
{
    static const char *const trust[] = {
        "sts:AssumeRole", "sts:TagSession", "sts:Assume*",          "sts:AssumeRoleWithWebIdentity",
        "STS:assumerole", "sts:?agSession", "sts:SetSourceIdentity"};
    static const char *const all[] = {"sts:*", "*", "sts:*s*"};
    static const char *const permission[] = {
        "s3:GetObject", "s3:PutObject", "s3:Get*", "sqs:SendMessage", "s3:*", "*", "S3:ListBucket"};
    bool negated = random_chance(random, 12);
    const char *one, *other = NULL;

    if (kind == DOCUMENT_PERMISSION) {
        one = RANDOM_PICK(random, permission);
        other = RANDOM_PICK(random, permission);
    } else if (!negated && random_chance(random, 60)) {
        one = random_chance(random, 75) ? "sts:AssumeRole" : RANDOM_PICK(random, all);
        other = "sts:TagSession";
    } else {
        one = RANDOM_PICK(random, trust);
        other = RANDOM_PICK(random, trust);
    }
    if (strpbrk(one, "*?"))
        forms->made[FORM_WILDCARD]++;
    forms->made[negated ? FORM_NOT_ACTION : FORM_ACTION]++;
    if (!negated && kind == DOCUMENT_TRUST && other && random_chance(random, 60)) {
        json_t *both = json_array();

        forms->made[FORM_VALUE_LIST]++;
        json_array_append_new(both, json_string(one));
        json_array_append_new(both, json_string(other));
        json_object_set_new(statement, "Action", both);
        return;
    }
    json_object_set_new(statement, negated ? "NotAction" : "Action",
                        texts_of(random, one, other, forms));
}

static json_t *aws_principal(struct random *random, const struct world *world, struct forms *forms)
{
    char root[80];
    static const char *const names[] = {"arn:aws:iam::111122223333:role/admin",
                                        "arn:aws:iam::444455556666:user/eve", "AROAEXAMPLEID"};

    snprintf(root, sizeof(root), "arn:%s:iam::%s:root", world->partition, world->account);
    if (random_chance(random, 25)) {
        forms->made[FORM_PRINCIPAL_STAR]++;
        return texts_of(random, "*", NULL, forms);
    }
    if (random_chance(random, 50)) {
        forms->made[FORM_PRINCIPAL_ACCOUNT]++;
        return texts_of(random, random_chance(random, 50) ? world->account : root,
                        RANDOM_PICK(random, names), forms);
    }
    return texts_of(random, RANDOM_PICK(random, names), RANDOM_PICK(random, names), forms);
}

static void principal_add(struct random *random, json_t *statement, const struct world *world,
                          struct forms *forms)
{
    bool negated = random_chance(random, 10);
    json_t *principal = json_object();
    static const char *const others[] = {"ec2.amazonaws.com", "Pods.eks.amazonaws.com",
                                         "eks.amazonaws.com", "*"};

    forms->made[negated ? FORM_NOT_PRINCIPAL : FORM_PRINCIPAL]++;
    if (random_chance(random, 8)) {
        forms->made[FORM_PRINCIPAL_STAR]++;
        json_decref(principal);
        principal = json_string("*");
    } else {
        if (random_chance(random, 80))
            json_object_set_new(principal, "Service",
                                random_chance(random, 85)
                                    ? texts_of(random, "pods.eks.amazonaws.com",
                                               random_chance(random, 30) ? others[0] : NULL, forms)
                                    : texts_of(random, RANDOM_PICK(random, others), NULL, forms));
        if (!json_object_size(principal) || random_chance(random, 20))
            json_object_set_new(principal, "AWS", aws_principal(random, world, forms));
        if (random_chance(random, 5))
            json_object_set_new(
                principal, "Federated",
                texts_of(random, "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A1", NULL,
                         forms));
    }
    json_object_set_new(statement, negated ? "NotPrincipal" : "Principal", principal);
}

/* A key that fits the operator, with the value that the session has, or nearly. */
struct subject_key {
    const char *name, *right, *wrong;
};

static struct subject_key key_of(struct random *random, const struct world *world,
                                 enum key_sort sort)
{
    const struct subject_key texts[] = {
        {"aws:SourceAccount", world->account, "999999999999"},
        {"aws:SourceAccount", world->account, "444455556666"},
        {"aws:RequestTag/eks-cluster-arn", world->cluster_arn, "arn:aws:eks:::cluster/x"},
        {"aws:RequestTag/eks-cluster-name", world->cluster_name, "other"},
        {"aws:RequestTag/kubernetes-namespace", world->namespace_name, "bank"},
        {"aws:RequestTag/kubernetes-namespace", world->namespace_name, "shop"},
        {"aws:RequestTag/kubernetes-service-account", world->service_account, "other"},
        {"aws:RequestTag/kubernetes-service-account", world->service_account, "cart"},
        {"aws:RequestTag/kubernetes-pod-name", "cart-0", "other"},
        {"aws:RequestTag/cost-centre", "17", "18"},
        {"aws:PrincipalServiceName", "pods.eks.amazonaws.com", "ec2.amazonaws.com"},
        {"aws:SourceArn", world->cluster_arn, "arn:aws:eks:::cluster/x"},
        {"aws:SourceOrgID", "o-a1b2c3", "o-other"},
        {"aws:PrincipalTag/team", "shop", "bank"},
        {"sts:RoleSessionName", "eks-prod-cart-0-1f0c", "eks-other"},
        {"sts:ExternalId", "secret", "other"},
        {"aws:TagKeys", "kubernetes-namespace", "cost-centre"},
        {"sts:TransitiveTagKeys", "eks-cluster-arn", "cost-centre"},
        {"aws:FutureKey", "a", "b"},
    };
    const struct subject_key arns[] = {
        {"aws:SourceArn", world->cluster_arn, "arn:aws:eks:eu-west-1:111122223333:cluster/x"},
        {"aws:SourceArn", world->cluster_arn, "arn:aws:s3:::cart"},
        {"aws:PrincipalArn", "arn:aws:iam::111122223333:role/x", "arn:aws:iam::1:role/y"},
        {"aws:RequestTag/eks-cluster-arn", world->cluster_arn, "arn:aws:s3:::cart"},
    };
    const struct subject_key truths[] = {{"aws:SecureTransport", "true", "false"},
                                         {"aws:PrincipalIsAWSService", "true", "false"},
                                         {"aws:ViaAWSService", "false", "true"},
                                         {"aws:MultiFactorAuthPresent", "true", "false"}};
    const struct subject_key numbers[] = {{"aws:MultiFactorAuthAge", "300", "3600"},
                                          {"aws:EpochTime", "1772323200", "1900000000"},
                                          {"aws:SourceAccount", world->account, "5"}};
    const struct subject_key dates[] = {
        {"aws:CurrentTime", "2026-03-01T00:00:00Z", "2030-01-01T00:00:00Z"},
        {"aws:EpochTime", "1772323200", "2030-01-01T00:00:00Z"}};
    static const struct subject_key addresses[] = {{"aws:SourceIp", "10.1.2.3", "192.0.2.0/24"},
                                                   {"aws:SourceIp", "10.0.0.0/8", "2001:db8::/32"}};
    static const struct subject_key binary = {"sts:Blob", "QmxvYg==", "b3RoZXI="};

    switch (sort) {
    case KEY_ARN:
        return RANDOM_PICK(random, arns);
    case KEY_TRUTH:
        return RANDOM_PICK(random, truths);
    case KEY_NUMBER:
        return RANDOM_PICK(random, numbers);
    case KEY_DATE:
        return RANDOM_PICK(random, dates);
    case KEY_ADDRESS:
        return RANDOM_PICK(random, addresses);
    case KEY_BINARY:
        return binary;
    default:
        return RANDOM_PICK(random, texts);
    }
}

/* The right value with its end, its middle or all of it left open; or a variable for it. */
static void value_disguise(struct random *random, char *value, size_t size,
                           const struct subject_key *key, struct forms *forms)
{
    size_t length = strlen(key->right);

    switch (random_below(random, 6)) {
    case 0:
        snprintf(value, size, "*");
        break;
    case 1:
        snprintf(value, size, "%.*s*", (int)(length / 2), key->right);
        break;
    case 2:
        snprintf(value, size, "*%s", key->right + length / 2);
        break;
    case 3:
        snprintf(value, size, "%.*s?", (int)(length - 1), key->right);
        break;
    case 4:
        snprintf(value, size, "%s", key->right);
        for (char *at = value; *at; at++) {
            if (*at >= 'a' && *at <= 'z' && random_chance(random, 50))
                *at = (char)(*at - 32);
        }
        return;
    default:
        forms->made[FORM_VARIABLE]++;
        snprintf(value, size, random_chance(random, 70) ? "${%s}" : "${%s, '17'}",
                 random_chance(random, 80) ? key->name : "aws:FutureKey");
        return;
    }
    forms->made[FORM_WILDCARD]++;
}

static json_t *values_of(struct random *random, enum key_sort sort, const struct subject_key *key,
                         struct forms *forms)
{
    char value[256];
    bool open = (sort == KEY_TEXT || sort == KEY_ARN) && random_chance(random, 30);

    snprintf(value, sizeof(value), "%s", random_chance(random, 75) ? key->right : key->wrong);
    if (sort == KEY_ANY)
        snprintf(value, sizeof(value), "%s", random_chance(random, 70) ? "false" : "true");
    if (open)
        value_disguise(random, value, sizeof(value), key, forms);
    if ((sort == KEY_TRUTH || sort == KEY_ANY) && random_chance(random, 25))
        return json_boolean(!strcmp(value, "true"));
    if (sort == KEY_NUMBER && random_chance(random, 25))
        return json_integer(strtoll(value, NULL, 10));
    return texts_of(random, value,
                    sort != KEY_ANY && random_chance(random, 35)
                        ? (random_chance(random, 50) ? key->wrong : key->right)
                        : NULL,
                    forms);
}

static void condition_add_one(struct random *random, json_t *condition, const struct world *world,
                              struct forms *forms, bool odd)
{
    /* What people write most must stand often enough for documents that admit. */
    static const size_t usual[] = {0, 0, 4, 22, 23};
    size_t i = random_chance(random, 55) ? RANDOM_PICK(random, usual)
                                         : random_below(random, OPERATORS_COUNT);
    struct subject_key key = key_of(random, world, operations[i].sort);
    bool many = strstr(key.name, "TagKeys");
    const char *quantifier = "", *suffix = "";
    char name[64];
    json_t *keys;

    if (operations[i].sort != KEY_ANY && random_chance(random, many ? 85 : 5)) {
        bool all = random_chance(random, 50);

        forms->made[all ? FORM_FOR_ALL_VALUES : FORM_FOR_ANY_VALUE]++;
        quantifier = all ? "ForAllValues:" : "ForAnyValue:";
    }
    if (operations[i].sort != KEY_ANY && random_chance(random, 10)) {
        forms->made[FORM_IF_EXISTS]++;
        suffix = "IfExists";
    }
    forms->made[FORM_COUNT + i]++;
    snprintf(name, sizeof(name), "%s%s%s", quantifier, operations[i].name, suffix);
    if (odd && random_chance(random, 20)) {
        forms->made[FORM_UNKNOWN_OPERATOR]++;
        snprintf(name, sizeof(name), "StringResembles");
    }
    keys = json_object_get(condition, name);
    if (!keys) {
        keys = json_object();
        json_object_set_new(condition, name, keys);
    }
    json_object_set_new(keys, key.name, values_of(random, operations[i].sort, &key, forms));
}

static void resource_add(struct random *random, json_t *statement, struct forms *forms)
{
    static const char *const resources[] = {"*",
                                            "arn:aws:s3:::cart",
                                            "arn:aws:s3:::cart/*",
                                            "arn:aws:s3:::?art/a",
                                            "arn:aws:sqs:eu-west-1:111122223333:q",
                                            "arn:aws:s3:::cart/${aws:PrincipalTag/team}/c"};
    bool negated = random_chance(random, 12);
    const char *one = RANDOM_PICK(random, resources);

    forms->made[negated ? FORM_NOT_RESOURCE : FORM_RESOURCE]++;
    if (strpbrk(one, "*?"))
        forms->made[FORM_WILDCARD]++;
    json_object_set_new(statement, negated ? "NotResource" : "Resource",
                        texts_of(random, one, RANDOM_PICK(random, resources), forms));
}

static json_t *statement_of(struct random *random, const struct world *world,
                            enum document_kind kind, bool odd, size_t nth, struct forms *forms)
{
    json_t *statement = json_object();
    bool denies = random_chance(random, nth ? 25 : 8);

    if (random_chance(random, 40))
        json_object_set_new(statement, "Sid", json_sprintf("Statement%d", (int)nth));
    forms->made[denies ? FORM_DENY : FORM_ALLOW]++;
    json_object_set_new(statement, "Effect", json_string(denies ? "Deny" : "Allow"));
    if (kind == DOCUMENT_TRUST)
        principal_add(random, statement, world, forms);
    action_add(random, statement, kind, forms);
    if (kind == DOCUMENT_PERMISSION)
        resource_add(random, statement, forms);
    if (random_chance(random, denies ? 90 : 65)) {
        json_t *condition = json_object();

        for (size_t count = random_below(random, 4); count > 0; count--)
            condition_add_one(random, condition, world, forms, odd);
        json_object_set_new(statement, "Condition", condition);
    }
    if (odd && random_chance(random, 40)) {
        static const char *const unknown[] = {"Comment", "effect", "Resources", "conditions"};

        forms->made[FORM_UNKNOWN_KEY]++;
        json_object_set_new(statement, RANDOM_PICK(random, unknown), json_string("x"));
    }
    return statement;
}

json_t *generator_document(struct random *random, const struct world *world,
                           enum document_kind kind, bool odd, struct forms *forms)
{
    json_t *document = json_object();
    size_t count = 1 + random_below(random, 3), version = random_below(random, 10);

    if (version < 1)
        forms->made[FORM_NO_VERSION]++;
    else if (version < 2)
        forms->made[FORM_OLD_VERSION]++;
    if (version)
        json_object_set_new(document, "Version",
                            json_string(version < 2 ? "2008-10-17" : "2012-10-17"));
    if (random_chance(random, 10))
        json_object_set_new(document, "Id", json_string("trust"));
    if (count == 1 && random_chance(random, 50)) {
        forms->made[FORM_STATEMENT_OBJECT]++;
        json_object_set_new(document, "Statement",
                            statement_of(random, world, kind, odd, 0, forms));
        return document;
    }
    forms->made[FORM_STATEMENT_LIST]++;
    json_object_set_new(document, "Statement", json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json_object_get(document, "Statement"),
                              statement_of(random, world, kind, odd, i, forms));
    return document;
}
