#include "crds/webidentity.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"

const char *const webidentity_annotations[WEBIDENTITY_ANNOTATIONS] = {
    [WEBIDENTITY_ROLE_ARN] = "eks.amazonaws.com/role-arn",
    [WEBIDENTITY_AUDIENCE] = "eks.amazonaws.com/audience",
    [WEBIDENTITY_TOKEN_EXPIRATION] = "eks.amazonaws.com/token-expiration",
    [WEBIDENTITY_REGIONAL_ENDPOINTS] = "eks.amazonaws.com/sts-regional-endpoints",
};

uint32_t webidentity_hash(const char *text)
{
    unsigned char digest[SHA256_SIZE];
    uint32_t hash;

    encode_sha256(text, strlen(text), digest);
    memcpy(&hash, digest, sizeof(hash));
    return hash ? hash : 1;
}

void webidentity_read(uint32_t hashes[WEBIDENTITY_ANNOTATIONS], const json_t *object)
{
    const json_t *annotations = json_path(object, "metadata.annotations");

    for (size_t i = 0; i < WEBIDENTITY_ANNOTATIONS; i++) {
        const char *text =
            json_string_value(json_object_get(annotations, webidentity_annotations[i]));

        hashes[i] = text ? webidentity_hash(text) : 0;
    }
}
