/*
 * Copyright 2026 The jcaps authors. SPDX-License-Identifier: Apache-2.0
 *
 * The watchdog of these tests: it ends a test in which nothing can happen any more, and says which one that was and
 * what it was doing; and no other.
 *
 *   stuck [sleeps|spins|works|fails]
 */
#include "check.h"

#define LIMIT_S "1"
#define WORK_S 4
#define MAX_OUTPUT (1024 * 1024)
#define PLACE "stuck: region in "

#define RUN(test) do { watchdog_test(#test); fprintf(stderr, "stuck: " #test "\n"); test(); } while (0)

static char output[MAX_OUTPUT];
static char command[256];

static int service(void)
{
    const int svc = caps_sys_service("stuck", geteuid(), (gid_t)-1, 0, CAPF_ANYCLIENT);
    CHECK(svc > 0);
    return svc;
}

/* Nobody is there to put anything; a child of it waits as well. */
static void sleeps(void)
{
    const int svc = service();
    if (test_fork() == 0)
    {
        pause();
    }
    caps_sys_wait(svc, output, 1, NULL, NULL);
}

static void spins(void)
{
    for (volatile int i = 0;; i++)
    {
        continue;
    }
}

/* For longer than it may be stuck, and hardly any of the time. */
static void works(void)
{
    struct timespec start;
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &start) == 0);
    do
    {
        usleep(20000);
        CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    }
    while (now.tv_sec - start.tv_sec < WORK_S);
}

static void fails(void)
{
    CHECK(caps_sys_close(service()) != 0);
}

/* Runs this program so, with a watchdog that is in a hurry: its exit code. */
static int run(const char *program, const char *what)
{
    snprintf(command, sizeof(command), "CAPS_TEST_WATCHDOG_SECONDS=" LIMIT_S " %s %s 2>&1", program, what);
    FILE *lines = popen(command, "r");
    CHECK(lines != NULL);
    output[fread(output, 1, sizeof(output) - 1, lines)] = 0;
    const int status = pclose(lines);
    CHECK(WIFEXITED(status));
    /* However it ended, its region is gone: it said where that was. */
    const char *place = strstr(output, PLACE);
    CHECK(place != NULL && sscanf(place + strlen(PLACE), "%63s", command) == 1);
    CHECK_FAILS(ENOENT, access(command, F_OK));
    return WEXITSTATUS(status);
}

static bool has_said(const char *text)
{
    return strstr(output, text) != NULL;
}

static const char *program;

static void test_sleep(void)
{
    CHECK(run(program, "sleeps") == WATCHDOG_EXIT_CODE);
    CHECK(has_said("stuck: nothing ran for ") && has_said(" in: stuck: sleeps; checks that held: "));
    CHECK(has_said("the last one at test/stuck.c:"));
    /* Both processes, what a thread of it does, and the name of its port in the tables. */
    CHECK(strstr(strstr(output, "watchdog: process ") + 1, "watchdog: process ") != NULL);
    CHECK(has_said("watchdog:   thread ") && has_said("/region at ") && has_said("0000006b63757473"));
}

static void test_spin(void)
{
    CHECK(run(program, "spins") == WATCHDOG_EXIT_CODE && has_said("stuck: no check held for "));
}

static void test_work(void)
{
    CHECK(run(program, "works") == 0 && !has_said("watchdog"));
}

static void test_failure(void)
{
    CHECK(run(program, "fails") == 128 + SIGABRT && has_said("not so: caps_sys_close(service()) != 0"));
    CHECK(!has_said("watchdog"));
}

int main(const int argc, char **argv)
{
    program = argv[0];
    region_make();
    fprintf(stderr, PLACE "%s\n", region_directory);
    if (argc == 1)
    {
        RUN(test_sleep);
        RUN(test_spin);
        RUN(test_work);
        RUN(test_failure);
        printf("stuck: ok\n");
    }
    else if (strcmp(argv[1], "sleeps") == 0)
    {
        RUN(sleeps);
    }
    else if (strcmp(argv[1], "spins") == 0)
    {
        RUN(spins);
    }
    else if (strcmp(argv[1], "works") == 0)
    {
        RUN(works);
    }
    else
    {
        RUN(fails);
    }
    return 0;
}
