#define _GNU_SOURCE
#include "CSystem.h"
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int64_t system_find(const void *bytes, size_t length, const void *needle, size_t needle_length) {
    const char *found = memmem(bytes, length, needle, needle_length);
    return found ? found - (const char *)bytes : -1;
}

int system_temporary_file(char *path) { return mkostemp(path, O_CLOEXEC); }

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *place) {
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

int system_remove_tree(const char *path) { return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }
