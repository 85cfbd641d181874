#pragma once

/*
 * The annotations of a ServiceAccount that EKS's webhook reads for web identity (IRSA), as the
 * program keeps them: a hash each. There may be 100,000 ServiceAccounts; whether an annotation says
 * what it should can be told by its hash, and who has set it is asked when it does not.
 * Names: amazon-eks-pod-identity-webhook, pkg/cache/cache.go.
 */

#include <stdint.h>

#include <jansson.h>

enum webidentity_annotation {
    WEBIDENTITY_ROLE_ARN,
    WEBIDENTITY_AUDIENCE,
    WEBIDENTITY_TOKEN_EXPIRATION,
    WEBIDENTITY_REGIONAL_ENDPOINTS,
    WEBIDENTITY_ANNOTATIONS,
};

/* "eks.amazonaws.com/role-arn", … */
extern const char *const webidentity_annotations[WEBIDENTITY_ANNOTATIONS];

/* Never 0; that two texts share one happens once in four thousand million. */
uint32_t webidentity_hash(const char *text);

/* Of an object's annotations; 0: absent, or no text. */
void webidentity_read(uint32_t hashes[WEBIDENTITY_ANNOTATIONS], const json_t *object);
