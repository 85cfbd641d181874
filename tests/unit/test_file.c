#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

static char folder[] = "/tmp/podidentity-test-XXXXXX";
static char path[64];

static int open_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/file", folder);
    return 0;
}

static int close_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void put(const char *bytes, size_t length)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void reads_a_file_whole_up_to_the_ceiling(void **state)
{
    static const size_t sizes[] = {0, 1, 9, 10, 4095, 4096, 4097, 100000};
    AUTO_FREE char *content = memory_alloc(100000);

    (void)state;
    memset(content, 'x', 100000);
    for (size_t s = 0; s < COUNT(sizes); s++) {
        struct error error = {0};
        size_t length = 7;
        AUTO_FREE char *bytes = NULL;

        put(content, sizes[s]);
        bytes = file_read(path, sizes[s], &length, &error);
        assert_non_null(bytes);
        assert_int_equal(length, sizes[s]);
        assert_int_equal(strlen(bytes), sizes[s]);
    }
}

static void a_file_one_byte_larger_is_refused_by_name(void **state)
{
    struct error error = {0};

    (void)state;
    put("0123456789", 10);
    assert_null(file_read(path, 9, NULL, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_true(text_starts(error.text, path));
    assert_true(text_ends(error.text, ": larger than 9 bytes"));
}

static void the_length_tells_of_a_nul_inside(void **state)
{
    struct error error = {0};
    size_t length = 0;
    AUTO_FREE char *bytes = NULL;

    (void)state;
    put("a\0b", 3);
    bytes = file_read(path, 100, &length, &error);
    assert_int_equal(length, 3);
    assert_memory_equal(bytes, "a\0b", 4);
}

static void what_cannot_be_read_is_refused_by_name(void **state)
{
    struct error error = {0};

    (void)state;
    assert_null(file_read("/nowhere/token", 100, NULL, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_string_equal(error.text, "/nowhere/token: No such file or directory");
    assert_null(file_read(folder, 100, NULL, &error));
    assert_true(text_starts(error.text, folder));
    assert_true(text_ends(error.text, ": Is a directory"));
}

/* /dev/zero tells no size and never ends. */
static void an_endless_source_ends_at_the_ceiling(void **state)
{
    struct error error = {0};

    (void)state;
    assert_null(file_read("/dev/zero", 100000, NULL, &error));
    assert_string_equal(error.text, "/dev/zero: larger than 100000 bytes");
}

static void a_pipe_is_read_to_its_end(void **state)
{
    struct error error = {0};
    AUTO_FREE char *bytes = NULL;
    char source[32], content[10000];
    size_t length;
    int ends[2];

    (void)state;
    memset(content, 'x', sizeof(content));
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], content, sizeof(content)), sizeof(content));
    close(ends[1]);
    snprintf(source, sizeof(source), "/dev/fd/%d", ends[0]);
    bytes = file_read(source, sizeof(content), &length, &error);
    close(ends[0]);
    assert_non_null(bytes);
    assert_int_equal(length, sizeof(content));
    assert_memory_equal(bytes, content, sizeof(content));
}

static void no_descriptor_is_left_open(void **state)
{
    struct error error = {0};
    int before = dup(0), after;

    (void)state;
    close(before);
    put("0123456789", 10);
    free(file_read(path, 100, NULL, &error));
    assert_null(file_read(path, 1, NULL, &error));
    assert_null(file_read(folder, 1, NULL, &error));
    after = dup(0);
    close(after);
    assert_int_equal(before, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_file_whole_up_to_the_ceiling),
        cmocka_unit_test(a_file_one_byte_larger_is_refused_by_name),
        cmocka_unit_test(the_length_tells_of_a_nul_inside),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
        cmocka_unit_test(an_endless_source_ends_at_the_ceiling),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(no_descriptor_is_left_open),
    };

    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
