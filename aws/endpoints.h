#pragma once

/*
 * Where AWS's services are: partitions, host names and signing regions as a table
 * (source: the endpoint rule sets of botocore; AWS_ENDPOINT_URL* and the FIPS and dual-stack
 * switches as the SDKs read them).
 */

#include <stdbool.h>
#include <stddef.h>

#include "aws/credentials.h"
#include "net/request.h"

struct error;

struct aws_endpoint {
    char url[512];  /* "https://eks.eu-west-1.amazonaws.com", no trailing slash */
    char host[300]; /* as in the Host header: port only when it is not the scheme's */
    char signing_region[64];
    const char *signing_name; /* "eks" */
};

struct aws_endpoints {
    const char *partition;  /* "aws", "aws-cn", "aws-us-gov", … */
    const char *dns_suffix; /* "amazonaws.com" */
    char region[64];
    struct aws_endpoint services[SERVICE_COUNT]; /* SERVICE_KUBERNETES stays empty */
};

/* The partition of a region by its form; "aws" when no rule says otherwise. */
const char *aws_partition(const char *region);

/* Reads AWS_ENDPOINT_URL[_IAM|_STS|_EKS], AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT,
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS through lookup. ERROR_REFUSED for a region that is not of a
 * region's form or an URL that is none. */
bool aws_endpoints_resolve(struct aws_endpoints *endpoints, const char *region,
                           aws_lookup_fn lookup, struct error *error);
