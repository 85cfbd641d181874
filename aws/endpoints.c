#include "aws/endpoints.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "aws/url.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

/*
 * The rule sets of IAM, STS and EKS, evaluated. A host is a pattern: %r the region, %s the DNS
 * suffix, %d the dual-stack suffix.
 */
struct hosts {
    const char *at[2][2]; /* [FIPS][dual stack] */
};

struct partition {
    const char *id, *region_prefix; /* "" matches all that no other row takes */
    const char *dns_suffix, *dual_suffix;
    const char *iam_region;
    struct hosts iam_hosts;
    const char *sts_fips_host, *eks_fips_host; /* where they are not the common ones */
};

static const struct partition partitions[] = {
    {
        .id = "aws-cn",
        .region_prefix = "cn-",
        .dns_suffix = "amazonaws.com.cn",
        .dual_suffix = "api.amazonwebservices.com.cn",
        .iam_region = "cn-north-1",
        .iam_hosts = {{{"iam.cn-north-1.%s", "iam.global.%d"}, {"iam-fips.%s", "iam-fips.%d"}}},
    },
    {
        .id = "aws-us-gov",
        .region_prefix = "us-gov-",
        .dns_suffix = "amazonaws.com",
        .dual_suffix = "api.aws",
        .iam_region = "us-gov-west-1",
        .iam_hosts = {{{"iam.us-gov.%s", "iam.us-gov.%d"}, {"iam.us-gov.%s", "iam.us-gov.%d"}}},
        .sts_fips_host = "sts.%r.%s",
        .eks_fips_host = "eks.%r.%s",
    },
    {
        .id = "aws-iso",
        .region_prefix = "us-iso-",
        .dns_suffix = "c2s.ic.gov",
        .dual_suffix = "api.aws.ic.gov",
        .iam_region = "us-iso-east-1",
        .iam_hosts = {{{"iam.us-iso-east-1.%s", "iam.%d"},
                       {"iam-fips.us-iso-east-1.%s", "iam-fips.%d"}}},
    },
    {
        .id = "aws-iso-b",
        .region_prefix = "us-isob-",
        .dns_suffix = "sc2s.sgov.gov",
        .dual_suffix = "api.aws.scloud",
        .iam_region = "us-isob-east-1",
        .iam_hosts = {{{"iam.us-isob-east-1.%s", "iam.%d"},
                       {"iam-fips.us-isob-east-1.%s", "iam-fips.%d"}}},
    },
    {
        .id = "aws-iso-e",
        .region_prefix = "eu-isoe-",
        .dns_suffix = "cloud.adc-e.uk",
        .dual_suffix = "api.cloud-aws.adc-e.uk",
        .iam_region = "eu-isoe-west-1",
        .iam_hosts = {{{"iam.eu-isoe-west-1.%s", "iam.%d"}, {"iam-fips.%s", "iam-fips.%d"}}},
    },
    {
        .id = "aws-iso-f",
        .region_prefix = "us-isof-",
        .dns_suffix = "csp.hci.ic.gov",
        .dual_suffix = "api.aws.hci.ic.gov",
        .iam_region = "us-isof-south-1",
        .iam_hosts = {{{"iam.us-isof-south-1.%s", "iam.%d"}, {"iam-fips.%s", "iam-fips.%d"}}},
    },
    {
        .id = "aws-eusc",
        .region_prefix = "eusc-",
        .dns_suffix = "amazonaws.eu",
        .dual_suffix = "api.amazonwebservices.eu",
        .iam_region = "eusc-de-east-1",
        .iam_hosts = {{{"iam.eusc-de-east-1.%s", "iam.global.%d"}, {"iam-fips.%s", "iam-fips.%d"}}},
    },
    {
        .id = "aws",
        .region_prefix = "",
        .dns_suffix = "amazonaws.com",
        .dual_suffix = "api.aws",
        .iam_region = "us-east-1",
        .iam_hosts = {{{"iam.%s", "iam.global.%d"}, {"iam-fips.%s", "iam-fips.global.%d"}}},
        .eks_fips_host = "fips.eks.%r.%s",
    },
};

static const struct hosts sts_hosts = {
    {{"sts.%r.%s", "sts.%r.%d"}, {"sts-fips.%r.%s", "sts-fips.%r.%d"}}};
static const struct hosts eks_hosts = {
    {{"eks.%r.%s", "eks.%r.%d"}, {"eks-fips.%r.%s", "eks-fips.%r.%d"}}};

/* Which of a service's hosts is asked for. */
struct choice {
    const struct partition *partition;
    const char *region;
    bool fips, dual_stack;
};

static const struct partition *partition_of(const char *region)
{
    size_t i = 0;

    while (!text_starts(region, partitions[i].region_prefix))
        i++;
    return &partitions[i];
}

const char *aws_partition(const char *region)
{
    return partition_of(region)->id;
}

/* "eu-west-1", "us-isob-east-1": two or more words of letters and a number. It becomes part of
 * host names. */
static bool is_region(const char *region)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz", digits[] = "0123456789";
    size_t words = 0;

    if (strlen(region) >= sizeof(((struct aws_endpoints *)NULL)->region))
        return false;
    while (strspn(region, letters) > 0) {
        region += strspn(region, letters);
        if (*region++ != '-')
            return false;
        words++;
    }
    return words >= 2 && *region && region[strspn(region, digits)] == '\0';
}

static const char *host_pattern(const struct choice *choice, enum request_service service)
{
    const struct partition *partition = choice->partition;
    bool fips_only = choice->fips && !choice->dual_stack;

    if (service == SERVICE_IAM)
        return partition->iam_hosts.at[choice->fips][choice->dual_stack];
    if (service == SERVICE_STS)
        return fips_only && partition->sts_fips_host
                   ? partition->sts_fips_host
                   : sts_hosts.at[choice->fips][choice->dual_stack];
    assert(service == SERVICE_EKS);
    return fips_only && partition->eks_fips_host ? partition->eks_fips_host
                                                 : eks_hosts.at[choice->fips][choice->dual_stack];
}

static void expand(struct text *host, const char *pattern, const struct choice *choice)
{
    for (const char *at = pattern; *at; at++) {
        if (*at != '%') {
            text_add_char(host, *at);
            continue;
        }
        at++;
        text_add_string(host, *at == 'r'   ? choice->region
                              : *at == 's' ? choice->partition->dns_suffix
                                           : choice->partition->dual_suffix);
    }
}

static void set_own(struct aws_endpoint *endpoint, const struct choice *choice,
                    enum request_service service)
{
    AUTO_TEXT struct text host = TEXT_INIT(sizeof(endpoint->host) - 1);

    expand(&host, host_pattern(choice, service), choice);
    assert(!host.overflow);
    snprintf(endpoint->host, sizeof(endpoint->host), "%s", host.bytes);
    snprintf(endpoint->url, sizeof(endpoint->url), "https://%s", host.bytes);
}

/* Signatures are over the path that the service sees, and a base path would be put before it. */
static bool set_configured(struct aws_endpoint *endpoint, const char *variable, const char *url,
                           struct error *error)
{
    struct aws_url parts;

    if (!aws_url_parse(&parts, variable, url, error))
        return false;
    if (strcmp(parts.path, "") != 0 && strcmp(parts.path, "/") != 0)
        return error_set(error, ERROR_REFUSED, "%s: has a path; leave \"%s\" out", variable,
                         parts.path);
    snprintf(endpoint->url, sizeof(endpoint->url), "%s", parts.origin);
    snprintf(endpoint->host, sizeof(endpoint->host), "%s", parts.host_header);
    return true;
}

/* A misspelt "true" would leave FIPS off in silence. */
static bool read_switch(aws_lookup_fn lookup, const char *variable, bool *on, struct error *error)
{
    const char *value = lookup(variable);

    *on = value && strcasecmp(value, "true") == 0;
    if (!value || !*value || *on || strcasecmp(value, "false") == 0)
        return true;
    return error_set(error, ERROR_REFUSED, "%s: write true or false, not \"%.40s\"", variable,
                     value);
}

static const struct {
    enum request_service service;
    const char *variable, *signing_name;
} services[] = {
    {SERVICE_IAM, "AWS_ENDPOINT_URL_IAM", "iam"},
    {SERVICE_STS, "AWS_ENDPOINT_URL_STS", "sts"},
    {SERVICE_EKS, "AWS_ENDPOINT_URL_EKS", "eks"},
};

/* The service's own variable, else the one for all; NULL when neither is set. */
static const char *configured_url(aws_lookup_fn lookup, const char **variable)
{
    const char *url = lookup(*variable);

    if (url && *url)
        return url;
    *variable = "AWS_ENDPOINT_URL";
    url = lookup(*variable);
    return url && *url ? url : NULL;
}

static bool resolve_service(struct aws_endpoints *endpoints, size_t row,
                            const struct choice *choice, aws_lookup_fn lookup,
                            bool ignore_configured, struct error *error)
{
    enum request_service service = services[row].service;
    struct aws_endpoint *endpoint = &endpoints->services[service];
    const char *variable = services[row].variable;
    const char *url = ignore_configured ? NULL : configured_url(lookup, &variable);

    endpoint->signing_name = services[row].signing_name;
    snprintf(endpoint->signing_region, sizeof(endpoint->signing_region), "%s",
             service == SERVICE_IAM ? choice->partition->iam_region : choice->region);
    if (url)
        return set_configured(endpoint, variable, url, error);
    set_own(endpoint, choice, service);
    return true;
}

bool aws_endpoints_resolve(struct aws_endpoints *endpoints, const char *region,
                           aws_lookup_fn lookup, struct error *error)
{
    struct choice choice = {.partition = partition_of(region), .region = region};
    bool ignore;

    if (!is_region(region))
        return error_set(error, ERROR_REFUSED, "region \"%.40s\" is none; write one like eu-west-1",
                         region);
    if (!read_switch(lookup, "AWS_USE_FIPS_ENDPOINT", &choice.fips, error) ||
        !read_switch(lookup, "AWS_USE_DUALSTACK_ENDPOINT", &choice.dual_stack, error) ||
        !read_switch(lookup, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", &ignore, error))
        return false;
    *endpoints = (struct aws_endpoints){
        .partition = choice.partition->id,
        .dns_suffix = choice.partition->dns_suffix,
    };
    snprintf(endpoints->region, sizeof(endpoints->region), "%s", region);
    for (size_t i = 0; i < COUNT(services); i++) {
        if (!resolve_service(endpoints, i, &choice, lookup, ignore, error))
            return false;
    }
    return true;
}
