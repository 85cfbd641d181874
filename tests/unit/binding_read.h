#pragma once

/* Bindings out of JSON, as the API server gives them, for tests of what is read and written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"

enum { FILE_MAX = 1 << 20 };

static inline json_t *load(const char *path)
{
    struct error error = {0};
    AUTO_FREE char *text = file_read(path, FILE_MAX, NULL, &error);
    json_t *json;

    assert_non_null(text);
    json = json_parse(text, strlen(text), &error);
    assert_non_null(json);
    return json;
}

/* A binding with this spec and status (JSON texts), read. */
static inline struct podidentitybinding *read_parts(const char *spec, const char *status,
                                                    struct error *error)
{
    AUTO_TEXT struct text text = TEXT_INIT(FILE_MAX);
    AUTO_JSON json_t *json = NULL;

    text_printf(&text,
                "{\"metadata\":{\"name\":\"cart\",\"namespace\":\"shop\",\"uid\":\"u-1\","
                "\"resourceVersion\":\"5\"},\"spec\":%s,\"status\":%s}",
                spec, status);
    json = json_parse(text.bytes, text.length, error);
    assert_non_null(json);
    return podidentitybinding_read(json, error);
}
