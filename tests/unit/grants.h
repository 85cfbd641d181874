#pragma once

/* Grants, namespaces and a scene that holds both, for tests of the gate. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/arena.h"
#include "crds/metadata.h"
#include "crds/podidentitygrant.h"
#include "reconcilers/grants.h"
#include "tests/unit/bindings.h"

#define BOUNDARY "arn:aws:iam::111122223333:policy/boundary"

struct gate {
    struct store *bindings, *grants, *namespaces;
    struct arena *arena;
    struct scene scene;
};

static inline json_t *gate_parse(const char *text)
{
    struct error error = {0};
    json_t *json = json_parse(text, strlen(text), &error);

    assert(json);
    return json;
}

/* Each write is a version of its own: a store takes no other. */
static inline const char *gate_version(void)
{
    static unsigned version;
    static char text[16];

    snprintf(text, sizeof(text), "%u", ++version);
    return text;
}

/* Applies a grant; spec is JSON text. */
static inline void gate_grant(struct gate *gate, const char *name, const char *spec)
{
    AUTO_JSON json_t *json =
        json_pack("{s:{s:s,s:s,s:s,s:i},s:o}", "metadata", "name", name, "uid", name,
                  "resourceVersion", gate_version(), "generation", 1, "spec", gate_parse(spec));
    struct error error = {0};

    store_put(gate->grants, podidentitygrant_read(json, &error));
}

/* A namespace with these labels (JSON text). */
static inline void gate_namespace(struct gate *gate, const char *name, const char *labels)
{
    AUTO_JSON json_t *json =
        json_pack("{s:{s:s,s:s,s:s,s:o}}", "metadata", "name", name, "uid", name, "resourceVersion",
                  labels, "labels", gate_parse(labels));
    struct error error = {0};

    store_put(gate->namespaces, namespace_read(json, &error));
}

/* A binding for ServiceAccount `name` made in that second of a minute; spec are further members. */
static inline const struct podidentitybinding *gate_bind(struct gate *gate,
                                                         const char *namespace_name,
                                                         const char *name, unsigned second,
                                                         const char *spec)
{
    AUTO_TEXT struct text text = TEXT_INIT(BINDING_JSON_MAX);
    AUTO_JSON json_t *json = NULL;
    struct error error = {0};
    const struct podidentitybinding *binding;

    text_printf(&text,
                "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\",\"uid\":\"%s-%s\","
                "\"resourceVersion\":\"%s\",\"creationTimestamp\":\"2026-11-25T00:00:%02uZ\"},"
                "\"spec\":{\"serviceAccountName\":\"%s\"%s%s}}",
                name, namespace_name, namespace_name, name, gate_version(), second, name,
                spec[0] ? "," : "", spec);
    json = gate_parse(text.bytes);
    binding = podidentitybinding_read(json, &error);
    assert(binding);
    store_put(gate->bindings, binding);
    return binding;
}

static inline struct gate *gate_create(void)
{
    struct gate *gate = memory_alloc(sizeof(*gate));

    gate->bindings = store_create(binding_indices);
    gate->grants = store_create(NULL);
    gate->namespaces = store_create(NULL);
    gate->arena = arena_create(UNIT_ARENA_MAX);
    gate->scene = scene_make(gate->bindings);
    gate->scene.grants = gate->grants;
    gate->scene.namespaces = gate->namespaces;
    gate->scene.settings.boundary_arn = BOUNDARY;
    gate->scene.settings.controller_namespace = "podidentity-system";
    gate->scene.settings.grant_label_keys = "example.com/team,stage";
    return gate;
}

static inline void gate_destroy(struct gate **gate)
{
    store_destroy((*gate)->bindings);
    store_destroy((*gate)->grants);
    store_destroy((*gate)->namespaces);
    arena_destroy((*gate)->arena);
    free(*gate);
}
#define AUTO_GATE __attribute__((cleanup(gate_destroy)))

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (!strstr(text, part))                                                                   \
            fail_msg("\"%s\" does not contain \"%s\"", text, part);                                \
    } while (0)

static inline struct grant_decision decide(struct gate *gate,
                                           const struct podidentitybinding *binding)
{
    return grants_decide(gate->arena, binding, &gate->scene);
}
