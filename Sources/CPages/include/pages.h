#ifndef PAGES_H
#define PAGES_H

#include <stddef.h>

/// One file of `Sources/CPages/files`, as it was when the program was built.
struct page_file {
    const char *name;
    const unsigned char *bytes;
    size_t length;
};

size_t page_file_count(void);

/// `index` is below `page_file_count()`; what it points at lives as long as the program.
struct page_file page_file_at(size_t index);

#endif
