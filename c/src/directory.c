/*
 * Copyright 2026 The jcaps authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "directory.h"

#include "fail.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As in Linux. */
#define MAX_LINKS 40
#define ADVICE "use a directory of your own such as /dev/shm/jcaps-<user>/"

static mode_t directory_mode(const enum access access)
{
    return access == ACCESS_PRIVATE ? 0700 : access == ACCESS_GROUP ? 0770 : 0755;
}

static mode_t file_mode(const enum access access)
{
    return access == ACCESS_PRIVATE ? 0600 : access == ACCESS_GROUP ? 0660 : 0666;
}

static const char *type_name(const mode_t mode)
{
    return S_ISDIR(mode) ? "a directory" : S_ISREG(mode) ? "a regular file" : S_ISLNK(mode) ? "a symbolic link" :
        "neither file, directory nor link";
}

/* Sets the mode through the open directory: a user who can write to its parent may have replaced its name by a link. */
static int set_mode_of_made(const char *path, const mode_t mode)
{
    const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0)
    {
        return -1;
    }
    struct stat status;
    int result = fstat(descriptor, &status);
    if (result == 0 && status.st_uid != geteuid())
    {
        errno = EACCES;
        result = -1;
    }
    if (result == 0)
    {
        result = fchmod(descriptor, mode);
    }
    const int error = errno;
    close(descriptor);
    errno = error;
    return result;
}

/* Users that the caller trusts besides root and itself. */
struct trust
{
    uid_t uid; /* another user, or -1 */
    gid_t gid; /* the members of a group, or -1 */
};

/* Whether others can change where an entry of a path leads; then the reason. */
static bool is_changed_by_others(
    const char *path, const struct stat *status, const struct trust *trust, char *reason, const size_t length)
{
    const unsigned mode = status->st_mode & 07777;
    if (status->st_uid != 0 && status->st_uid != geteuid() && status->st_uid != trust->uid &&
        /* The machine's root is such a user in a namespace that does not map it. */
        !proc_is_unknown_user(status->st_uid))
    {
        snprintf(reason, length, "%s belongs to uid %u", path, status->st_uid);
        return true;
    }
    /* The mode of a link says nothing. In a sticky directory an entry is renamed by its owner alone, who is checked
       next. */
    if (S_ISLNK(status->st_mode) || (mode & S_ISVTX) != 0)
    {
        return false;
    }
    if ((mode & S_IWOTH) != 0)
    {
        snprintf(reason, length, "%s has mode %04o, writable by everybody", path, mode);
        return true;
    }
    if ((mode & S_IWGRP) != 0 && status->st_gid != trust->gid)
    {
        snprintf(reason, length, "%s has mode %04o, writable by gid %u", path, mode, status->st_gid);
        return true;
    }
    return false;
}

static void close_quietly(const int descriptor)
{
    const int error = errno;
    if (descriptor >= 0)
    {
        close(descriptor);
    }
    errno = error;
}

/* The way to a directory. Each name is looked up in the open directory before it, so that the directory that was
   checked is the one in which the next name is found, whatever others rename meanwhile. */
struct walk
{
    int descriptor;      /* of the directory that was reached */
    char at[PATH_MAX];   /* its path, without links */
    char rest[PATH_MAX]; /* what is left to walk */
    int link_count;
};

/* Goes up by one. No link is left in what was walked, so this is the directory above. 0, or -1 with errno. */
static int walk_up(struct walk *walk)
{
    const int parent = openat(walk->descriptor, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
    {
        return -1;
    }
    close(walk->descriptor);
    walk->descriptor = parent;
    char *slash = strrchr(walk->at, '/');
    slash[slash == walk->at ? 1 : 0] = 0;
    return 0;
}

/* Has the target of an open link walked before the rest. 0, or -1 with errno. */
static int walk_link(struct walk *walk, const int link)
{
    char target[PATH_MAX];
    const ssize_t length = readlinkat(link, "", target, sizeof(target));
    if (length < 0)
    {
        return -1;
    }
    if (++walk->link_count > MAX_LINKS || (size_t)length + strlen(walk->rest) >= sizeof(target))
    {
        errno = ELOOP;
        return -1;
    }
    strcpy(target + length, walk->rest);
    strcpy(walk->rest, target);
    if (target[0] == '/')
    {
        const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
        {
            return -1;
        }
        close(walk->descriptor);
        walk->descriptor = root;
        strcpy(walk->at, "/");
    }
    return 0;
}

/* Goes to a name in the directory that was reached. 1 with the reason if others can change where it leads, 0 if not, or
   -1 with errno. */
static int walk_down(
    struct walk *walk, const char *name, const struct trust *trust, char *reason, const size_t reason_length)
{
    char next[PATH_MAX];
    struct stat status;
    if ((size_t)snprintf(next, sizeof(next), "%s%s%s", walk->at, walk->at[1] == 0 ? "" : "/", name) >= sizeof(next))
    {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int descriptor = openat(walk->descriptor, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int result = descriptor < 0 ? -1 : fstat(descriptor, &status);
    if (result == 0)
    {
        result = is_changed_by_others(next, &status, trust, reason, reason_length) ? 1 : 0;
    }
    if (result == 0 && S_ISLNK(status.st_mode))
    {
        result = walk_link(walk, descriptor);
    }
    else if (result == 0)
    {
        close(walk->descriptor);
        walk->descriptor = descriptor;
        strcpy(walk->at, next);
        return 0;
    }
    close_quietly(descriptor);
    return result;
}

/* Walks a path as OpenSSH does for its keys: whoever can rename an entry of a directory on the way can lead the rest
   elsewhere. 1 with the reason if others can, 0 with a descriptor of the directory if not, or -1 with errno. A part
   that is missing is an error: others can make it in a directory such as /dev/shm. */
static int find_untrusted(
    const char *path, const struct trust *trust, char *reason, const size_t length, int *descriptor)
{
    struct walk walk = {.at = "/"};
    struct stat status;
    if (path[0] != '/' || strlen(path) >= sizeof(walk.rest))
    {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(walk.rest, path);
    walk.descriptor = open(walk.at, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int result = walk.descriptor < 0 ? -1 : fstat(walk.descriptor, &status);
    if (result == 0)
    {
        result = is_changed_by_others(walk.at, &status, trust, reason, length) ? 1 : 0;
    }
    while (result == 0)
    {
        char name[PATH_MAX];
        const char *start = walk.rest + strspn(walk.rest, "/");
        const size_t name_length = strcspn(start, "/");
        if (name_length == 0)
        {
            *descriptor = walk.descriptor;
            return 0;
        }
        memcpy(name, start, name_length);
        name[name_length] = 0;
        memmove(walk.rest, start + name_length, strlen(start + name_length) + 1);
        if (strcmp(name, "..") == 0)
        {
            result = walk_up(&walk);
        }
        else if (strcmp(name, ".") != 0)
        {
            result = walk_down(&walk, name, trust, reason, length);
        }
    }
    close_quietly(walk.descriptor);
    return result;
}

static int fail_to_make(const char *path)
{
    return fail_with(errno, "directory %s cannot be made: %s: " ADVICE, path, strerror(errno));
}

/* Whether none but this user and root can put another directory in the place of one that is made in this one: its
   mode could otherwise be given to another directory of this user, which others then can use. 0, or -1 with errno and
   the reason. */
static int check_making(const char *path)
{
    const struct trust nobody = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    char reason[PATH_MAX + 64];
    int descriptor = -1;
    const int result = find_untrusted(path, &nobody, reason, sizeof(reason), &descriptor);
    if (result < 0)
    {
        return fail_to_make(path);
    }
    close_quietly(descriptor);
    return result == 0 ? 0 : fail_with(EACCES, "a directory above can be changed by others: %s, so they could put "
        "another directory in the place of %s before its mode is set: make it yourself (mkdir -m 2770 for a group), or "
        ADVICE, reason, path);
}

/* Makes a directory and those above it that are missing. At first each is for the owner alone; then it gets its mode,
   exactly as it should be, whatever the umask made of it. The innermost comes first: as long as only its owner can
   write to a directory, no other user can replace those in it. 0, or -1 with errno and the reason. */
static int create(char *path, const enum access access)
{
    bool is_made[PATH_MAX] = {false};
    char *end = path;
    do
    {
        end += 1 + strcspn(end + 1, "/");
        const char kept = *end;
        struct stat status;
        *end = 0;
        is_made[end - path] = mkdir(path, 0700) == 0;
        if (!is_made[end - path] && errno != EEXIST && lstat(path, &status) != 0)
        {
            return fail_to_make(path);
        }
        /* Another user may have made it just now, as a link to a directory of this user. */
        if (kept != 0 && !is_made[end - path] && check_making(path) != 0)
        {
            return -1;
        }
        *end = kept;
    }
    while (*end != 0);
    for (; end > path; end--)
    {
        const char kept = *end;
        *end = 0;
        if (is_made[end - path] && set_mode_of_made(path, directory_mode(access)) != 0)
        {
            return fail_to_make(path);
        }
        *end = kept;
    }
    return 0;
}

/* Opens a directory in the one above it, after that and those above it were checked. Its descriptor, or -1 with errno
   and the reason. */
static int open_below_checked(const char *path, const struct trust *trust)
{
    char parent[PATH_MAX];
    char reason[PATH_MAX + 64];
    if (path[0] == '/')
    {
        snprintf(parent, sizeof(parent), "%s", path);
    }
    else
    {
        char here[PATH_MAX];
        if (getcwd(here, sizeof(here)) == NULL)
        {
            return fail_with(errno, "the current directory is not known: %s", strerror(errno));
        }
        if ((size_t)snprintf(parent, sizeof(parent), "%s/%s", here, path) >= sizeof(parent))
        {
            return fail_with(ENAMETOOLONG, "the path is too long: %s", path);
        }
    }
    /* The last name, after which there may be slashes. */
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/')
    {
        length--;
    }
    parent[length] = 0;
    while (length > 1 && parent[length - 1] != '/')
    {
        length--;
    }
    char name[PATH_MAX];
    strcpy(name, parent[length] == 0 ? "." : parent + length);
    parent[length] = 0;
    int above = -1;
    const int result = find_untrusted(parent, trust, reason, sizeof(reason), &above);
    if (result < 0)
    {
        return fail_with(errno, "the directories above %s cannot be checked: %s", path, strerror(errno));
    }
    if (result == 0)
    {
        const int descriptor = openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close_quietly(above);
        return descriptor >= 0 ? descriptor :
            fail_with(errno, "directory %s cannot be opened: %s", path, strerror(errno));
    }
    return fail_with(EACCES, "a directory above can be changed by others: %s, so they could put "
        "another directory in the place of %s: " ADVICE ", or have one mounted there", reason, path);
}

static int check(struct directory *directory)
{
    const struct stat *status = &directory->status;
    const unsigned mode = status->st_mode & 07777;
    if (!S_ISDIR(status->st_mode))
    {
        return fail_with(ENOTDIR, "not a directory: %s is %s, which is not followed: " ADVICE,
            directory->path, type_name(status->st_mode));
    }
    if (directory->access == ACCESS_PRIVATE && status->st_uid != geteuid() && status->st_uid != 0)
    {
        return fail_with(EACCES, "another user's directory: %s belongs to uid %u (mode %04o), expected %u or 0: use a "
            "directory of your own (CAPS_REGION), or share the region by CAPS_OPEN_GROUP or CAPS_OPEN_WORLD",
            directory->path, status->st_uid, mode, geteuid());
    }
    const struct trust trust = {
        .uid = directory->access == ACCESS_PRIVATE ? (uid_t)-1 : status->st_uid,
        .gid = directory->access == ACCESS_GROUP ? status->st_gid : (gid_t)-1};
    struct stat opened;
    directory->descriptor = open_below_checked(directory->path, &trust);
    if (directory->descriptor < 0)
    {
        return -1;
    }
    /* Whom the caller trusts was taken from what was found first. */
    if (fstat(directory->descriptor, &opened) != 0 || opened.st_dev != status->st_dev ||
        opened.st_ino != status->st_ino)
    {
        return fail_with(EACCES, "directory %s was replaced while it was checked: try again", directory->path);
    }
    if ((mode & S_IWOTH) != 0)
    {
        return fail_with(EACCES,
            "directory is writable by everybody: %s has mode %04o: make one in it that is not (mkdir -m 0700, or "
            "-m 2770 for a group), or " ADVICE,
            directory->path, mode);
    }
    if ((mode & S_IWGRP) != 0 && directory->access != ACCESS_GROUP)
    {
        return fail_with(EACCES, "directory is writable by its group: %s has mode %04o, gid %u: use one that is not, "
            "or "
            "CAPS_OPEN_GROUP", directory->path, mode, status->st_gid);
    }
    return 0;
}

int directory_open(
    struct directory *directory, const char *path, const enum access access, const bool create_if_missing)
{
    directory->path = path;
    directory->access = access;
    directory->descriptor = -1;
    bool is_there = lstat(path, &directory->status) == 0;
    if (!is_there && errno == ENOENT && create_if_missing)
    {
        char *copy = strdup(path);
        const int result = copy == NULL ? fail_to_make(path) : create(copy, access);
        const int error = errno;
        free(copy);
        errno = error;
        if (result != 0)
        {
            return -1;
        }
        is_there = lstat(path, &directory->status) == 0;
    }
    return is_there ? check(directory) : fail_with(errno, "no region: there is no directory %s", path);
}

void directory_close(struct directory *directory)
{
    close_quietly(directory->descriptor);
    directory->descriptor = -1;
}

int directory_check_file(const struct directory *directory, const struct stat *file, const char *path)
{
    if (!S_ISREG(file->st_mode))
    {
        return fail_with(EPROTO, "not a region: %s is %s, a region is a regular file: remove it, or use another path",
            path, type_name(file->st_mode));
    }
    const bool is_trusted = file->st_uid == geteuid() || file->st_uid == 0 ||
        file->st_uid == directory->status.st_uid ||
        ((directory->status.st_mode & S_IWGRP) != 0 && file->st_gid == directory->status.st_gid);
    return is_trusted ? 0 : fail_with(EACCES, "another user's file: %s belongs to uid %u (mode %04o), expected %u, 0, "
        "or the directory's owner %u: remove it, or use another path", path, file->st_uid, file->st_mode & 07777,
        geteuid(), directory->status.st_uid);
}

int directory_set_mode(const struct directory *directory, const int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
    {
        return fail_with(errno, "a file in %s cannot be looked at: %s", directory->path, strerror(errno));
    }
    if (directory->access == ACCESS_GROUP && status.st_gid != directory->status.st_gid &&
        fchown(descriptor, (uid_t)-1, directory->status.st_gid) != 0)
    {
        return fail_with(errno, "a file in %s cannot be given to the directory's group %u: be a member of that "
            "group, or "
            "change the directory's", directory->path, directory->status.st_gid);
    }
    /* The mode that a file is created with is masked by the umask; this one is not. */
    return fchmod(descriptor, file_mode(directory->access)) == 0 ? 0 :
        fail_with(errno, "a file in %s cannot be given its mode: %s", directory->path, strerror(errno));
}
