#include "tests/fuzz/fuzz.h"

#include "crds/metadata.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "kube/calls.h"
#include "kube/decode.h"

static void items_read(const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(list, "items"), i, item)
    {
        struct error error = {0};

        record_unref(podidentitybinding_read(item, &error));
        record_unref(podidentitygrant_read(item, &error));
        record_unref(serviceaccount_read(item, &error));
    }
}

/* The answer to a list, and the same bytes as a refusal of the API server. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *body = fuzz_text(data, size);
    AUTO_JSON json_t *list = NULL;
    struct request request = {.method = "GET"};
    struct reply reply = fuzz_reply(body, size);
    struct error error = {0};

    list = kube_decode(body, size, &error);
    assert(list || error.kind != ERROR_NONE);
    items_read(list);
    reply.status = 409;
    error = (struct error){0};
    kube_reply_good(&request, &reply, &error);
    assert(error.kind != ERROR_NONE);
    return 0;
}
