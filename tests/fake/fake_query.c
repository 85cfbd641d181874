/* The Query protocol of the fake AWS: forms in, XML out. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

enum { FORM_FIELDS_MAX = 256, WORDS_MAX = 1024 };

void fake_read_form(struct fake_call *call)
{
    struct aws_tag *fields = arena_array(call->arena, FORM_FIELDS_MAX, sizeof(*fields));
    char *rest = arena_text(call->arena, call->request->body, call->request->body_length);

    call->form.items = fields;
    for (char *field = strtok_r(rest, "&", &rest); field; field = strtok_r(NULL, "&", &rest)) {
        char *equals = strchr(field, '=');

        *equals = '\0';
        fields[call->form.count++] =
            (struct aws_tag){.key = field, .value = encode_uri_decode(call->arena, equals + 1)};
    }
}

const char *fake_field(const struct fake_call *call, const char *name)
{
    return aws_tags_get(&call->form, name);
}

const char *fake_member(const struct fake_call *call, const char *list, size_t n, const char *part)
{
    return fake_field(call, arena_printf(call->arena, "%s.member.%zu%s", list, n + 1, part));
}

static void escape(struct text *text, const char *value)
{
    for (; *value; value++) {
        if (*value == '&')
            text_add_string(text, "&amp;");
        else if (*value == '<')
            text_add_string(text, "&lt;");
        else
            text_add_char(text, *value);
    }
}

void fake_element(struct text *text, const char *name, const char *value)
{
    text_printf(text, "<%s>", name);
    escape(text, value);
    text_printf(text, "</%s>", name);
}

void fake_document(struct fake_call *call, struct text *text, const char *name, const char *value)
{
    fake_element(text, name, encode_uri(call->arena, value));
}

void fake_begin(struct fake_call *call)
{
    call->answer->content_type = "text/xml";
    text_printf(&call->answer->body,
                "<%sResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">",
                call->request->operation);
}

void fake_end(struct fake_call *call)
{
    text_printf(&call->answer->body,
                "<ResponseMetadata><RequestId>0000-fake</RequestId></ResponseMetadata>"
                "</%sResponse>",
                call->request->operation);
}

void fake_begin_result(struct fake_call *call)
{
    fake_begin(call);
    text_printf(&call->answer->body, "<%sResult>", call->request->operation);
}

void fake_end_result(struct fake_call *call)
{
    text_printf(&call->answer->body, "</%sResult>", call->request->operation);
    fake_end(call);
}

void fake_fail(struct fake_call *call, int status, const char *code, const char *format, ...)
{
    char words[WORDS_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    fake_answer_error(call->answer, SERVICE_IAM, status, code, "%s", words);
}

void fake_write_tags(struct text *text, const struct fake_pairs *tags)
{
    text_add_string(text, "<Tags>");
    for (size_t i = 0; i < tags->count; i++) {
        text_add_string(text, "<member>");
        fake_element(text, "Key", tags->items[i].key);
        fake_element(text, "Value", tags->items[i].value);
        text_add_string(text, "</member>");
    }
    text_add_string(text, "</Tags>");
}

bool fake_put_tags(struct fake_call *call, struct fake_pairs *tags)
{
    const char *key;
    bool changed = false;

    for (size_t i = 0; (key = fake_member(call, "Tags", i, ".Key")); i++)
        changed |= fake_pairs_put(tags, key, fake_member(call, "Tags", i, ".Value"));
    return changed;
}
