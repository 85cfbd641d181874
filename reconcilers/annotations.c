#include "reconcilers/annotations.h"

#include <inttypes.h>

#include "aws/oidc.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/store.h"
#include "kube/object.h"
#include "reconcilers/annotations_parts.h"
#include "reconcilers/ledger.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

const struct serviceaccount_metadata *annotations_account(const struct work *work)
{
    const char *key = arena_printf(work->arena, "%s/%s", work->binding->record.namespace_name,
                                   work->binding->spec.service_account);

    return work->scene->service_accounts ? store_get(work->scene->service_accounts, key) : NULL;
}

/* The wish ------------------------------------------------------------------------------------ */

/* The audience that holds without an annotation is said only where somebody says another: then the
 * API server tells who. */
static const char *audience(const struct work *work, const struct serviceaccount_metadata *account)
{
    uint32_t hash = account->hashes[WEBIDENTITY_AUDIENCE];

    if (work->binding->spec.irsa.audience)
        return work->binding->spec.irsa.audience;
    return hash == 0 || hash == webidentity_hash(OIDC_AUDIENCE) ? NULL : OIDC_AUDIENCE;
}

struct annotations_wish annotations_wish(const struct work *work,
                                         const struct serviceaccount_metadata *account)
{
    const struct podidentitybinding_irsa *irsa = &work->binding->spec.irsa;
    struct annotations_wish wish = {{NULL}};

    wish.values[WEBIDENTITY_ROLE_ARN] = work->want.role_arn;
    wish.values[WEBIDENTITY_AUDIENCE] = audience(work, account);
    if (irsa->token_expiration_s > 0)
        wish.values[WEBIDENTITY_TOKEN_EXPIRATION] =
            arena_printf(work->arena, "%" PRId64, irsa->token_expiration_s);
    if (irsa->has_regional_endpoints)
        wish.values[WEBIDENTITY_REGIONAL_ENDPOINTS] = irsa->regional_endpoints ? "true" : "false";
    return wish;
}

json_t *annotations_object(const struct annotations_wish *wish)
{
    json_t *object = json_object();

    for (size_t i = 0; i < WEBIDENTITY_ANNOTATIONS; i++)
        if (wish->values[i])
            json_object_set_new(object, webidentity_annotations[i], json_string(wish->values[i]));
    return object;
}

const char *annotations_text(struct work *work, const struct annotations_wish *wish)
{
    AUTO_JSON json_t *object = annotations_object(wish);

    return json_write(work->arena, object, true);
}

static bool shows(const struct serviceaccount_metadata *account,
                  const struct annotations_wish *wish)
{
    for (size_t i = 0; i < WEBIDENTITY_ANNOTATIONS; i++)
        if (wish->values[i] && account->hashes[i] != webidentity_hash(wish->values[i]))
            return false;
    return true;
}

/* What we know --------------------------------------------------------------------------------- */

/* The watch has not brought our own apply yet. */
static bool is_stale(const struct work *work, const struct serviceaccount_metadata *account)
{
    const struct ledger_entry *ledger = work->ledger;
    bool comparable = false;
    int order =
        kube_version_compare(account->metadata.record.resource_version,
                             ledger->account_version ? ledger->account_version : "", &comparable);

    return text_equal(ledger->account_uid, account->metadata.record.uid) && comparable && order < 0;
}

/* By an earlier process: this generation was through already. */
static bool was_through(const struct work *work)
{
    const struct podidentitybinding_status *status = &work->binding->status;
    const struct condition *ready = podidentitybinding_condition(status, "RoleReady");

    return ready && ready->status == CONDITION_TRUE &&
           ready->observed_generation == work->binding->meta.generation;
}

bool annotations_are_applied(const struct work *work, const struct serviceaccount_metadata *account,
                             const char *text)
{
    const struct ledger_entry *ledger = work->ledger;

    if (!ledger->annotations)
        return was_through(work);
    return text_equal(ledger->account_uid, account->metadata.record.uid) &&
           text_equal(ledger->annotations, text);
}

bool annotations_fit(struct work *work, const struct serviceaccount_metadata *account)
{
    struct annotations_wish wish = annotations_wish(work, account);

    return annotations_are_applied(work, account, annotations_text(work, &wish)) &&
           (is_stale(work, account) || shows(account, &wish));
}

bool annotations_are_as_wanted(struct work *work)
{
    const struct serviceaccount_metadata *account = annotations_account(work);

    return account && annotations_fit(work, account);
}

bool annotations_show(struct work *work)
{
    const struct serviceaccount_metadata *account = annotations_account(work);
    struct annotations_wish wish;

    if (!account)
        return false;
    wish = annotations_wish(work, account);
    return shows(account, &wish);
}

static bool names_role(const struct serviceaccount_metadata *account, const char *role_arn)
{
    return role_arn && account->hashes[WEBIDENTITY_ROLE_ARN] == webidentity_hash(role_arn);
}

bool annotations_are_there(const struct work *work)
{
    const struct serviceaccount_metadata *account = annotations_account(work);

    if (!account || text_equal(work->ledger->annotations, ""))
        return false;
    return names_role(account, work->want.role_arn) ||
           names_role(account, work->binding->status.role_arn);
}
