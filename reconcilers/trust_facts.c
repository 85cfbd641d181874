/*
 * What the request carries that EKS makes for a pod, or STS gets from a pod itself. Sources: IAM
 * "Available keys for AWS OIDC federation"; EKS "pod-id-role", "pod-id-abac"
 * (session tags, all of them transitive); terraform-aws-modules/terraform-aws-eks PR 3743
 * (aws:SourceArn is the cluster's ARN).
 */

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "reconcilers/trust_parts.h"

#define REQUEST_TAG "aws:RequestTag/"

static const char *const session_tags[] = {
    "eks-cluster-arn",      "eks-cluster-name",
    "kubernetes-namespace", "kubernetes-service-account",
    "kubernetes-pod-name",  "kubernetes-pod-uid",
};

static struct fact known(const char *value)
{
    return (struct fact){.state = FACT_KNOWN, .values = {value}, .count = 1};
}

/* Tag keys in condition keys are alike whatever their case. */
static struct fact request_tag(const struct trust_subject *subject, const char *tag)
{
    const char *const values[COUNT(session_tags)] = {subject->cluster_arn, subject->cluster_name,
                                                     subject->namespace_name,
                                                     subject->service_account};

    for (size_t i = 0; i < COUNT(session_tags) && subject->session_tags; i++)
        if (strcasecmp(tag, session_tags[i]) == 0)
            return values[i] ? known(values[i]) : (struct fact){.state = FACT_SOME_VALUE};
    return (struct fact){.state = FACT_ABSENT};
}

static struct fact tag_keys(const struct trust_subject *subject)
{
    struct fact fact = {.state = FACT_ABSENT, .multivalued = true};

    if (!subject->session_tags)
        return fact;
    fact.state = FACT_KNOWN;
    fact.count = COUNT(session_tags);
    memcpy(fact.values, session_tags, sizeof(session_tags));
    return fact;
}

_Static_assert(COUNT(session_tags) <= FACT_VALUES_MAX, "every session tag is a value of TagKeys");

/* What begins with the issuer's name comes from the token; of its claims we know two. Only services
 * send aws:Source*, and a token of Kubernetes has no session tags. */
static struct fact web_fact(const struct trust_subject *subject, const char *key)
{
    static const char *const never[] = {"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgId",
                                        "aws:SourceOrgPaths"};
    size_t length = strlen(subject->issuer_name);

    if (strncasecmp(key, subject->issuer_name, length) == 0 && key[length] == ':') {
        if (strcasecmp(key + length, ":sub") == 0)
            return known(subject->token_subject);
        if (strcasecmp(key + length, ":aud") == 0)
            return known(subject->audience);
        return (struct fact){.state = FACT_UNDETERMINED};
    }
    if (strcasecmp(key, "aws:FederatedProvider") == 0)
        return known(subject->provider_arn);
    for (size_t i = 0; i < COUNT(never); i++)
        if (strcasecmp(key, never[i]) == 0)
            return (struct fact){.state = FACT_ABSENT};
    if (strncasecmp(key, REQUEST_TAG, strlen(REQUEST_TAG)) == 0)
        return (struct fact){.state = FACT_ABSENT};
    if (strcasecmp(key, "aws:TagKeys") == 0 || strcasecmp(key, "sts:TransitiveTagKeys") == 0)
        return (struct fact){.state = FACT_ABSENT, .multivalued = true};
    return (struct fact){.state = FACT_UNDETERMINED};
}

struct fact trust_fact(const struct trust_subject *subject, const char *key)
{
    if (subject->provider_arn)
        return web_fact(subject, key);
    if (strcasecmp(key, "aws:SourceAccount") == 0)
        return known(subject->account_id);
    if (strcasecmp(key, "aws:SourceArn") == 0)
        return known(subject->cluster_arn);
    if (strncasecmp(key, REQUEST_TAG, strlen(REQUEST_TAG)) == 0)
        return request_tag(subject, key + strlen(REQUEST_TAG));
    if (strcasecmp(key, "aws:TagKeys") == 0 || strcasecmp(key, "sts:TransitiveTagKeys") == 0)
        return tag_keys(subject);
    return (struct fact){.state = FACT_UNDETERMINED};
}
