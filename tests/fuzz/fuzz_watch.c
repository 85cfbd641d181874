#include "tests/fuzz/fuzz.h"

#include "crds/metadata.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "kube/watch.h"

static void binding_read(const json_t *object)
{
    const struct podidentitybinding_status nothing = {.observed_generation = -1};
    struct error error = {0};
    struct podidentitybinding *binding = podidentitybinding_read(object, &error);

    if (!binding)
        return;
    json_decref(podidentitybinding_status_patch(&nothing, &binding->status));
    json_decref(podidentitybinding_status_patch(&binding->status, &nothing));
    assert(!podidentitybinding_status_patch(&binding->status, &binding->status));
    record_unref(binding);
}

static void object_read(const json_t *object)
{
    struct error error = {0};

    binding_read(object);
    record_unref(podidentitygrant_read(object, &error));
    error = (struct error){0};
    record_unref(serviceaccount_read(object, &error));
}

static void line_read(const char *line, size_t length)
{
    struct watch_event event;
    struct error error = {0};

    if (!watch_decode(&event, line, length, &error)) {
        assert(error.kind != ERROR_NONE);
        return;
    }
    if (event.object)
        object_read(event.object);
    watch_event_finish(&event);
}

/* Lines of a watch, each as it comes from the stream: without an end of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_FREE char *lines = fuzz_text(data, size);
    char *line = lines, *end;

    while ((end = memchr(line, '\n', size - (size_t)(line - lines)))) {
        line_read(line, (size_t)(end - line));
        line = end + 1;
    }
    line_read(line, size - (size_t)(line - lines));
    return 0;
}
