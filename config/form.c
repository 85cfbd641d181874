#include "config/form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/setting.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum {
    CLUSTER_NAME_MAX = 100,
    REGION_MAX = 32,
    LABEL_MAX = 63,
    LABEL_PREFIX_MAX = 253,
    CONDITION_KEY_MAX = 128,
    PORT_MAX = 65535
};

/* "text" is no <what>: write <allowed> */
static bool refuse(struct error *error, const char *text, const char *what, const char *allowed)
{
    char shown[SETTING_SHOWN_SIZE];

    setting_show(text, shown);
    return error_set(error, ERROR_REFUSED, "\"%s\" is no %s: write %s", shown, what, allowed);
}

static bool consists_of(const char *text, const char *characters)
{
    return text[strspn(text, characters)] == '\0';
}

bool form_cluster_name(const char *text, struct error *error)
{
    if (isalnum((unsigned char)text[0]) && strlen(text) <= CLUSTER_NAME_MAX &&
        consists_of(text, LOWER UPPER DIGITS "_-"))
        return true;
    return refuse(error, text, "name of an EKS cluster",
                  "1 to 100 letters, digits, - and _, a letter or digit first");
}

bool form_region(const char *text, struct error *error)
{
    const char *last = strrchr(text, '-');

    if (last && last != strchr(text, '-') && last[1] && consists_of(last + 1, DIGITS) &&
        islower((unsigned char)text[0]) && !strstr(text, "--") && strlen(text) <= REGION_MAX &&
        consists_of(text, LOWER DIGITS "-"))
        return true;
    return refuse(error, text, "AWS Region", "one such as eu-west-1");
}

bool form_withdrawal(const char *text, struct error *error)
{
    return text_equal(text, "Keep") || text_equal(text, "Delete") ||
           refuse(error, text, "answer to this", "Keep or Delete");
}

/* [prefix/]name, as Kubernetes has it: a DNS name of at most 253, then at most 63 characters. */
static bool is_label_key(const char *key, size_t length)
{
    const char *slash = memchr(key, '/', length);
    const char *name = slash ? slash + 1 : key;
    size_t name_length = length - (size_t)(name - key), prefix_length = (size_t)(name - key);

    if (name_length == 0 || name_length > LABEL_MAX || !isalnum((unsigned char)name[0]) ||
        !isalnum((unsigned char)name[name_length - 1]) ||
        strspn(name, LOWER UPPER DIGITS "_.-") < name_length)
        return false;
    return !slash || (prefix_length > 1 && prefix_length <= LABEL_PREFIX_MAX + 1 &&
                      islower((unsigned char)key[0]) + isdigit((unsigned char)key[0]) != 0 &&
                      strspn(key, LOWER DIGITS ".-") == prefix_length - 1);
}

bool form_label_keys(const char *text, struct error *error)
{
    for (const char *key = text;; key++) {
        size_t length = strcspn(key, ",");

        if (!is_label_key(key, length))
            return refuse(error, text, "list of label keys",
                          "keys such as example.com/team, with commas and no blanks between them");
        key += length;
        if (!*key)
            return true;
    }
}

/* service:Name, with one / in it for keys of tags; as long as IAM's condition keys are at most. */
static bool is_condition_key(const char *key, size_t length)
{
    const char *colon = memchr(key, ':', length);

    return colon && colon > key && length > (size_t)(colon - key) + 1 &&
           length <= CONDITION_KEY_MAX && strspn(key, LOWER DIGITS "-") == (size_t)(colon - key) &&
           strspn(colon + 1, LOWER UPPER DIGITS "_-/.") == length - (size_t)(colon - key) - 1;
}

/* What stands in a trust policy of ours already; another value could only contradict it. */
static bool is_taken(const char *key, size_t length)
{
    static const char *const taken[] = {"aws:SourceAccount", "aws:SourceArn"};
    static const char tag[] = "aws:RequestTag/";

    for (size_t i = 0; i < COUNT(taken); i++)
        if (strlen(taken[i]) == length && strncasecmp(key, taken[i], length) == 0)
            return true;
    return length >= strlen(tag) && strncasecmp(key, tag, strlen(tag)) == 0;
}

/* Did this key stand before in the text? Keys are the same whatever their case. */
static bool stands_before(const char *text, const char *key, size_t length)
{
    while (text < key) {
        if (strncasecmp(text, key, length) == 0 && text[length] == '=')
            return true;
        text += strcspn(text, ",") + 1;
    }
    return false;
}

/* Visible ASCII that needs no escape in JSON and separates nothing here. */
static bool is_condition_value(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (value[i] < '!' || value[i] > '~' || strchr("\"\\=", value[i]))
            return false;
    return length > 0;
}

bool form_trust_conditions(const char *text, struct error *error)
{
    for (const char *key = text;;) {
        size_t length = strcspn(key, "=,"), value_length = 0;

        if (key[length] == '=')
            value_length = strcspn(key + length + 1, ",");
        if (!is_condition_key(key, length) || !is_condition_value(key + length + 1, value_length))
            return refuse(error, text, "list of conditions",
                          "KEY=VALUE such as aws:SourceOrgId=o-abcdefghij, with commas and no "
                          "blanks between them");
        if (is_taken(key, length) || stands_before(text, key, length))
            return error_set(
                error, ERROR_REFUSED,
                "\"%.*s\" stands in every trust policy already, or twice here: write other "
                "keys, each once",
                (int)length, key);
        key += length + 1 + value_length;
        if (!*key++)
            return true;
    }
}

bool form_namespace(const char *text, struct error *error)
{
    size_t length = strlen(text);

    if (length > 0 && length <= LABEL_MAX && text[0] != '-' && text[length - 1] != '-' &&
        consists_of(text, LOWER DIGITS "-"))
        return true;
    return refuse(error, text, "name of a namespace",
                  "1 to 63 lower-case letters, digits and -, no - first or last");
}

/* "", a name, an IPv4 address, or an IPv6 address in brackets, up to the colon at end. */
static bool is_host(const char *text, const char *end)
{
    const char *allowed = LOWER UPPER DIGITS ".-";

    if (text[0] == '[') {
        if (end - text < 4 || end[-1] != ']')
            return false;
        text++;
        end--;
        allowed = "abcdefABCDEF" DIGITS ":.";
    }
    return text + strspn(text, allowed) >= end;
}

bool form_bind_address(const char *text, struct error *error)
{
    const char *colon = strrchr(text, ':');

    if (colon && is_host(text, colon) && colon[1] && strlen(colon + 1) <= 5 &&
        consists_of(colon + 1, DIGITS) && strtoul(colon + 1, NULL, 10) <= PORT_MAX)
        return true;
    return refuse(error, text, "address to listen on",
                  ":PORT or HOST:PORT, such as :8080, 127.0.0.1:8080 or [::1]:8080");
}

/*
 * IAM allows any visible ASCII. Not here: * ? and $, which the policy that fences the controller
 * in would read as wildcards and variables, and quotes and backslashes, which no one can mean.
 */
static bool is_path_text(const char *text)
{
    for (; *text; text++) {
        if (*text < '!' || *text > '~' || strchr("*?$\"'\\", *text))
            return false;
    }
    return true;
}

bool form_role_path(const char *text, struct error *error)
{
    /* Every role of the account stands below "/", and what stands below is taken for ours. */
    if (text_equal(text, "/"))
        return error_set(error, ERROR_REFUSED,
                         "\"/\" would make every role of the account the controller's: write a "
                         "path of its own, such as /podidentity/eu-west-1/main/");
    if (strlen(text) > FORM_ROLE_PATH_MAX)
        return error_set(error, ERROR_REFUSED,
                         "has %zu characters: write at most %d, so that spec.rolePath of bindings "
                         "has room in IAM's 512",
                         strlen(text), FORM_ROLE_PATH_MAX);
    if (text[0] == '/' && text_ends(text, "/") && !strstr(text, "//") && is_path_text(text))
        return true;
    return refuse(error, text, "IAM path",
                  "one that begins and ends with /, such as /podidentity/eu-west-1/main/, in "
                  "visible ASCII characters without * ? $ quotes and backslashes");
}

enum { ARN_PARTS = 6 };

/* Lengths and starts of the six parts between colons; the last goes to the end. */
static bool split_arn(const char *text, const char *parts[ARN_PARTS], size_t lengths[ARN_PARTS])
{
    for (size_t i = 0; i < ARN_PARTS; i++) {
        parts[i] = text;
        lengths[i] = i + 1 < ARN_PARTS ? strcspn(text, ":") : strlen(text);
        text += lengths[i];
        if (i + 1 < ARN_PARTS && *text++ != ':')
            return false;
    }
    return true;
}

static bool part_is(const char *part, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(part, word, length) == 0;
}

/* Twelve digits, or "aws" for the policies that AWS keeps. */
static bool is_account(const char *part, size_t length)
{
    return part_is(part, length, "aws") || (length == 12 && strspn(part, DIGITS) == 12);
}

static bool is_partition(const char *part, size_t length)
{
    return length >= 3 && memcmp(part, "aws", 3) == 0 && (length == 3 || part[3] == '-') &&
           strspn(part, LOWER DIGITS "-") == length;
}

bool form_policy_arn(const char *text, struct error *error)
{
    const char *parts[ARN_PARTS];
    size_t lengths[ARN_PARTS];

    if (split_arn(text, parts, lengths) && part_is(parts[0], lengths[0], "arn") &&
        is_partition(parts[1], lengths[1]) && part_is(parts[2], lengths[2], "iam") &&
        lengths[3] == 0 && is_account(parts[4], lengths[4]) && text_starts(parts[5], "policy/") &&
        !text_ends(text, "/") && !strstr(parts[5], "//") &&
        consists_of(parts[5], LOWER UPPER DIGITS "/+=,.@_-"))
        return true;
    return refuse(error, text, "ARN of an IAM policy",
                  "one such as arn:aws:iam::111122223333:policy/podidentity/boundary");
}
