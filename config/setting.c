#include "config/setting.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/form.h"

#define FIELD(field) offsetof(struct config, field)

/* In the order of --help: what must be said first, then Kubernetes, AWS, pace, logs. */
const struct setting settings[] = {
    {"cluster-name", SETTING_TEXT, SETTING_ANYWHERE, FIELD(cluster_name), 0, 0, "", "NAME",
     "Name of the EKS cluster whose associations are made. Required.", form_cluster_name},
    {"region", SETTING_TEXT, SETTING_ANYWHERE, FIELD(region), 0, 0, "", "REGION",
     "AWS Region of that cluster; else AWS_REGION, then AWS_DEFAULT_REGION.", form_region},
    {"config", SETTING_TEXT, SETTING_IN_ARGUMENTS | SETTING_IN_ENVIRONMENT, FIELD(config_file), 0,
     0, "", "FILE", "YAML file with settings; its keys are these flags without the dashes.", NULL},
    {"kubeconfig", SETTING_TEXT, SETTING_ANYWHERE, FIELD(kubeconfig), 0, 0, "", "FILE",
     "How to reach the API server; else in-cluster access, then KUBECONFIG.", NULL},
    {"namespace", SETTING_TEXT, SETTING_ANYWHERE, FIELD(namespace_name), 0, 0, "", "NAMESPACE",
     "Namespace that the controller runs in; else POD_NAMESPACE, the in-cluster file or the "
     "kubeconfig's context.",
     form_namespace},
    {"metrics-bind-address", SETTING_TEXT, SETTING_ANYWHERE, FIELD(metrics_bind_address), 0, 0,
     ":8080", "ADDRESS", "Where /metrics is served.", form_bind_address},
    {"health-probe-bind-address", SETTING_TEXT, SETTING_ANYWHERE, FIELD(health_probe_bind_address),
     0, 0, ":8081", "ADDRESS", "Where /healthz and /readyz are served.", form_bind_address},
    {"role-path", SETTING_TEXT, SETTING_ANYWHERE, FIELD(role_path), 0, 0, "", "PATH",
     "IAM path of every role that is made; else /podidentity/<region>/<cluster-name>/. No other "
     "role may stand below it.",
     form_role_path},
    {"permissions-boundary", SETTING_TEXT, SETTING_ANYWHERE, FIELD(permissions_boundary), 0, 0, "",
     "ARN",
     "Policy that bounds every role that is made. Required, unless allow-unbounded-roles is true.",
     form_policy_arn},
    {"allow-unbounded-roles", SETTING_FLAG, SETTING_ANYWHERE, FIELD(allow_unbounded_roles), 0, 0,
     "false", NULL,
     "Make roles without a permissions boundary when none is set; with one set it changes nothing.",
     NULL},
    {"trust-conditions", SETTING_TEXT, SETTING_ANYWHERE, FIELD(trust_conditions), 0, 0, "",
     "CONDITIONS",
     "Conditions put into every trust policy that is written, as KEY=VALUE with commas between "
     "them; "
     "values may have the wildcards * and ?.",
     form_trust_conditions},
    {"settle", SETTING_DURATION, SETTING_ANYWHERE, FIELD(settle_ms), 0, 3600000, "10s", "DURATION",
     "How long an association must exist before its binding is Ready.", NULL},
    {"drift-interval", SETTING_DURATION, SETTING_ANYWHERE, FIELD(drift_interval_ms), 1000, 86400000,
     "10m", "DURATION",
     "How long between two looks at all roles and associations for what others changed.", NULL},
    {"describe-interval", SETTING_DURATION, SETTING_ANYWHERE, FIELD(describe_interval_ms), 1000,
     604800000, "6h", "DURATION",
     "In which time the role and the tags of every association are looked at once.", NULL},
    {"manage-agent-addon", SETTING_FLAG, SETTING_ANYWHERE, FIELD(manage_agent_addon), 0, 0, "false",
     NULL, "Make the EKS add-on eks-pod-identity-agent where neither it nor Auto Mode serves pods.",
     NULL},
    {"max-concurrent", SETTING_COUNT, SETTING_ANYWHERE, FIELD(max_concurrent), 1, 256, "16",
     "NUMBER", "How many bindings are worked on at once.", NULL},
    {"iam-rate", SETTING_RATE, SETTING_ANYWHERE, FIELD(iam_rate), 0.1, 1000, "20", "NUMBER",
     "Requests per second to IAM, whose limits the whole account shares.", NULL},
    {"eks-rate", SETTING_RATE, SETTING_ANYWHERE, FIELD(eks_rate), 0.1, 1000, "10", "NUMBER",
     "Requests per second to EKS.", NULL},
    {"deletion-limit", SETTING_COUNT, SETTING_ANYWHERE, FIELD(deletion_limit), 0, 1000, "50",
     "NUMBER",
     "How many bindings may be torn down in 10 minutes before the others wait; 0 sets no limit.",
     NULL},
    {"grant-label-keys", SETTING_TEXT, SETTING_ANYWHERE, FIELD(grant_label_keys), 0, 0, "", "KEYS",
     "Labels of namespaces that grants may ask for besides kubernetes.io/metadata.name, with "
     "commas between them; only such as tenants cannot set.",
     form_label_keys},
    {"on-withdrawal", SETTING_TEXT, SETTING_ANYWHERE, FIELD(on_withdrawal), 0, 0, "Keep", "ACTION",
     "What becomes of what a binding made when its grant is gone: Keep, or Delete after the grace.",
     form_withdrawal},
    {"withdrawal-grace", SETTING_DURATION, SETTING_ANYWHERE, FIELD(withdrawal_grace_ms), 0,
     2592000000, "24h", "DURATION",
     "How long on-withdrawal Delete waits before it removes association and role.", NULL},
    {"manage-oidc-provider", SETTING_FLAG, SETTING_ANYWHERE, FIELD(manage_oidc_provider), 0, 0,
     "false", NULL,
     "Make the cluster's OIDC provider in IAM when a binding needs web identity and there is none.",
     NULL},
    {"watch-pods", SETTING_FLAG, SETTING_ANYWHERE, FIELD(watch_pods), 0, 0, "true", NULL,
     "Watch pods: say which have their credentials, and keep a role until the last has left it.",
     NULL},
    {"log-level", SETTING_LEVEL, SETTING_ANYWHERE, FIELD(log_level), 0, 0, "info", "LEVEL",
     "What is logged: error, warn, info or debug.", NULL},
    {"log-format", SETTING_FORMAT, SETTING_ANYWHERE, FIELD(log_format), 0, 0, "json", "FORMAT",
     "One line per event as json or text.", NULL},
    {"help", SETTING_FLAG, SETTING_IN_ARGUMENTS, FIELD(help), 0, 0, "false", NULL,
     "Show this text and end.", NULL},
};
const size_t settings_count = COUNT(settings);

static_assert(COUNT(settings) <= SETTINGS_MAX, "a bit per setting, and arrays of them");

const struct setting *setting_find(const char *name, enum setting_place place)
{
    for (size_t i = 0; i < settings_count; i++) {
        if ((settings[i].places & place) && text_equal(settings[i].name, name))
            return &settings[i];
    }
    return NULL;
}

/* Names are short; a longer one is no typo of any. */
enum { NAME_LENGTH_MAX = 40, TYPOS_MAX = 3 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* '_' for '-' and capitals are how people spell these names elsewhere: no mistake at all. */
static int plain(char letter)
{
    return letter == '_' ? '-' : tolower((unsigned char)letter);
}

/* Levenshtein's distance, row by row. */
static size_t typos_between(const char *wrong, const char *right)
{
    size_t length = strlen(right);
    size_t row[NAME_LENGTH_MAX + 1];

    assert(length <= NAME_LENGTH_MAX);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; wrong[i - 1]; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t change = diagonal + (plain(wrong[i - 1]) != plain(right[j - 1]));

            diagonal = row[j];
            row[j] = smaller(change, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[length];
}

const char *setting_nearest(const char *name, enum setting_place place)
{
    /* A third of the letters wrong is another word, not a typo. */
    size_t least = smaller(strlen(name) / 3, TYPOS_MAX) + 1;
    const char *nearest = NULL;

    if (strlen(name) > NAME_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < settings_count; i++) {
        size_t typos = typos_between(name, settings[i].name);

        if ((settings[i].places & place) && typos < least) {
            least = typos;
            nearest = settings[i].name;
        }
    }
    return nearest;
}

void setting_variable(const struct setting *setting, char name[SETTING_VARIABLE_SIZE])
{
    static const char from[] = "-abcdefghijklmnopqrstuvwxyz", to[] = "_ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    int length = snprintf(name, SETTING_VARIABLE_SIZE, "PODIDENTITY_%s", setting->name);

    assert(length > 0 && length < SETTING_VARIABLE_SIZE);
    for (; *name; name++) {
        const char *at = strchr(from, *name);

        if (at)
            *name = to[at - from];
    }
}

void setting_show(const char *text, char shown[SETTING_SHOWN_SIZE])
{
    static const char dots[] = "...";

    snprintf(shown, SETTING_SHOWN_SIZE, "%s", text);
    if (strlen(text) < SETTING_SHOWN_SIZE)
        return;
    text_cut(shown, SETTING_SHOWN_SIZE - sizeof(dots));
    memcpy(shown + strlen(shown), dots, sizeof(dots));
}
