#include "crds/pod.h"

#include <assert.h>
#include <string.h>

#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "kube/object.h"

static_assert(sizeof(struct pod) <= 16, "fifty thousand are kept");

const struct kube_resource pod_resource = {
    .group = "",
    .version = "v1",
    .plural = "pods",
    .kind = "Pod",
    .namespaced = true,
    .field_selector = "status.phase!=Succeeded,status.phase!=Failed",
};

static uint64_t identity_of(const char *uid)
{
    unsigned char digest[SHA256_SIZE];
    uint64_t identity;

    encode_sha256(uid, strlen(uid), digest);
    memcpy(&identity, digest, sizeof(identity));
    return identity;
}

static uint32_t created_s(const json_t *object)
{
    const char *text = json_path_text(object, "metadata.creationTimestamp");
    int64_t wall_ms;

    if (!text || !encode_time_parse(text, &wall_ms) || wall_ms < 0 || wall_ms / 1000 > UINT32_MAX)
        return 0;
    return (uint32_t)(wall_ms / 1000);
}

/* Environment --------------------------------------------------------------------------------- */

struct environment {
    bool container_credentials, web_identity;
};

/* Addresses under which the agent answers; another one is somebody else's credential server. */
static bool is_the_agent(const char *address)
{
    return address &&
           (strstr(address, "//169.254.170.23/") || strstr(address, "//[fd00:ec2::23]/"));
}

static void look_at_container(struct environment *environment, const json_t *container)
{
    const json_t *all = json_object_get(container, "env");
    const json_t *variable;
    size_t i;

    json_array_foreach(all, i, variable)
    {
        const char *name = json_path_text(variable, "name");

        if (text_equal(name, "AWS_CONTAINER_CREDENTIALS_FULL_URI"))
            environment->container_credentials |= is_the_agent(json_path_text(variable, "value"));
        else if (text_equal(name, "AWS_WEB_IDENTITY_TOKEN_FILE"))
            environment->web_identity = true;
    }
}

/* One container with credentials makes the pod one that has them: the webhook can be told to leave
 * some containers out (annotation eks.amazonaws.com/skip-containers). */
static enum pod_credentials credentials_of(const json_t *spec)
{
    static const char *const lists[] = {"containers", "initContainers"};
    struct environment environment = {0};

    for (size_t list = 0; list < COUNT(lists); list++) {
        const json_t *containers = json_object_get(spec, lists[list]);
        const json_t *container;
        size_t i;

        json_array_foreach(containers, i, container)
        {
            look_at_container(&environment, container);
        }
    }
    if (environment.web_identity)
        return POD_WEB_IDENTITY;
    return environment.container_credentials ? POD_CONTAINER_CREDENTIALS : POD_NO_CREDENTIALS;
}

/* Compute ------------------------------------------------------------------------------------- */

/* EKS labels a pod for Fargate when it is made; the node's name says it only later. */
static bool on_fargate(const json_t *labels, const json_t *spec)
{
    const char *node = json_path_text(spec, "nodeName");

    return json_object_get(labels, "eks.amazonaws.com/fargate-profile") ||
           text_equal(json_path_text(spec, "schedulerName"), "fargate-scheduler") ||
           (node && text_starts(node, "fargate-"));
}

static bool on_windows(const json_t *spec)
{
    const json_t *selector = json_object_get(spec, "nodeSelector");
    const json_t *system = json_object_get(selector, "kubernetes.io/os");

    return text_equal(json_path_text(spec, "os.name"), "windows") ||
           text_equal(json_string_value(system), "windows");
}

static uint8_t flags_of(const json_t *object, const json_t *spec)
{
    const json_t *labels = json_path(object, "metadata.labels");
    int flags = 0;

    if (json_path_text(object, "metadata.deletionTimestamp"))
        flags |= POD_TERMINATING;
    if (on_fargate(labels, spec))
        flags |= POD_FARGATE;
    if (on_windows(spec))
        flags |= POD_WINDOWS;
    if (json_object_get(labels, "eks.amazonaws.com/skip-pod-identity-webhook"))
        flags |= POD_OPTED_OUT;
    return (uint8_t)flags;
}

bool pod_read(struct pod_reading *reading, const json_t *object, struct error *error)
{
    const json_t *spec = json_object_get(object, "spec");
    const char *uid = json_path_text(object, "metadata.uid");
    const char *phase = json_path_text(object, "status.phase");

    *reading = (struct pod_reading){
        .namespace_name = json_path_text(object, "metadata.namespace"),
        .service_account = json_path_text(spec, "serviceAccountName"),
        .finished = text_equal(phase, "Succeeded") || text_equal(phase, "Failed"),
    };
    if (!uid || !*uid || !reading->namespace_name ||
        strlen(reading->namespace_name) > OBJECT_NAMESPACE_MAX)
        return error_set(error, ERROR_REFUSED, "a pod without UID or namespace");
    if (reading->service_account &&
        (!*reading->service_account || strlen(reading->service_account) > OBJECT_NAME_MAX))
        reading->service_account = NULL;
    reading->pod = (struct pod){
        .identity = identity_of(uid),
        .created_s = created_s(object),
        .credentials = (uint8_t)credentials_of(spec),
        .flags = flags_of(object, spec),
    };
    return true;
}
