/* How pods come to a role: through an association, with their own token, or both. */

#include "aws/oidc.h"
#include "base/error.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/scene.h"
#include "reconcilers/want.h"
#include "reconcilers/want_parts.h"

bool want_fill_ways(struct want *want, struct arena *arena,
                    const struct podidentitybinding *binding, const struct scene *scene,
                    const char *account_id, struct error *error)
{
    const struct podidentitybinding_spec *spec = &binding->spec;
    const struct trust_subject subject = trust_subject_of(binding, scene);

    want->web = trust_with_web_identity(arena, &subject, account_id, scene->account.issuer,
                                        spec->irsa.audience ? spec->irsa.audience : OIDC_AUDIENCE);
    want->pod_identity = spec->mechanism != MECHANISM_IRSA;
    want->web_identity = spec->mechanism != MECHANISM_POD_IDENTITY;
    want->way_count = 0;
    if (want->pod_identity)
        want->ways[want->way_count++] = subject;
    if (!want->web_identity)
        return true;
    if (!want->web.provider_arn)
        return error_set_code(error, ERROR_REFUSED, "OIDCProviderMissing",
                              "Cluster %s has no OIDC issuer, so its pods have no web identity. "
                              "Write mechanism: PodIdentity",
                              scene->settings.cluster_name);
    want->ways[want->way_count++] = want->web;
    return true;
}
