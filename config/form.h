#pragma once

/*
 * What the texts among the settings must look like. Each check leaves a right text alone and
 * refuses a wrong one with a sentence that shows it and says what is allowed.
 */

#include <stdbool.h>

struct error;

/*
 * What is left of IAM's 512 characters for spec.rolePath of a binding, which comes after it and
 * may have 256: no binding's path can become too long.
 */
enum { FORM_ROLE_PATH_MAX = 256 };

/* As EKS has it: ^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$ */
bool form_cluster_name(const char *text, struct error *error);
/* eu-west-1, us-gov-west-1, us-isob-east-1, eusc-de-east-1, ... */
bool form_region(const char *text, struct error *error);
/* A DNS label. */
bool form_namespace(const char *text, struct error *error);
/* :8080, 127.0.0.1:8080, [::1]:8080; port 0 lets the kernel choose one. */
bool form_bind_address(const char *text, struct error *error);
/* Keep or Delete. */
bool form_withdrawal(const char *text, struct error *error);
/* Keys of labels, with commas between them and nothing else. */
bool form_label_keys(const char *text, struct error *error);
/* aws:SourceOrgId=o-abcdefghij,aws:SourceVpc=vpc-*: condition keys with values, each key once, none
 * of those that every trust policy of ours has. */
bool form_trust_conditions(const char *text, struct error *error);
/* /podidentity/eu-west-1/main/ */
bool form_role_path(const char *text, struct error *error);
/* arn:aws:iam::111122223333:policy/path/name, AWS's own policies included. */
bool form_policy_arn(const char *text, struct error *error);
