#pragma once

/*
 * Who we are towards AWS: access keys from the environment, or from the container endpoint
 * (EKS Pod Identity: AWS_CONTAINER_CREDENTIALS_FULL_URI and a token file that is read again at
 * each fetch). Pure: builds the request and reads the answer; who sends it is the controller.
 * Order and rules: botocore's chain; the instance's role is never used in silence.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/request.h"

struct arena;
struct error;

enum { AWS_KEY_SIZE = 256, AWS_TOKEN_SIZE = 8192 };

struct aws_credentials {
    char access_key[AWS_KEY_SIZE], secret_key[AWS_KEY_SIZE];
    char session_token[AWS_TOKEN_SIZE]; /* "": none */
    int64_t expires_ms;                 /* wall; 0: never */
};

enum aws_credentials_source { CREDENTIALS_ENVIRONMENT, CREDENTIALS_CONTAINER };

struct aws_credentials_plan {
    enum aws_credentials_source source;
    struct aws_credentials fixed;      /* CREDENTIALS_ENVIRONMENT */
    char endpoint[512];                /* CREDENTIALS_CONTAINER: "http://169.254.170.23" … */
    char path[512];                    /* "/v1/credentials" with query */
    char token_file[512], token[4096]; /* file wins; "" none */
};

/* Reads the AWS_* variables through lookup (getenv-like). ERROR_REFUSED says what is missing or
 * why an endpoint is not allowed (only https, loopback, 169.254.170.2, 169.254.170.23,
 * [fd00:ec2::23] over http). */
typedef const char *(*aws_lookup_fn)(const char *name);
bool aws_credentials_find(struct aws_credentials_plan *plan, aws_lookup_fn lookup,
                          struct error *error);

/* The request to the container endpoint; reads the token file now; refuses CR and LF in it.
 * service is irrelevant: the caller sends it to plan->endpoint without proxy. */
bool aws_credentials_request(const struct aws_credentials_plan *plan, struct arena *arena,
                             struct request *request, struct error *error);
/* credentials change only on success: a failed refresh leaves the old ones. Otherwise ERROR_RETRY,
 * or ERROR_REFUSED when the agent does not let us in (4xx), with its words when it sent some. */
bool aws_credentials_reply(const struct reply *reply, struct aws_credentials *credentials,
                           struct error *error);

/* Refresh when there are none, and ahead of expiry: from 15 minutes before it one fetch may run
 * while the old ones serve; 10 minutes before it they must be renewed (then requests wait). */
bool aws_credentials_want_refresh(const struct aws_credentials *credentials, int64_t wall_ms);
bool aws_credentials_usable(const struct aws_credentials *credentials, int64_t wall_ms);

/* The pause after so many fetches (≥ 1) in a row that failed: 1 s, doubled up to a minute. */
uint64_t aws_credentials_retry_ms(unsigned failures);

/* Overwrites the secrets. */
void aws_credentials_wipe(struct aws_credentials *credentials);
