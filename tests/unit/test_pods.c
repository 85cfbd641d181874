#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "informers/informer.h"
#include "informers/pods.h"

/* Pods by the way they come: lines of a watch, through an informer. */

enum { LINE_MAX = 8192 };

struct cluster {
    struct informer_kind kind;
    struct informer_io io;
    struct informer *informer;
    struct pods *pods;
    bool watching, filling;
    uint64_t now_ms, wake_ms;
    char changed[256]; /* "shop/cart shop/till " */
};

static void io_watch(void *context, struct informer *informer, const struct request *request,
                     uint64_t idle_timeout_ms)
{
    struct cluster *cluster = context;

    (void)informer;
    (void)idle_timeout_ms;
    assert_non_null(strstr(request->query, "fieldSelector=status.phase%21%3DSucceeded%2C"
                                           "status.phase%21%3DFailed"));
    cluster->watching = true;
    cluster->filling = strstr(request->query, "sendInitialEvents") != NULL;
}

static void io_unwatch(void *context, struct informer *informer)
{
    (void)informer;
    ((struct cluster *)context)->watching = false;
}

static void io_send(void *context, struct informer *informer, const struct request *request)
{
    (void)context;
    (void)informer;
    fail_msg("asked for %s", request->path);
}

static void io_wake_after(void *context, struct informer *informer, uint64_t delay_ms)
{
    struct cluster *cluster = context;

    (void)informer;
    cluster->wake_ms = cluster->now_ms + delay_ms;
}

static void pass_time(struct cluster *cluster, uint64_t now_ms)
{
    cluster->now_ms = now_ms;
    clock_fake(now_ms, 1795580124000);
}

static void never(void *context, const void *before, const void *after, bool initial)
{
    (void)context;
    (void)before;
    (void)after;
    (void)initial;
    fail_msg("a kind with a sink has no records");
}

static void changed(void *context, const char *account)
{
    struct cluster *cluster = context;
    size_t used = strlen(cluster->changed);

    snprintf(cluster->changed + used, sizeof(cluster->changed) - used, "%s ", account);
}

static void cluster_open(struct cluster *cluster)
{
    *cluster = (struct cluster){
        .io = {cluster, io_watch, io_unwatch, io_send, io_wake_after},
        .pods = pods_create(changed, cluster),
    };
    pass_time(cluster, 1000);
    cluster->kind = (struct informer_kind){
        .resource = &pod_resource, .sink = &pods_sink, .sink_context = cluster->pods};
    cluster->informer = informer_create(&cluster->kind, &cluster->io, never, NULL);
    pods_follow(cluster->pods, cluster->informer);
    informer_start(cluster->informer);
    assert_true(cluster->filling);
}

static void cluster_close(struct cluster *cluster)
{
    informer_destroy(cluster->informer);
    pods_destroy(cluster->pods);
}

static void say(struct cluster *cluster, const char *line)
{
    informer_line(cluster->informer, line, strlen(line));
}

/* A line about the pod with this number; more are members of its metadata. */
static void say_pod(struct cluster *cluster, const char *type, unsigned number, const char *account,
                    const char *more)
{
    char line[LINE_MAX];

    snprintf(line, sizeof(line),
             "{\"type\":\"%s\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p%u\","
             "\"namespace\":\"shop\",\"uid\":\"u%u\",\"resourceVersion\":\"%u\","
             "\"creationTimestamp\":\"2026-11-25T04:15:24Z\"%s},"
             "\"spec\":{\"serviceAccountName\":\"%s\"}}}",
             type, number, number, 100 + number, more, account);
    say(cluster, line);
}

static void say_filled(struct cluster *cluster)
{
    say(cluster, "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{"
                 "\"resourceVersion\":\"5000\",\"annotations\":"
                 "{\"k8s.io/initial-events-end\":\"true\"}}}}");
}

/* The watch cannot be resumed: all is told again. */
static void say_expired(struct cluster *cluster)
{
    say(cluster, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":"
                 "\"Expired\",\"message\":\"too old\"}}");
    if (!cluster->watching) {
        pass_time(cluster, cluster->wake_ms);
        informer_wake(cluster->informer);
    }
    assert_true(cluster->watching && cluster->filling);
}

static size_t count_of(const struct cluster *cluster, const char *account)
{
    size_t count;

    (void)pods_of(cluster->pods, account, &count);
    return count;
}

static void assert_changed(struct cluster *cluster, const char *accounts)
{
    assert_string_equal(cluster->changed, accounts);
    cluster->changed[0] = '\0';
}

static void knows_nothing_before_the_list_is_whole(void **state)
{
    struct cluster cluster;

    (void)state;
    cluster_open(&cluster);
    say_pod(&cluster, "ADDED", 1, "cart", "");
    assert_false(pods_known(cluster.pods));
    assert_false(informer_synced(cluster.informer));
    assert_changed(&cluster, "");
    say_filled(&cluster);
    assert_true(pods_known(cluster.pods));
    assert_true(informer_synced(cluster.informer));
    assert_int_equal(count_of(&cluster, "shop/cart"), 1);
    assert_int_equal(count_of(&cluster, "shop/till"), 0);
    cluster_close(&cluster);
}

static void knows_nothing_where_pods_are_not_watched(void **state)
{
    size_t count = 7, by_credentials[POD_WEB_IDENTITY + 1];

    (void)state;
    assert_false(pods_known(NULL));
    assert_null(pods_of(NULL, "shop/cart", &count));
    assert_int_equal(count, 0);
    assert_int_equal(pods_count(NULL, by_credentials), 0);
}

static void tells_what_came_went_and_began_to_end(void **state)
{
    struct cluster cluster;

    (void)state;
    cluster_open(&cluster);
    say_filled(&cluster);
    say_pod(&cluster, "ADDED", 1, "cart", "");
    say_pod(&cluster, "ADDED", 2, "till", "");
    assert_changed(&cluster, "shop/cart shop/till ");
    say_pod(&cluster, "MODIFIED", 1, "cart", ",\"labels\":{\"a\":\"b\"}");
    assert_changed(&cluster, "");
    say_pod(&cluster, "MODIFIED", 1, "cart", ",\"deletionTimestamp\":\"2026-11-25T04:16:24Z\"");
    assert_changed(&cluster, "shop/cart ");
    assert_int_equal(count_of(&cluster, "shop/cart"), 1);
    say_pod(&cluster, "DELETED", 1, "cart", "");
    say_pod(&cluster, "DELETED", 1, "cart", "");
    assert_changed(&cluster, "shop/cart ");
    assert_int_equal(count_of(&cluster, "shop/cart"), 0);
    assert_int_equal(count_of(&cluster, "shop/till"), 1);
    cluster_close(&cluster);
}

static void drops_what_a_new_list_does_not_name(void **state)
{
    struct cluster cluster;

    (void)state;
    cluster_open(&cluster);
    for (unsigned i = 1; i <= 3; i++)
        say_pod(&cluster, "ADDED", i, "cart", "");
    say_pod(&cluster, "ADDED", 4, "till", "");
    say_filled(&cluster);
    say_expired(&cluster);
    say_pod(&cluster, "ADDED", 2, "cart", "");
    say_pod(&cluster, "ADDED", 5, "cart", "");
    assert_int_equal(count_of(&cluster, "shop/cart"), 4); /* nothing is gone yet */
    say_pod(&cluster, "DELETED", 5, "cart", "");
    cluster.changed[0] = '\0';
    say_filled(&cluster);
    assert_changed(&cluster, "shop/till shop/cart ");
    assert_int_equal(count_of(&cluster, "shop/cart"), 1);
    assert_int_equal(count_of(&cluster, "shop/till"), 0);
    cluster_close(&cluster);
}

static void does_not_know_while_the_watch_has_trouble(void **state)
{
    struct cluster cluster;
    struct stream_end end = {.failure = "refused", .body = "", .retry_after_s = -1};

    (void)state;
    cluster_open(&cluster);
    say_pod(&cluster, "ADDED", 1, "cart", "");
    say_filled(&cluster);
    cluster.watching = false;
    informer_ended(cluster.informer, &end);
    assert_false(pods_known(cluster.pods));
    assert_int_equal(count_of(&cluster, "shop/cart"), 1);
    cluster_close(&cluster);
}

/* A connection that is dead in the middle says nothing at all, where bookmarks come every minute.
 */
static void does_not_know_while_the_watch_is_suspiciously_silent(void **state)
{
    static const char bookmark[] = "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\","
                                   "\"metadata\":{\"resourceVersion\":\"5001\"}}}";
    struct cluster cluster;

    (void)state;
    cluster_open(&cluster);
    say_filled(&cluster);
    say(&cluster, bookmark);
    pass_time(&cluster, cluster.now_ms + 60000);
    assert_true(pods_known(cluster.pods));
    pass_time(&cluster, cluster.now_ms + 60000);
    assert_false(pods_known(cluster.pods));
    say(&cluster, bookmark);
    assert_true(pods_known(cluster.pods));
    cluster_close(&cluster);
}

static void keeps_many_of_one_account_apart(void **state)
{
    enum { MANY = 500 };
    struct cluster cluster;

    (void)state;
    cluster_open(&cluster);
    say_filled(&cluster);
    for (unsigned i = 0; i < MANY; i++)
        say_pod(&cluster, "ADDED", i, i % 2 ? "cart" : "till", "");
    assert_int_equal(count_of(&cluster, "shop/cart"), MANY / 2);
    for (unsigned i = 0; i < MANY; i++)
        if (i % 10 != 0)
            say_pod(&cluster, "DELETED", i, i % 2 ? "cart" : "till", "");
    assert_int_equal(count_of(&cluster, "shop/cart"), 0);
    assert_int_equal(count_of(&cluster, "shop/till"), MANY / 10);
    cluster_close(&cluster);
}

/* With what is read of a pod, and a little of what is not. */
static void say_real_pod(struct cluster *cluster, unsigned number, unsigned accounts)
{
    static char line[LINE_MAX];
    char filler[200];
    int length;

    memset(filler, 'x', sizeof(filler));
    length = snprintf(
        line, sizeof(line),
        "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{"
        "\"name\":\"app-%u-6d4b75cb6d-x%05u\",\"namespace\":\"team-blue-production\",\"uid\":"
        "\"0a7a2c1e-5e3b-4a57-9df1-%012u\",\"resourceVersion\":\"%u\",\"creationTimestamp\":"
        "\"2026-11-25T04:15:24Z\",\"annotations\":{\"a\":\"%.*s\"}},\"spec\":{"
        "\"serviceAccountName\":\"service-account-%05u\",\"nodeName\":\"ip-10-0-1-2\","
        "\"containers\":[{\"name\":\"app\",\"image\":\"a\",\"env\":[{\"name\":"
        "\"AWS_CONTAINER_CREDENTIALS_FULL_URI\",\"value\":\"http://169.254.170.23/v1/credentials\""
        "}]}]}}}",
        number % accounts, number, number, 1000000 + number, (int)sizeof(filler), filler,
        number % accounts);
    informer_line(cluster->informer, line, (size_t)length);
}

/* The ceiling of 64 bytes holds for any spread over ServiceAccounts but the very worst one, where
 * each pod has its own. */
static size_t bytes_for_each(unsigned accounts)
{
    enum { MANY = 50000 };
    struct cluster cluster;
    size_t before, each, by_credentials[POD_WEB_IDENTITY + 1];

    cluster_open(&cluster);
    before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (unsigned i = 0; i < MANY; i++)
        say_real_pod(&cluster, i, accounts);
    say_filled(&cluster);
    each = (mallinfo2().uordblks + mallinfo2().hblkhd - before) / MANY;
    assert_int_equal(pods_count(cluster.pods, by_credentials), MANY);
    assert_int_equal(by_credentials[POD_CONTAINER_CREDENTIALS], MANY);
    cluster_close(&cluster);
    return each;
}

static void holds_50000_pods_in_64_bytes_each(void **state)
{
    static const struct {
        unsigned accounts, bytes_max;
    } cases[] = {{5000, 64}, {25000, 64}, {50000, 112}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t each = bytes_for_each(cases[i].accounts);

        if (each) /* sanitizers and valgrind bring an allocator that does not count */
            print_message("%zu bytes for each of 50000 pods of %u ServiceAccounts (ceiling %u)\n",
                          each, cases[i].accounts, cases[i].bytes_max);
        assert_in_range(each, 0, cases[i].bytes_max);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_nothing_before_the_list_is_whole),
        cmocka_unit_test(knows_nothing_where_pods_are_not_watched),
        cmocka_unit_test(tells_what_came_went_and_began_to_end),
        cmocka_unit_test(drops_what_a_new_list_does_not_name),
        cmocka_unit_test(does_not_know_while_the_watch_has_trouble),
        cmocka_unit_test(does_not_know_while_the_watch_is_suspiciously_silent),
        cmocka_unit_test(keeps_many_of_one_account_apart),
        cmocka_unit_test(holds_50000_pods_in_64_bytes_each),
    };

    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests_name("pods", tests, NULL, NULL);
}
