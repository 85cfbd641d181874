#pragma once

/*
 * The survey of the cluster's EKS add-ons: whether something serves credentials to pods (the add-on
 * eks-pod-identity-agent, or Auto Mode), and which roles and ServiceAccounts add-ons use by IRSA.
 * Read at start and once per describe interval; more often while the agent is missing. With
 * manage_agent a missing agent is made.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct arena;
struct error;
struct scene;
struct survey;
struct transport;

enum agent_state {
    AGENT_UNKNOWN, /* not read yet, or AWS does not let us */
    AGENT_PRESENT,
    AGENT_AUTO_MODE,
    AGENT_MISSING,
    AGENT_COMING,  /* made, not active yet */
    AGENT_FAILING, /* it is there, and EKS says that it does not work */
};

struct survey *survey_create(struct scene *scene, struct transport *transport, bool manage_agent);
/* Nothing may be on its way. */
void survey_destroy(struct survey *survey);

/* changed: what bindings are told is not what it was. error NULL: it came through. */
typedef void (*survey_done_fn)(void *context, bool changed, const struct error *error);
/* done comes once, later; not while one is on its way. */
void survey_start(struct survey *survey, int64_t now_ms, survey_done_fn done, void *context);

enum agent_state survey_agent(const struct survey *survey);
/* What EKS says of an agent that fails; the code with which it refused to make one that is missing;
 * "" else. */
const char *survey_agent_trouble(const struct survey *survey);

/* The add-on that uses this role or this ServiceAccount by IRSA; NULL: none. */
const char *survey_addon_of(const struct survey *survey, const char *role_arn,
                            const char *namespace_name, const char *service_account);
size_t survey_addons(const struct survey *survey);

DEFINE_AUTO(struct survey *, survey_destroy);
