#pragma once

/*
 * Add-ons of a cluster (EKS API 2017-11-01, REST-JSON; model: botocore data/eks/2017-11-01): one
 * builder and one reader per call. Readers take a 2xx answer, and fail with ERROR_RETRY when it is
 * not what the API promises; a missing add-on is ResourceNotFoundException (aws/faults.h).
 */

#include <stdbool.h>
#include <stddef.h>

#include "aws/tags.h"
#include "net/request.h"

struct arena;
struct error;

/* Gives pods their credentials where there is no Auto Mode, whose nodes have it built in. */
#define ADDON_AGENT "eks-pod-identity-agent"

/* What EKS finds wrong with an add-on; message NULL: it says no more. */
struct addon_issue {
    const char *code, *message;
};

struct addon {
    const char *name, *arn;
    const char *status;                   /* ACTIVE, CREATING, DEGRADED, CREATE_FAILED, … */
    const char *version;                  /* NULL: none told */
    const char *service_account_role_arn; /* the role of IRSA; NULL: none */
    const char *const *association_arns;  /* associations it owns: it deletes them with itself */
    size_t association_count;
    const struct addon_issue *issues;
    size_t issue_count;
    struct aws_tags tags;
};

struct addon_wish {
    const char *name;
    const char *version;              /* NULL: EKS's default for the cluster's version */
    const char *client_request_token; /* the same for every repeat of one intent */
    struct aws_tags tags;
};

/* token NULL: first page, of 100 at most. */
void addon_list(struct arena *arena, struct request *request, const char *cluster,
                const char *token);
/* Names only; next_token NULL on the last page. */
struct addon_page {
    const char *const *names;
    size_t count;
    const char *next_token;
};
bool addon_read_page(struct arena *arena, const struct reply *reply, struct addon_page *page,
                     struct error *error);

void addon_describe(struct arena *arena, struct request *request, const char *cluster,
                    const char *name);
/* Comes to be in the background: read its status later. A conflict with what somebody installed by
 * hand ends in CREATE_FAILED, never in an overwrite (resolveConflicts stays NONE). */
void addon_create(struct arena *arena, struct request *request, const char *cluster,
                  const struct addon_wish *wish);
/* The add-on of Create and Describe. */
bool addon_read(struct arena *arena, const struct reply *reply, struct addon *addon,
                struct error *error);
