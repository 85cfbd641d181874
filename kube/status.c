#include "kube/status.h"

#include "base/json.h"
#include "base/text.h"

static bool text_is(const json_t *object, const char *key, const char *wanted)
{
    const char *text = json_path_text(object, key);

    return text && text_equal(text, wanted);
}

bool kube_status_is(const json_t *object)
{
    return text_is(object, "kind", "Status");
}

const json_t *kube_status_cause(const json_t *status, const char *reason)
{
    const json_t *causes = json_path(status, "details.causes");
    const json_t *cause;
    size_t i;

    json_array_foreach(causes, i, cause) if (text_is(cause, "reason", reason)) return cause;
    return NULL;
}

bool kube_status_has_cause(const json_t *status, const char *reason)
{
    return kube_status_cause(status, reason) != NULL;
}
