#pragma once

/* A role as the wish has it, and as AWS would show it. */

#include "reconcilers/difference.h"

enum { ARENA_MAX = 8 << 20 };

#define TRUST "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":\"sts:AssumeRole\"}]}"
#define TRUST_IN_OTHER_WORDS                                                                       \
    "{\"Statement\":{\"Action\":[\"STS:assumerole\"]}, \"Version\":\"2012-10-17\"}"
#define READ "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\"}}"
#define READ_IN_OTHER_WORDS "{\"Statement\":[{\"Action\":[\"S3:GetObject\"],\"Effect\":\"Allow\"}]}"
#define WRITE "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:PutObject\"}}"
#define DENY "{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\"}}"

static const struct aws_tag tags[] = {{"team", "shop"}, {"cost", "17"}};
static const struct iam_policy policies[] = {{"Policy1", READ}, {"Policy2", WRITE}};
static const char *const arns[] = {"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"};

static inline struct want want_all(void)
{
    return (struct want){
        .managed = true,
        .role_name = "shop_cart",
        .trust = TRUST,
        .description = "for the cart",
        .boundary_arn = "arn:aws:iam::111122223333:policy/edge",
        .max_session_s = 3600,
        .inline_policies = policies,
        .inline_count = COUNT(policies),
        .attached_arns = arns,
        .attached_count = COUNT(arns),
        .tags = {.items = tags, .count = COUNT(tags)},
    };
}

/* The role as wanted. */
static inline struct iam_role_detail have_all(void)
{
    return (struct iam_role_detail){
        .role = {.name = "shop_cart",
                 .trust = TRUST,
                 .description = "for the cart",
                 .boundary_arn = "arn:aws:iam::111122223333:policy/edge",
                 .max_session_s = 3600,
                 .tags = {.items = tags, .count = COUNT(tags)}},
        .inline_policies = policies,
        .inline_count = COUNT(policies),
        .attached_arns = arns,
        .attached_count = COUNT(arns),
    };
}

static inline struct difference differ(struct arena *arena, const struct want *want,
                                       const struct iam_role_detail *have)
{
    struct difference difference;

    difference_role(&difference, arena, want, have);
    return difference;
}
