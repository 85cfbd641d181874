#pragma once

/*
 * The program's settings: flags, PODIDENTITY_<FLAG> variables, a YAML file, defaults, in this order
 * of precedence; one table says them all. Whatever is wrong ends the start with one line that
 * names where it stands: "--settle: …", "PODIDENTITY_SETTLE: …", "settings.yaml:3: settle: …".
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/memory.h"

struct error;

enum { CONFIG_TEXT_SIZE = 512 };

struct config {
    char cluster_name[CONFIG_TEXT_SIZE];         /* --cluster-name, required */
    char region[CONFIG_TEXT_SIZE];               /* --region; "" : AWS_REGION, AWS_DEFAULT_REGION */
    char kubeconfig[CONFIG_TEXT_SIZE];           /* "": in cluster, or KUBECONFIG */
    char namespace_name[CONFIG_TEXT_SIZE];       /* --namespace; "": the caller looks further */
    char metrics_bind_address[CONFIG_TEXT_SIZE]; /* ":8080" */
    char health_probe_bind_address[CONFIG_TEXT_SIZE]; /* ":8081" */
    char role_path[CONFIG_TEXT_SIZE]; /* default /podidentity/<region>/<cluster>/; both slashes */
    char permissions_boundary[CONFIG_TEXT_SIZE]; /* ARN; "" only with allow_unbounded_roles */
    bool allow_unbounded_roles;
    char trust_conditions[CONFIG_TEXT_SIZE]; /* "key=value,key=value"; "": none */
    uint64_t settle_ms;                      /* 10s */
    uint64_t drift_interval_ms;              /* 10m, 1s-24h */
    uint64_t describe_interval_ms;           /* 6h, 1s-168h */
    bool manage_agent_addon;
    unsigned max_concurrent;                 /* 16, 1-256 */
    double iam_rate, eks_rate;               /* requests per second; 20 and 10; 0.1-1000 */
    unsigned deletion_limit;                 /* 50 in 10 minutes, 0-1000; 0: none */
    char on_withdrawal[CONFIG_TEXT_SIZE];    /* "Keep" or "Delete" */
    uint64_t withdrawal_grace_ms;            /* 24h */
    bool watch_pods;                         /* true */
    bool manage_oidc_provider;               /* false */
    char grant_label_keys[CONFIG_TEXT_SIZE]; /* "a,b"; "": none */
    enum log_level log_level;
    enum log_format log_format; /* json */
    char config_file[CONFIG_TEXT_SIZE];
    bool help; /* --help was asked: nothing else was checked */
};

typedef const char *(*config_lookup_fn)(const char *name); /* getenv-like */

/*
 * argv[0] is the subcommand ("controller"); the rest are its flags, "--name value" or
 * "--name=value"; a bool flag alone is true. ERROR_REFUSED with one line. A flag that the design
 * names for later versions is refused like any unknown one.
 */
bool config_load(struct config *config, int argc, char *const *argv, config_lookup_fn lookup,
                 struct error *error);

/* Every flag with its default and a sentence, for --help: a static text. */
const char *config_help(void);
