#include "tests/unit/aws_replies.h"

#include "aws/query.h"

enum { ARENA_SIZE = 4 << 20 };

static void writes_a_form(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct aws_tag items[] = {{"a b", "1&2"}, {"é", ""}};
    static const struct aws_tags tags = {items, COUNT(items)};
    static const char *const keys[] = {"x", "y/z"};
    struct request request;
    struct query query;

    (void)state;
    query_begin(&query, &request, SERVICE_IAM, "DoThis", "2010-05-08");
    query_add(&query, "Text", "~-._ *'()!+%\"");
    query_add(&query, "Left", NULL);
    query_add(&query, "Empty", "");
    query_add_number(&query, "Number", -7);
    query_add_tags(&query, &tags);
    query_add_list(&query, "TagKeys", keys, COUNT(keys));
    query_finish(&query, arena, &request);
    assert_string_equal(request.body,
                        "Action=DoThis&Version=2010-05-08&Text=~-._%20%2A%27%28%29%21%2B%25%22"
                        "&Empty=&Number=-7&Tags.member.1.Key=a%20b&Tags.member.1.Value=1%262"
                        "&Tags.member.2.Key=%C3%A9&Tags.member.2.Value=&TagKeys.member.1=x"
                        "&TagKeys.member.2=y%2Fz");
    assert_int_equal(request.body_length, strlen(request.body));
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.path, "/");
    assert_null(request.query);
    assert_string_equal(request.headers[0].name, "content-type");
    assert_string_equal(request.headers[0].value,
                        "application/x-www-form-urlencoded; charset=utf-8");
    assert_true(request.write);
}

static void takes_the_longest_document_of_the_api(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    AUTO_FREE char *document = memory_alloc(2 * 131072 + 1);
    struct request request;
    struct query query;

    (void)state;
    for (size_t i = 0; i < 131072; i++)
        memcpy(document + 2 * i, "\xc3\xbf", 2); /* U+00FF */
    query_begin(&query, &request, SERVICE_IAM, "DoThis", "2010-05-08");
    query_add(&query, "PolicyDocument", document);
    query_finish(&query, arena, &request);
    assert_true(request.body_length > 6 * 131072);
}

static void names_the_operation_and_what_is_missing(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, "<DoThisResponse><DoThisResult><A>1</A><B/></DoThisResult>"
                                       "</DoThisResponse>");
    struct query_result result;
    struct error error = {0};
    const char *value;

    (void)state;
    assert_true(query_read(arena, &reply, &result, &error));
    assert_string_equal(result.operation, "DoThis");
    assert_true(query_read_text(&result, result.element, "A", &value, &error));
    assert_string_equal(value, "1");
    assert_true(query_read_optional(&result, result.element, "B", "none", &value, &error));
    assert_string_equal(value, "");
    assert_true(query_read_optional(&result, result.element, "C", "none", &value, &error));
    assert_string_equal(value, "none");
    assert_int_equal(error.kind, ERROR_NONE);
    assert_false(query_read_text(&result, result.element, "B", &value, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_string_equal(error.text, "AWS's answer to DoThis has no B");
}

static void the_last_page_has_no_marker(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct {
        const char *inner, *marker;
    } rows[] = {
        {"", NULL},
        {"<IsTruncated>false</IsTruncated>", NULL},
        {"<IsTruncated>false</IsTruncated><Marker>x</Marker>", NULL},
        {"<Marker>x</Marker>", NULL},
        {"<IsTruncated>true</IsTruncated><Marker>x</Marker>", "x"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reply reply =
            reply_of(200, arena_printf(arena, "<DResponse><DResult>%s</DResult></DResponse>",
                                       rows[i].inner));
        struct query_result result;
        struct error error = {0};
        const char *marker = "unset";

        assert_true(query_read(arena, &reply, &result, &error));
        assert_true(query_read_marker(&result, &marker, &error));
        if (rows[i].marker)
            assert_string_equal(marker, rows[i].marker);
        else
            assert_null(marker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_form),
        cmocka_unit_test(takes_the_longest_document_of_the_api),
        cmocka_unit_test(names_the_operation_and_what_is_missing),
        cmocka_unit_test(the_last_page_has_no_marker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
