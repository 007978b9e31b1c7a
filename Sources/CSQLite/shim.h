#pragma once
#include <sqlite3.h>
#include <stddef.h>

// SQLITE_TRANSIENT is a cast of -1 to a function pointer, which Swift does not import.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, size_t length) {
    return sqlite3_bind_text64(statement, index, bytes, length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// A C callback of its own, as it runs at every commit: notes how many pages the write-ahead log has.
static int csqlite_note_log_pages(void *pages, sqlite3 *database, const char *schema, int count) {
    (void)database, (void)schema;
    *(int *)pages = count;
    return SQLITE_OK;
}

// Takes the place of SQLite's own hook, which checkpoints and hides the errors that it meets.
static inline void csqlite_watch_log(sqlite3 *database, int *pages) {
    sqlite3_wal_hook(database, csqlite_note_log_pages, pages);
}

// Variadic, so not imported: spares every allocation a global lock. Effective before SQLite's first use only.
static inline void csqlite_disable_memory_statistics(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
