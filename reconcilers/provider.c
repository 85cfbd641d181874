/*
 * The IAM OIDC provider of the cluster, which web identity needs: read once for all bindings, made
 * and given audiences only where the settings allow it and it is ours, never deleted.
 */

#include <string.h>

#include "aws/faults.h"
#include "aws/oidc.h"
#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/ledger.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* How long one reading serves all bindings: shortly when something is missing, which a person may
 * mend at any time. READS_MAX bounds "exists" → Get → "none" → …, while IAM does not show
 * everywhere what was made. */
enum { READING_SERVES_MS = 10 * 60 * 1000, LACK_SERVES_MS = 10 * 1000, READS_MAX = 2 };

static bool is_needed(const struct work *work)
{
    return work->want.web_identity && !work->want.unreadable && !work->have.verified;
}

static bool lists(const struct oidc_state *state, const char *client_id)
{
    size_t length = strlen(client_id);
    const char *line = state->client_ids;

    while (line && *line) {
        if (strncmp(line, client_id, length) == 0 && line[length] == '\n')
            return true;
        line = strchr(line, '\n') + 1;
    }
    return false;
}

static bool is_enough(const struct work *work)
{
    const struct oidc_state *state = &work->scene->account.oidc;

    return state->present && lists(state, work->want.web.audience);
}

static bool is_fresh(const struct work *work)
{
    const struct oidc_state *state = &work->scene->account.oidc;

    if (state->read_ms == 0)
        return false;
    if (is_enough(work))
        return state->read_ms + READING_SERVES_MS > work->now_ms;
    return state->read_ms + LACK_SERVES_MS > work->now_ms &&
           state->read_ms > work->ledger->failed_ms;
}

enum verdict provider_get_ask(struct work *work, struct request *request)
{
    if (!is_needed(work) || is_fresh(work))
        return VERDICT_NEXT;
    oidc_get_provider(work->arena, request, work->want.web.provider_arn);
    return VERDICT_SEND;
}

static void keep(struct work *work, bool present, bool ours, const char *client_ids)
{
    struct oidc_state *state = &work->scene->account.oidc;

    ledger_keep(&state->client_ids, client_ids);
    state->present = present;
    state->ours = ours;
    state->read_ms = work->now_ms;
}

static bool is_ours(const struct work *work, const struct aws_tags *tags)
{
    return text_equal(aws_tags_get(tags, TAG_MANAGED), "true") &&
           text_equal(aws_tags_get(tags, TAG_CLUSTER), work->scene->account.cluster_arn) &&
           text_equal(aws_tags_get(tags, TAG_ORIGIN), ORIGIN_CREATED);
}

static const char *lines_of(struct work *work, const struct oidc_provider *provider)
{
    const char *lines = "";

    for (size_t i = 0; i < provider->client_id_count; i++)
        lines = arena_printf(work->arena, "%s%s\n", lines, provider->client_ids[i]);
    return lines;
}

enum verdict provider_get_answer(struct work *work, const struct reply *reply)
{
    struct oidc_provider provider;

    if (!row_good(work, reply)) {
        if (!row_gone(work))
            return VERDICT_FAIL;
        keep(work, false, false, NULL);
        return VERDICT_NEXT;
    }
    if (!oidc_read_provider(work->arena, reply, &provider, &work->error))
        return VERDICT_FAIL;
    keep(work, true, is_ours(work, &provider.tags), lines_of(work, &provider));
    return VERDICT_NEXT;
}

enum verdict provider_judge(struct work *work, struct request *request)
{
    const struct oidc_state *state = &work->scene->account.oidc;
    bool manage = work->scene->settings.manage_oidc_provider;
    const struct trust_subject *web = &work->want.web;

    (void)request;
    if (!is_needed(work) || is_enough(work))
        return VERDICT_NEXT;
    if (!state->present)
        return manage ? VERDICT_NEXT
                      : work_refuse(work, FACET_ROLE, "OIDCProviderMissing",
                                    "IAM has no OIDC provider for the cluster's issuer %s, so no "
                                    "pod can use web identity. Make it: aws iam "
                                    "create-open-id-connect-provider --url %s --client-id-list %s; "
                                    "or run the controller with --manage-oidc-provider",
                                    work->scene->account.issuer, work->scene->account.issuer,
                                    web->audience);
    if (state->ours && manage)
        return VERDICT_NEXT;
    return work_refuse(work, FACET_ROLE, "OIDCAudienceMissing",
                       "OIDC provider %s does not list the audience %s. Add it: aws iam "
                       "add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "
                       "%s --client-id %s",
                       web->provider_arn, web->audience, web->provider_arn, web->audience);
}

bool provider_pend(struct work *work)
{
    if (!is_needed(work) || is_enough(work))
        return false;
    if (work->scene->account.oidc.present)
        work_pend(work, "Let OIDC provider %s take tokens for audience %s",
                  work->want.web.provider_arn, work->want.web.audience);
    else
        work_pend(work, "Make the cluster's OIDC provider %s for audience %s",
                  work->want.web.provider_arn, work->want.web.audience);
    return true;
}

/* What was read is not so any more. */
static enum verdict read_again(struct work *work)
{
    work->scene->account.oidc.read_ms = 0;
    if (work->have.oidc_reads++ == READS_MAX) {
        work->error.kind = ERROR_RETRY;
        return VERDICT_FAIL;
    }
    error_clear(&work->error);
    return VERDICT_TOP;
}

enum verdict provider_create_ask(struct work *work, struct request *request)
{
    const struct aws_tag ours[] = {
        {TAG_MANAGED, "true"},
        {TAG_CLUSTER, work->scene->account.cluster_arn},
        {TAG_ORIGIN, ORIGIN_CREATED},
    };
    const struct aws_tags tags = {.items = ours, .count = COUNT(ours)};

    if (!is_needed(work) || work->scene->account.oidc.present)
        return VERDICT_NEXT;
    oidc_create_provider(work->arena, request, work->scene->account.issuer, work->want.web.audience,
                         &tags);
    return VERDICT_SEND;
}

enum verdict provider_create_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply))
        return aws_already_exists(&work->error) ? read_again(work) : VERDICT_FAIL;
    keep(work, true, true, arena_printf(work->arena, "%s\n", work->want.web.audience));
    work_tell(work, false, "OIDCProviderCreated", "CreateOpenIDConnectProvider",
              "Made the cluster's OIDC provider %s; it stays when the binding goes",
              work->want.web.provider_arn);
    return VERDICT_NEXT;
}

enum verdict provider_add_audience_ask(struct work *work, struct request *request)
{
    if (!is_needed(work) || is_enough(work))
        return VERDICT_NEXT;
    oidc_add_client_id(work->arena, request, work->want.web.provider_arn, work->want.web.audience);
    return VERDICT_SEND;
}

enum verdict provider_add_audience_answer(struct work *work, const struct reply *reply)
{
    struct oidc_state *state = &work->scene->account.oidc;

    if (!row_good(work, reply))
        return aws_not_found(&work->error) ? read_again(work) : VERDICT_FAIL;
    keep(work, true, state->ours,
         arena_printf(work->arena, "%s%s\n", state->client_ids ? state->client_ids : "",
                      work->want.web.audience));
    work_tell(work, false, "OIDCAudienceAdded", "AddClientIDToOpenIDConnectProvider",
              "OIDC provider %s takes tokens for audience %s now", work->want.web.provider_arn,
              work->want.web.audience);
    return VERDICT_NEXT;
}
