#pragma once

/* The fake AWS in parts, by service. Internal to tests/fake. */

#include "aws/tags.h"
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

void fake_iam_forget(struct fake_aws *aws, struct fake_role *role);
void fake_eks_forget(struct fake_aws *aws, struct fake_association *association);

/* Counts a write: did it change something, and was it aimed at what is not ours? */
void fake_aws_wrote(struct fake_call *call, bool changed, bool foreign);

/* "arn:aws:iam::123456789012:role/path/name" in the arena. */
const char *fake_role_arn(struct arena *arena, const struct fake_role *role);
/* The role of that ARN; NULL. */
struct fake_role *fake_aws_role_by_arn(const struct fake_aws *aws, const char *arn);
