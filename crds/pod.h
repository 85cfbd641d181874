#pragma once

/*
 * A Pod as the program keeps it: sixteen bytes. Pods are watched whole, because what tells which
 * credentials a pod gets is in its containers' environment, put there when it was made
 * (amazon-eks-pod-identity-webhook, pkg/handler/handler.go) and never changed afterwards.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "kube/calls.h"

struct error;

/* Of pods that are neither Succeeded nor Failed: the others need no credentials any more. */
extern const struct kube_resource pod_resource;

/*
 * What a pod's first SDK call takes, by the order of every SDK: a web identity token where its
 * environment names one, and after that the agent's address. Static keys, which beat both, and
 * what a process sets for itself are not seen.
 */
enum pod_credentials {
    POD_NO_CREDENTIALS,        /* the node's, or none */
    POD_CONTAINER_CREDENTIALS, /* of EKS Pod Identity */
    POD_WEB_IDENTITY,          /* of IRSA */
};

enum pod_flag {
    POD_TERMINATING = 1 << 0, /* still runs, and still needs its credentials */
    POD_FARGATE = 1 << 1,
    POD_WINDOWS = 1 << 2,
    POD_OPTED_OUT = 1 << 3, /* its label keeps the webhook away */
    POD_LISTED = 1 << 4,    /* seen in the list that is under way: informers/pods.c */
};

struct pod {
    uint64_t identity;  /* 64 bits of its UID's SHA-256; 50,000 pods share one once in 10^10 runs */
    uint32_t created_s; /* wall, as written in whole seconds; 0: not known, so older than all */
    uint8_t credentials; /* enum pod_credentials */
    uint8_t flags;       /* enum pod_flag */
};

/* A pod that was just read; texts are borrowed from the tree. */
struct pod_reading {
    const char *namespace_name;
    const char *service_account; /* NULL: a mirror of a static pod, which has none */
    bool finished;               /* its phase is Succeeded or Failed */
    struct pod pod;
};

/* ERROR_REFUSED without a namespace or UID. */
bool pod_read(struct pod_reading *reading, const json_t *object, struct error *error);
