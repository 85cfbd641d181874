#include "aws/oidc.h"

#include <string.h>

#include "aws/iam_wire.h"
#include "aws/query.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "base/xml.h"

static const char scheme[] = "https://";

/* A host, and a path that does not end in '/'. */
static bool is_issuer_name(const char *name)
{
    size_t length = strlen(name), host = strcspn(name, "/");

    if (host == 0 || name[length - 1] == '/' || memchr(name, ':', host))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < 0x21 || name[i] > 0x7e || strchr("?#@\"\\", name[i]))
            return false;
    }
    return true;
}

const char *oidc_issuer_name(const char *issuer)
{
    const char *name;

    if (!text_starts(issuer, scheme) || strnlen(issuer, OIDC_URL_MAX + 1) > OIDC_URL_MAX)
        return NULL;
    name = issuer + strlen(scheme);
    return is_issuer_name(name) ? name : NULL;
}

const char *oidc_provider_arn(struct arena *arena, const char *partition, const char *account,
                              const char *issuer)
{
    const char *name = oidc_issuer_name(issuer);

    return name ? arena_printf(arena, "arn:%s:iam::%s:oidc-provider/%s", partition, account, name)
                : NULL;
}

void oidc_list_providers(struct arena *arena, struct request *request)
{
    struct query query;

    iam_begin(&query, request, "ListOpenIDConnectProviders", NULL);
    iam_finish_read(&query, arena, request);
}

bool oidc_read_providers(struct arena *arena, const struct reply *reply, struct iam_page *page,
                         struct error *error)
{
    return iam_read_page(arena, reply, "OpenIDConnectProviderList", "Arn", page, error);
}

void oidc_get_provider(struct arena *arena, struct request *request, const char *arn)
{
    struct query query;

    iam_begin(&query, request, "GetOpenIDConnectProvider", NULL);
    query_add(&query, "OpenIDConnectProviderArn", arn);
    iam_finish_read(&query, arena, request);
}

static bool read_client_ids(struct arena *arena, const struct query_result *result,
                            struct oidc_provider *provider, struct error *error)
{
    const struct xml *list = xml_find(result->element, "ClientIDList");
    const struct xml *member = xml_first_named(list, "member");
    const char **ids =
        query_read_list(arena, result, list, sizeof(*ids), &provider->client_id_count, error);

    if (!ids)
        return false;
    for (size_t i = 0; i < provider->client_id_count; i++) {
        if (!query_read_text(result, member, "", &ids[i], error))
            return false;
        member = xml_next_named(member, "member");
    }
    provider->client_ids = ids;
    return true;
}

bool oidc_read_provider(struct arena *arena, const struct reply *reply,
                        struct oidc_provider *provider, struct error *error)
{
    struct query_result result;
    const char *url;

    *provider = (struct oidc_provider){0};
    if (!query_read(arena, reply, &result, error) ||
        !query_read_text(&result, result.element, "Url", &url, error))
        return false;
    provider->issuer_name = text_starts(url, scheme) ? url + strlen(scheme) : url;
    return read_client_ids(arena, &result, provider, error) &&
           query_read_tags(arena, &result, result.element, &provider->tags, error);
}

bool oidc_provider_has_client_id(const struct oidc_provider *provider, const char *client_id)
{
    for (size_t i = 0; i < provider->client_id_count; i++)
        if (strcmp(provider->client_ids[i], client_id) == 0)
            return true;
    return false;
}

void oidc_create_provider(struct arena *arena, struct request *request, const char *issuer,
                          const char *client_id, const struct aws_tags *tags)
{
    struct query query;

    iam_begin(&query, request, "CreateOpenIDConnectProvider", NULL);
    query_add(&query, "Url", issuer);
    query_add_list(&query, "ClientIDList", &client_id, 1);
    query_add_tags(&query, tags);
    query_finish(&query, arena, request);
}

bool oidc_read_created(struct arena *arena, const struct reply *reply, const char **arn,
                       struct error *error)
{
    struct query_result result;

    return query_read(arena, reply, &result, error) &&
           query_read_text(&result, result.element, "OpenIDConnectProviderArn", arn, error);
}

void oidc_add_client_id(struct arena *arena, struct request *request, const char *arn,
                        const char *client_id)
{
    struct query query;

    iam_begin(&query, request, "AddClientIDToOpenIDConnectProvider", NULL);
    query_add(&query, "OpenIDConnectProviderArn", arn);
    query_add(&query, "ClientID", client_id);
    query_finish(&query, arena, request);
}
