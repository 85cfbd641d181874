#pragma once

/* Worlds with an OIDC provider, and bindings of mechanism IRSA and Both. */

#include "aws/oidc.h"
#include "tests/unit/plans.h"

#define IRSA "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\"}"
#define BOTH "{\"serviceAccountName\":\"cart\",\"mechanism\":\"Both\"}"
#define IRSA_WITH(more) "{\"serviceAccountName\":\"cart\",\"mechanism\":\"IRSA\"," more "}"
#define IRSA_ON(arn) IRSA_WITH("\"roleARN\":\"" arn "\"")
#define ELSEWHERE "arn:aws:iam::210987654321:role/there"
#define ACCOUNTS "serviceaccounts"
#define ROLE_ARN "eks.amazonaws.com/role-arn"
#define PROVIDER                                                                                   \
    "arn:aws:iam::" FAKE_ACCOUNT                                                                   \
    ":oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"

/* A world with a provider of others, in which spec (if any) is bound and quiet. */
static inline struct fake_world *world_of(const char *spec)
{
    struct fake_world *world = world_with(NULL);

    fake_pairs_put(&fake_aws_add_provider(&world->aws, FAKE_ISSUER)->client_ids, OIDC_AUDIENCE, "");
    if (spec)
        bind_and_settle(world, "cart", spec);
    fake_world_reset(world);
    return world;
}

/* The value of an annotation of shop/cart; NULL. */
static inline const char *annotation(const struct fake_world *world, const char *name)
{
    const json_t *account = fake_kubernetes_get(&world->kubernetes, ACCOUNTS, "shop", "cart");

    return json_string_value(json_object_get(json_path(account, "metadata.annotations"), name));
}

/* Somebody's merge patch, such as client-side apply sends; NULL removes. */
static inline void annotate(struct fake_world *world, const char *name, const char *value)
{
    json_t *text = value ? json_string(value) : json_null();

    fake_kubernetes_patch(&world->kubernetes, ACCOUNTS, "shop", "cart",
                          json_pack("{s:{s:{s:o}}}", "metadata", "annotations", name, text));
}

static inline bool trusts(const struct fake_world *world, const char *principal)
{
    return strstr(cart_role(world)->trust, principal) != NULL;
}
