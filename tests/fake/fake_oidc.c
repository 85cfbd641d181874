/* OIDC providers of the fake AWS. */

#include <stdlib.h>
#include <string.h>

#include "aws/oidc.h"
#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

#define PROVIDER_ARN "arn:aws:iam::" FAKE_ACCOUNT ":oidc-provider/"

struct fake_provider *fake_aws_add_provider(struct fake_aws *aws, const char *issuer)
{
    struct fake_provider *provider = memory_alloc(sizeof(*provider));
    AUTO(arena_destroy) struct arena *arena = arena_create(4096);

    provider->url = memory_string(issuer + strlen("https://"));
    provider->arn = memory_string(arena_printf(arena, PROVIDER_ARN "%s", provider->url));
    provider->foreign = true;
    aws->providers =
        memory_resize(aws->providers, aws->provider_count + 1, sizeof(*aws->providers));
    aws->providers[aws->provider_count++] = provider;
    return provider;
}

void fake_oidc_finish(struct fake_aws *aws)
{
    for (size_t i = 0; i < aws->provider_count; i++) {
        struct fake_provider *provider = aws->providers[i];

        free(provider->arn);
        free(provider->url);
        fake_pairs_finish(&provider->client_ids);
        fake_pairs_finish(&provider->tags);
        free(provider);
    }
    free(aws->providers);
}

struct fake_provider *fake_aws_provider(const struct fake_aws *aws, const char *issuer)
{
    const char *name = oidc_issuer_name(issuer);

    for (size_t i = 0; name && i < aws->provider_count; i++)
        if (strcmp(aws->providers[i]->url, name) == 0)
            return aws->providers[i];
    return NULL;
}

/* The provider the form names; else the answer is NoSuchEntity. */
static struct fake_provider *provider_of(struct fake_call *call)
{
    const char *arn = fake_field(call, "OpenIDConnectProviderArn");

    for (size_t i = 0; i < call->aws->provider_count; i++)
        if (strcmp(call->aws->providers[i]->arn, arn) == 0)
            return call->aws->providers[i];
    fake_fail(call, 404, "NoSuchEntity", "OpenIDConnect Provider not found for arn %s", arn);
    return NULL;
}

void fake_oidc_list(struct fake_call *call)
{
    struct text *text = &call->answer->body;

    fake_begin_result(call);
    text_add_string(text, "<OpenIDConnectProviderList>");
    for (size_t i = 0; i < call->aws->provider_count; i++) {
        text_add_string(text, "<member>");
        fake_element(text, "Arn", call->aws->providers[i]->arn);
        text_add_string(text, "</member>");
    }
    text_add_string(text, "</OpenIDConnectProviderList>");
    fake_end_result(call);
}

void fake_oidc_get(struct fake_call *call)
{
    const struct fake_provider *provider = provider_of(call);
    struct text *text = &call->answer->body;

    if (!provider)
        return;
    fake_begin_result(call);
    fake_element(text, "Url", provider->url);
    text_add_string(text, "<ClientIDList>");
    for (size_t i = 0; i < provider->client_ids.count; i++)
        fake_element(text, "member", provider->client_ids.items[i].key);
    text_add_string(text, "</ClientIDList>");
    fake_write_tags(text, &provider->tags);
    fake_end_result(call);
}

void fake_oidc_create(struct fake_call *call)
{
    const char *issuer = fake_field(call, "Url"), *id;
    struct fake_provider *provider;

    if (!oidc_issuer_name(issuer)) {
        fake_fail(call, 400, "InvalidInput", "Invalid Open ID Connect Provider URL");
        return;
    }
    if (fake_aws_provider(call->aws, issuer)) {
        fake_fail(call, 409, "EntityAlreadyExists", "Provider with url %s already exists.", issuer);
        return;
    }
    provider = fake_aws_add_provider(call->aws, issuer);
    provider->foreign = false;
    for (size_t i = 0; (id = fake_member(call, "ClientIDList", i, "")); i++)
        fake_pairs_put(&provider->client_ids, id, "");
    fake_put_tags(call, &provider->tags);
    fake_aws_wrote(call, true, false);
    fake_begin_result(call);
    fake_element(&call->answer->body, "OpenIDConnectProviderArn", provider->arn);
    fake_end_result(call);
}

/* No trespass, whoever made the provider: it takes nothing away from anybody. */
void fake_oidc_add_client_id(struct fake_call *call)
{
    struct fake_provider *provider = provider_of(call);

    if (!provider)
        return;
    fake_aws_wrote(call, fake_pairs_put(&provider->client_ids, fake_field(call, "ClientID"), ""),
                   false);
    fake_begin(call);
    fake_end(call);
}
