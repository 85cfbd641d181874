#pragma once

/*
 * Bindings and a scene for tests of reconcilers/: the cluster "main" of account 111122223333 with
 * a store of bindings, nothing else in it.
 */

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "informers/store.h"
#include "reconcilers/indices.h"
#include "reconcilers/scene.h"
#include "tests/unit/cart_subject.h"

#define ROLE_PATH "/podidentity/eu-west-1/main/"

enum { BINDING_JSON_MAX = 1 << 20, UNIT_ARENA_MAX = 8 << 20 };

/* "shop/cart" and the like, with this UID and these members of its spec. */
static inline struct podidentitybinding *binding_make(const char *namespace_name, const char *name,
                                                      const char *uid, const char *spec)
{
    AUTO_TEXT struct text text = TEXT_INIT(BINDING_JSON_MAX);
    AUTO_JSON json_t *json = NULL;
    struct podidentitybinding *binding;
    struct error error = {0};

    text_printf(&text,
                "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"%s\","
                "\"resourceVersion\":\"1\"},\"spec\":{\"serviceAccountName\":\"%s\"%s%s}}",
                name, namespace_name, uid, name, spec[0] ? "," : "", spec);
    json = json_parse(text.bytes, text.length, &error);
    assert(json);
    binding = podidentitybinding_read(json, &error);
    assert(binding);
    return binding;
}

static inline void binding_free_auto(struct podidentitybinding **binding)
{
    record_unref(*binding);
}
#define AUTO_BINDING __attribute__((cleanup(binding_free_auto)))

static inline struct scene scene_make(const struct store *bindings)
{
    static char id[] = "111122223333", partition[] = "aws", arn[] = CLUSTER_ARN,
                caller[] = "podidentity";

    return (struct scene){
        .settings = {.cluster_name = "main", .region = "eu-west-1", .role_path = ROLE_PATH},
        .account = {.known = true,
                    .id = id,
                    .partition = partition,
                    .cluster_arn = arn,
                    .caller_role = caller},
        .bindings = bindings,
    };
}
