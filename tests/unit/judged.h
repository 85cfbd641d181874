#pragma once

/* Trust documents in single quotes, held against a subject. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "reconcilers/trust.h"
#include "tests/unit/cart_subject.h"
#include "tests/unit/quoted.h"

enum { ARENA_MAX = 4 << 20 };

static inline struct trust_subject without_tags(void)
{
    struct trust_subject subject = cart_subject;

    subject.session_tags = false;
    return subject;
}

/* A document in single quotes, and what is to be thought of it. */
struct judged {
    const char *document;
    enum trust_verdict verdict;
    const char *why; /* a part of it */
};

#define DOCUMENT(statements) "{'Version':'2012-10-17','Statement':" statements "}"
#define EKS "'Principal':{'Service':'pods.eks.amazonaws.com'}"
#define BOTH "'Action':['sts:AssumeRole','sts:TagSession']"
#define PLAIN "{'Effect':'Allow'," EKS "," BOTH "}"
#define IF(condition)                                                                              \
    DOCUMENT("[{'Sid':'Pods','Effect':'Allow'," EKS "," BOTH ",'Condition':" condition "}]")
#define TAG(name) "aws:RequestTag/" name

static inline void judge_all(const struct judged *cases, size_t count,
                             const struct trust_subject *subject)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
        const char *document = plain_json(arena, cases[i].document);
        struct trust_judgement judged = trust_judge(arena, document, subject);

        if (judged.verdict != cases[i].verdict || !strstr(judged.why, cases[i].why))
            fail_msg("%s\nis judged %d, not %d: %s\nwants: %s", document, (int)judged.verdict,
                     (int)cases[i].verdict, judged.why, cases[i].why);
    }
}
