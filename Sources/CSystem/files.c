#define _GNU_SOURCE
#include "CSystem.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

int64_t system_find(const void *bytes, size_t length, const void *needle, size_t needle_length) {
    const char *found = memmem(bytes, length, needle, needle_length);
    return found ? found - (const char *)bytes : -1;
}

int system_temporary_file(char *path) { return mkostemp(path, O_CLOEXEC); }
