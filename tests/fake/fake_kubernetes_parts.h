#pragma once

/* The fake API server in parts: objects, and what is answered of them. Internal to tests/fake. */

#include "tests/fake/fake_kubernetes.h"

enum { ID_MAX = 600 };

/* "plural/namespace/name", as objects are held. */
void fake_object_id(char id[ID_MAX], const char *plural, const char *space, const char *name);
/* RFC 7396. */
void fake_merge(json_t *object, const json_t *patch);
/* The object's metadata, made when there is none. */
json_t *fake_metadata(json_t *object);
void fake_raise_generation(json_t *object);
/* Stores the object under a new version, or lets it go when nothing keeps it. */
void fake_kubernetes_store(struct fake_kubernetes *kubernetes, const char *id, json_t *object);

void fake_kubernetes_answer(struct fake_server *server, const struct request *request,
                            struct fake_answer *answer);
