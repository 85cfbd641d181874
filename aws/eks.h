#pragma once

/*
 * Pod identity associations (EKS API 2017-11-01, REST-JSON; model: botocore data/eks/2017-11-01):
 * one builder and one reader per call.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/tags.h"
#include "net/request.h"

struct arena;
struct error;

struct eks_association {
    const char *cluster, *namespace_name, *service_account;
    const char *id, *arn, *role_arn;
    const char *owner_arn;       /* NULL: not an add-on's */
    const char *target_role_arn; /* NULL: none */
    const char *external_id;     /* NULL: none */
    const char *policy;          /* NULL: none */
    bool disable_session_tags;
    int64_t created_ms, modified_ms; /* wall */
    struct aws_tags tags;
};

struct eks_association_wish {
    const char *namespace_name, *service_account, *role_arn;
    const char *client_request_token; /* the same for every repeat of one intent */
    const char *target_role_arn;      /* NULL: none */
    const char *policy;               /* NULL: none; needs disable_session_tags */
    bool disable_session_tags;
    struct aws_tags tags;
};

void eks_create_association(struct arena *arena, struct request *request, const char *cluster,
                            const struct eks_association_wish *wish);

/* What an update changes: NULL and EKS_SESSION_TAGS_STAY leave a member as it is, at least one must
 * change (asserted). "" clears target_role_arn, as AWS's own controller for EKS does; that it
 * clears policy too is not documented: compare with the association of the answer. A policy needs
 * session tags off, so one update that turns them on has to clear the policy as well. */
enum eks_session_tags { EKS_SESSION_TAGS_STAY, EKS_SESSION_TAGS_ON, EKS_SESSION_TAGS_OFF };
struct eks_association_change {
    const char *role_arn, *target_role_arn, *policy;
    enum eks_session_tags session_tags;
    const char *client_request_token; /* the same for every repeat of one intent */
};
void eks_update_association(struct arena *arena, struct request *request, const char *cluster,
                            const char *id, const struct eks_association_change *change);
/* The same for the role alone. */
void eks_update_association_role(struct arena *arena, struct request *request, const char *cluster,
                                 const char *id, const char *role_arn, const char *token);
void eks_describe_association(struct arena *arena, struct request *request, const char *cluster,
                              const char *id);
void eks_delete_association(struct arena *arena, struct request *request, const char *cluster,
                            const char *id);
/* The association of Create, Update, Describe and Delete. */
bool eks_read_association(struct arena *arena, const struct reply *reply,
                          struct eks_association *association, struct error *error);

/* namespace_name and service_account may be NULL (all); token NULL: first page. */
void eks_list_associations(struct arena *arena, struct request *request, const char *cluster,
                           const char *namespace_name, const char *service_account,
                           const char *token);
/* Summaries: no role, no tags. next_token NULL on the last page. */
struct eks_association_page {
    const struct eks_association *items;
    size_t count;
    const char *next_token;
};
bool eks_read_associations(struct arena *arena, const struct reply *reply,
                           struct eks_association_page *page, struct error *error);

void eks_tag_resource(struct arena *arena, struct request *request, const char *arn,
                      const struct aws_tags *tags);
void eks_untag_resource(struct arena *arena, struct request *request, const char *arn,
                        const char *const *keys, size_t count);

struct eks_cluster {
    const char *name, *arn, *status, *issuer, *version; /* issuer, version NULL: none */
    bool auto_mode;
};
void eks_describe_cluster(struct arena *arena, struct request *request, const char *name);
bool eks_read_cluster(struct arena *arena, const struct reply *reply, struct eks_cluster *cluster,
                      struct error *error);
