/*
 * Consent of a role's owner. That a trust policy admits a ServiceAccount is not enough: AWS's own
 * example has no condition and admits all. The owner has consented when the document admits this
 * subject and no other cluster, namespace or ServiceAccount in its place, and has all three names
 * as they are: a pattern that happens to fit names nobody.
 */

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "reconcilers/grants.h"
#include "reconcilers/trust.h"

/* No condition key stands deeper in a trust policy: Statement, Condition, operator, key, list. */
enum { DEPTH_MAX = 8 };

/* Is this text one of the values in the tree, whole? Keys do not count. */
static bool has_value(const json_t *tree, const char *text, unsigned depth)
{
    const char *key;
    json_t *value;
    size_t index;

    if (json_is_string(tree))
        return text_equal(json_string_value(tree), text);
    if (depth == 0)
        return false;
    json_array_foreach((json_t *)(uintptr_t)tree, index, value)
    {
        if (has_value(value, text, depth - 1))
            return true;
    }
    json_object_foreach((json_t *)(uintptr_t)tree, key, value)
    {
        if (has_value(value, text, depth - 1))
            return true;
    }
    return false;
}

static bool names_all(const char *trust, const struct trust_subject *subject)
{
    struct error error = {0};
    AUTO_JSON json_t *document = json_parse(trust, strlen(trust), &error);

    if (document && subject->provider_arn)
        return has_value(document, subject->provider_arn, DEPTH_MAX) &&
               has_value(document, subject->token_subject, DEPTH_MAX);
    return document &&
           (has_value(document, subject->cluster_arn, DEPTH_MAX) ||
            has_value(document, subject->cluster_name, DEPTH_MAX)) &&
           has_value(document, subject->namespace_name, DEPTH_MAX) &&
           has_value(document, subject->service_account, DEPTH_MAX);
}

static bool refuses(struct arena *arena, const char *trust, const struct trust_subject *other)
{
    return trust_judge(arena, trust, other).verdict == TRUST_REFUSES;
}

/* The provider is the cluster's, and the token's subject has namespace and ServiceAccount in it. */
static void rename_web_identity(struct arena *arena, struct trust_subject *cluster,
                                struct trust_subject *namespace, struct trust_subject *account)
{
    cluster->provider_arn = arena_printf(arena, "%s-other", cluster->provider_arn);
    cluster->issuer_name = arena_printf(arena, "%s-other", cluster->issuer_name);
    namespace->token_subject = arena_printf(arena, "system:serviceaccount:%s:%s",
                                            namespace->namespace_name, namespace->service_account);
    account->token_subject = arena_printf(arena, "system:serviceaccount:%s:%s",
                                          account->namespace_name, account->service_account);
}

bool grants_consent(struct arena *arena, const char *trust, const struct trust_subject *subject)
{
    struct trust_subject cluster = *subject, namespace = *subject, account = *subject;

    /* Names that begin like ours and are nobody's: '.' stands in no name of a namespace. */
    cluster.cluster_arn = arena_printf(arena, "%s-other", subject->cluster_arn);
    cluster.cluster_name = arena_printf(arena, "%s-other", subject->cluster_name);
    namespace.namespace_name = arena_printf(arena, "%s.other", subject->namespace_name);
    account.service_account = arena_printf(arena, "%s.other", subject->service_account);
    if (subject->provider_arn)
        rename_web_identity(arena, &cluster, &namespace, &account);
    return trust_judge(arena, trust, subject).verdict == TRUST_ADMITS &&
           names_all(trust, subject) && refuses(arena, trust, &cluster) &&
           refuses(arena, trust, &namespace) && refuses(arena, trust, &account);
}
