#pragma once

/*
 * What the files of podidentity release share: the call as it was understood, and what it works
 * with. release.c reads arguments and prints; release_binding.c reads the binding, asks AWS and
 * lets go. Each function gives false with command->error.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/options.h"
#include "config/config.h"
#include "controller/world.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

enum { RELEASE_FLAGS_MAX = 32, RELEASE_ROWS_MAX = WORK_TOLD_MAX + 4, RELEASE_CLUSTER_SIZE = 128 };

struct release_command {
    struct options options;
    bool purge, approve;
    const char *target;
    char *flags[RELEASE_FLAGS_MAX + 1]; /* of the controller: --cluster-name, --region, … */
    int flag_count;

    struct world world;
    struct scene scene;
    struct config config;
    struct store *bindings, *service_accounts, *nothing; /* no grant is asked: a person is */
    struct arena *arena;
    char *namespace_name, *key;
    const char *name;
    struct error error;
    bool answered, warned;
    struct row rows[RELEASE_ROWS_MAX];
    size_t row_count;
    char region[64], cluster[RELEASE_CLUSTER_SIZE];
};

/* A row to print at the end; the value is copied. release_warn also makes the exit code 2. */
void release_add_row(struct release_command *command, const char *name, const char *value);
void release_warn(struct release_command *command, const char *text);

/* Reads the binding that command->key names, all others of its namespace, and with web identity its
 * ServiceAccount. */
bool release_read_namespace(struct release_command *command);

/* --approve-deletions: tells the controller that this deletion is meant. */
bool release_approve(struct release_command *command);

/* Deletes the association if AWS answers, with --purge the role and what is left over, too, and
 * drops the finalizer of a binding that is being deleted. */
bool release_let_go(struct release_command *command);
