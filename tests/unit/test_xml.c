#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/xml.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_create(1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_destroy(TAKE(arena));
    return 0;
}

static const struct xml *parse(const char *text)
{
    struct error error = {0};
    const struct xml *root = xml_parse(arena, text, strlen(text), &error);

    if (!root)
        fail_msg("%s", error.text);
    return root;
}

static void assert_refused(const char *text, const char *reason)
{
    struct error error = {0};

    if (xml_parse(arena, text, strlen(text), &error))
        fail_msg("%.200s was taken", text);
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_true(text_starts(error.text, "not XML we read: "));
    if (!strstr(error.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

static const char get_role[] =
    "<?xml version=\"1.0\"?>\n"
    "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n"
    "  <GetRoleResult>\n"
    "    <Role>\n"
    "      <Arn>arn:aws:iam::111122223333:role/a</Arn>\n"
    "      <Description>a &lt;b&gt; &amp; &#xe4; <![CDATA[<c>]]></Description>\n"
    "      <Tags>\n"
    "        <member><Key>one</Key><Value>1</Value></member>\n"
    "        <other/>\n"
    "        <member><Key>two</Key><Value></Value></member>\n"
    "      </Tags>\n"
    "    </Role>\n"
    "  </GetRoleResult>\n"
    "</GetRoleResponse>\n";

static void paths_lead_to_elements_and_texts(void **state)
{
    const struct xml *root = parse(get_role);
    const struct xml *role = xml_find(root, "GetRoleResult/Role");

    (void)state;
    assert_string_equal(root->name, "GetRoleResponse");
    assert_string_equal(xml_text(root, "GetRoleResult/Role/Arn"),
                        "arn:aws:iam::111122223333:role/a");
    assert_string_equal(xml_text(role, "Description"), "a <b> & \xC3\xA4 <c>");
    assert_null(xml_find(root, "GetRoleResult/Rol"));
    assert_null(xml_find(root, "GetRoleResult/Role/Arn/x"));
    assert_null(xml_text(root, "Role"));
    assert_ptr_equal(xml_find(role, ""), role);
    assert_null(xml_find(NULL, "Role"));
}

static void lists_are_walked_by_name(void **state)
{
    const struct xml *tags = xml_find(parse(get_role), "GetRoleResult/Role/Tags");
    const struct xml *member = xml_first_named(tags, "member");

    (void)state;
    assert_string_equal(xml_text(member, "Key"), "one");
    assert_string_equal(xml_text(member, "Value"), "1");
    member = xml_next_named(member, "member");
    assert_string_equal(xml_text(member, "Key"), "two");
    assert_string_equal(xml_text(member, "Value"), "");
    assert_null(xml_next_named(member, "member"));
    assert_null(xml_first_named(tags, "mem"));
    assert_null(xml_first_named(NULL, "member"));
    assert_null(xml_next_named(NULL, "member"));
}

static void white_space_around_children_is_no_text(void **state)
{
    (void)state;
    assert_string_equal(xml_text(parse(get_role), "GetRoleResult"), "");
    assert_string_equal(parse("<a> x </a>")->text, " x ");
    assert_string_equal(parse("<a/>")->text, "");
}

static void prefixes_and_attributes_are_dropped(void **state)
{
    const struct xml *root = parse("<n:a xmlns:n=\"u\" n:k=\"v\"><n:b k=\"v\">t</n:b></n:a>");

    (void)state;
    assert_string_equal(root->name, "a");
    assert_string_equal(xml_text(root, "b"), "t");
}

static void texts_in_many_pieces_are_joined(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(100000);
    const struct xml *root;

    (void)state;
    text_add_string(&text, "<a>");
    for (int i = 0; i < 5000; i++)
        text_add_string(&text, "x&amp;\n");
    text_add_string(&text, "</a>");
    root = parse(text.bytes);
    assert_int_equal(strlen(root->text), 15000);
    assert_memory_equal(root->text + 14994, "x&\nx&\n", 6);
}

static void what_is_not_xml_is_refused_with_its_line(void **state)
{
    static const char *const cases[] = {
        "",
        " ",
        "text",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a>&lt</a>",
        "<a>&x;</a>",
        "<a k=v/>",
        "<a>\x01</a>",
        "<a>&#0;</a>",
        "<a>\xff</a>",
        "{\"a\":1}",
        "\n<a>\n</b>\n",
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++)
        assert_refused(cases[c], "");
    assert_refused("\n<a>\n</b>\n", "line 3: ");
    assert_refused("<a>\xff</a>", "line 1: ");
}

static void bytes_after_a_nul_are_not_overlooked(void **state)
{
    struct error error = {0};

    (void)state;
    assert_null(xml_parse(arena, "<a/>\0<b>", 8, &error));
}

static void document_types_and_their_entities_are_refused(void **state)
{
    static const char *const cases[] = {
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;&b;&b;&b;\">]><a>&c;&c;&c;</a>",
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++)
        assert_refused(cases[c], "document type");
}

static void another_encoding_is_read_as_utf8_or_not_at_all(void **state)
{
    (void)state;
    assert_refused("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe4</a>", "");
    assert_string_equal(
        parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xC3\xA4</a>")->text, "\xC3\xA4");
}

static char *nest(size_t depth)
{
    struct text text = TEXT_INIT(10000000);

    for (size_t d = 0; d < depth; d++)
        text_add_string(&text, "<a>");
    for (size_t d = 0; d < depth; d++)
        text_add_string(&text, "</a>");
    return text_take(&text);
}

static void thirty_two_levels_are_read_and_thirty_three_are_not(void **state)
{
    AUTO_FREE char *deepest = nest(32);
    AUTO_FREE char *deeper = nest(33);
    AUTO_FREE char *bomb = nest(1000000);

    (void)state;
    assert_non_null(parse(deepest));
    assert_refused(deeper, "nests too deep");
    assert_refused(bomb, "nests too deep");
}

static void a_tree_too_large_for_the_arena_is_refused_before_it_is_full(void **state)
{
    static const char *const pieces[] = {"<b/>", "<b>text</b>", "<b>x<c/></b>"};

    (void)state;
    for (size_t p = 0; p < COUNT(pieces); p++) {
        AUTO_TEXT struct text text = TEXT_INIT(1 << 20);
        size_t room = arena_room(arena);

        text_add_string(&text, "<a>");
        for (int i = 0; i < 50000; i++)
            text_add_string(&text, pieces[p]);
        text_add_string(&text, "</a>");
        assert_refused(text.bytes, "larger than there is room for");
        assert_true(arena_room(arena) >= room / 2 - 100);
        arena_reset(arena);
    }
}

static void a_long_text_too_large_for_the_arena_is_refused(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(2 << 20);

    (void)state;
    text_add_string(&text, "<a>");
    for (int i = 0; i < 100000; i++)
        text_add_string(&text, "0123456789");
    text_add_string(&text, "</a>");
    assert_refused(text.bytes, "larger than there is room for");
}

/* Cut anywhere, a document is refused, and nothing is read that is not there. */
static void a_document_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length < strlen(get_role) - 1; length++) {
        AUTO_FREE char *copy = memory_copy(get_role, length);
        struct error error = {0};

        arena_reset(arena);
        assert_null(xml_parse(arena, copy, length, &error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_lead_to_elements_and_texts, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(lists_are_walked_by_name, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(white_space_around_children_is_no_text, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(prefixes_and_attributes_are_dropped, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(texts_in_many_pieces_are_joined, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_is_not_xml_is_refused_with_its_line, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(bytes_after_a_nul_are_not_overlooked, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(document_types_and_their_entities_are_refused, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(another_encoding_is_read_as_utf8_or_not_at_all, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(thirty_two_levels_are_read_and_thirty_three_are_not,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_tree_too_large_for_the_arena_is_refused_before_it_is_full,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_long_text_too_large_for_the_arena_is_refused, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_document_cut_anywhere_is_refused, open_arena,
                                        close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
