#pragma once

/* The fake AWS in parts, by service. Internal to tests/fake. */

#include "aws/tags.h"
#include "base/json.h"
#include "tests/fake/fake_aws.h"

struct arena;

/* One request being answered. */
struct fake_call {
    struct fake_aws *aws;
    struct arena *arena;
    const struct request *request;
    struct fake_answer *answer;
    struct aws_tags form; /* of the Query protocol: its fields */
};

void fake_iam_answer(struct fake_call *call);
void fake_sts_answer(struct fake_call *call);
void fake_eks_answer(struct fake_call *call);

/* The role the form names, as far as IAM shows it already; else the answer is NoSuchEntity. */
struct fake_role *fake_iam_role(struct fake_call *call);
/* What GetRole and GetAccountAuthorizationDetails have in common. */
void fake_iam_write_role(struct fake_call *call, const struct fake_role *role);
/* The operations that answer in pages. */
void fake_iam_list_policies(struct fake_call *call);
void fake_iam_list_attached(struct fake_call *call);
void fake_iam_list_profiles(struct fake_call *call);
void fake_iam_account_details(struct fake_call *call);

/* The operations on OIDC providers. */
void fake_oidc_list(struct fake_call *call);
void fake_oidc_get(struct fake_call *call);
void fake_oidc_create(struct fake_call *call);
void fake_oidc_add_client_id(struct fake_call *call);
/* A request for /clusters/main/addons and below; name NULL: for the collection. */
void fake_addons_answer(struct fake_call *call, const char *name, const char *token,
                        const json_t *body);

/* The Query protocol. */
void fake_read_form(struct fake_call *call);
const char *fake_field(const struct fake_call *call, const char *name);
/* The n-th member of a list, from 0; NULL past its end. */
const char *fake_member(const struct fake_call *call, const char *list, size_t n, const char *part);
void fake_element(struct text *text, const char *name, const char *value);
/* Policy documents are percent-encoded in answers. */
void fake_document(struct fake_call *call, struct text *text, const char *name, const char *value);
void fake_begin(struct fake_call *call);
void fake_end(struct fake_call *call);
void fake_begin_result(struct fake_call *call);
void fake_end_result(struct fake_call *call);
void fake_fail(struct fake_call *call, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void fake_write_tags(struct text *text, const struct fake_pairs *tags);
/* The Tags of the form; true when something changed. */
bool fake_put_tags(struct fake_call *call, struct fake_pairs *tags);

/* REST-JSON. Takes over json. */
void fake_answer_json(struct fake_call *call, json_t *json);
json_t *fake_tags_object(const struct fake_pairs *tags);
bool fake_put_tags_object(struct fake_pairs *tags, const json_t *wanted);

void fake_iam_forget(struct fake_aws *aws, struct fake_role *role);
void fake_eks_forget(struct fake_aws *aws, struct fake_association *association);
/* All of them. */
void fake_oidc_finish(struct fake_aws *aws);
void fake_addons_finish(struct fake_aws *aws);
void fake_pairs_finish(struct fake_pairs *pairs);

/* Counts a write: did it change something, and was it aimed at what is not ours? */
void fake_aws_wrote(struct fake_call *call, bool changed, bool foreign);

/* "arn:aws:iam::123456789012:role/path/name" in the arena. */
const char *fake_role_arn(struct arena *arena, const struct fake_role *role);
/* The role of that ARN; NULL. */
struct fake_role *fake_aws_role_by_arn(const struct fake_aws *aws, const char *arn);
