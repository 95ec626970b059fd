/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_CHECK_H
#define CAPS_CHECK_H

/*
 * A check that ends the test, and a region of its own for each test.
 */

#include "libcaps.h"
#include "watchdog.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(condition) do { if (!(condition)) { fprintf(stderr, "%s:%d: not so: %s (errno %d: %s)\n", \
    __FILE__, __LINE__, #condition, errno, caps_error()); abort(); } watchdog_check(__FILE__, __LINE__); } while (0)

#define CHECK_FAILS(error, call) do { errno = 0; CHECK((call) < 0); CHECK(errno == (error)); } while (0)

static char region_directory[] = "/dev/shm/libcaps-XXXXXX";
static char region_file[64];
static pid_t region_owner;

static void region_remove(void)
{
    if (region_owner != getpid())
    {
        return;
    }
    DIR *directory = opendir(region_directory);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
    {
        unlinkat(dirfd(directory), entry->d_name, 0);
    }
    if (directory != NULL)
    {
        closedir(directory);
    }
    rmdir(region_directory);
}

/* As fork; the child does not outlive a test that fails. */
static inline pid_t test_fork(void)
{
    const pid_t pid = fork();
    if (pid == 0)
    {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    return pid;
}

/* Makes a directory for a region, which is removed when the test ends, in whatever way; CAPS_REGION names the region.
   From here on a watchdog observes the test. */
static void region_make(void)
{
    CHECK(mkdtemp(region_directory) != NULL);
    snprintf(region_file, sizeof(region_file), "%s/region", region_directory);
    CHECK(setenv("CAPS_REGION", region_file, 1) == 0);
    region_owner = getpid();
    const int exit_code = watchdog_start(region_file);
    if (exit_code >= 0)
    {
        region_remove();
        _exit(exit_code);
    }
    atexit(region_remove);
}

#endif
