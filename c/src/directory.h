/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CAPS_DIRECTORY_H
#define CAPS_DIRECTORY_H

/*
 * The directory that a region lies in: io.jcaps.shm.file.RegionDirectory. A user who can write to it can replace the
 * region or its lock file, so its mode protects the region's users from all others.
 */

#include <stdbool.h>
#include <sys/stat.h>

/* Who shares a region. */
enum access
{
    ACCESS_PRIVATE, /* one user: 0700, 0600 */
    ACCESS_GROUP,   /* the directory's group: 0770, 0660 */
    ACCESS_WORLD    /* all users, in a directory that only its owner can change: 0755, 0666 */
};

struct directory
{
    const char *path;
    struct stat status;
    enum access access;
    int descriptor; /* of the path alone: files are found relative to it, whatever is at the path by now */
};

/* Finds the directory, makes it if that is wanted, and checks it. 0, or -1 with errno and the reason. To be closed,
   also after a failure. */
int directory_open(struct directory *directory, const char *path, enum access access, bool create_if_missing);

void directory_close(struct directory *directory);

/* Checks that a file in it belongs to a user who may have made it. 0, or -1 with errno and the reason. */
int directory_check_file(const struct directory *directory, const struct stat *file, const char *path);

/* Gives an open file that was made under a private name its mode and group. 0, or -1 with errno and the reason. */
int directory_set_mode(const struct directory *directory, int descriptor);

#endif
