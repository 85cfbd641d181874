#pragma once

/*
 * OIDC providers of IAM, which let web identities of a cluster assume roles (IAM API 2010-05-08;
 * model: botocore data/iam/2010-05-08): one builder and one reader per call, and the one name a
 * cluster's provider can have.
 */

#include <stdbool.h>
#include <stddef.h>

#include "aws/iam.h"
#include "aws/tags.h"
#include "net/request.h"

struct arena;
struct error;

/* The audience of a ServiceAccount's token and the client ID of the provider, unless a
 * ServiceAccount asks for another (annotation eks.amazonaws.com/audience). */
#define OIDC_AUDIENCE "sts.amazonaws.com"

enum { OIDC_URL_MAX = 255, OIDC_CLIENT_IDS_MAX = 100 }; /* the API's own */

/* What a provider calls its issuer: without "https://", as in its ARN and in the keys of trust
 * conditions ("<this>:sub", "<this>:aud"). Points into issuer; NULL when issuer is none that IAM
 * takes: https, a host without a port, at most OIDC_URL_MAX characters, printable ASCII, no query,
 * no '#', no '@', no '/' at its end. */
const char *oidc_issuer_name(const char *issuer);
/* "arn:P:iam::A:oidc-provider/<issuer name>"; NULL when oidc_issuer_name is. Issuers differ by
 * case. */
const char *oidc_provider_arn(struct arena *arena, const char *partition, const char *account,
                              const char *issuer);

/* All of the account; the API has no pages for them. */
void oidc_list_providers(struct arena *arena, struct request *request);
bool oidc_read_providers(struct arena *arena, const struct reply *reply, struct iam_page *page,
                         struct error *error); /* ARNs; marker is NULL */

struct oidc_provider {
    const char *issuer_name; /* without "https://", however the answer writes it */
    const char *const *client_ids;
    size_t client_id_count;
    struct aws_tags tags;
};
void oidc_get_provider(struct arena *arena, struct request *request, const char *arn);
bool oidc_read_provider(struct arena *arena, const struct reply *reply,
                        struct oidc_provider *provider, struct error *error);
bool oidc_provider_has_client_id(const struct oidc_provider *provider, const char *client_id);

/* No thumbprint is sent: it is optional, and looked at only where AWS's own trust store does not
 * know the issuer's authority, which never is so for EKS. EntityAlreadyExists when there is one. */
void oidc_create_provider(struct arena *arena, struct request *request, const char *issuer,
                          const char *client_id, const struct aws_tags *tags);
bool oidc_read_created(struct arena *arena, const struct reply *reply, const char **arn,
                       struct error *error);
/* Changes nothing when it is there already. */
void oidc_add_client_id(struct arena *arena, struct request *request, const char *arn,
                        const char *client_id);
