#pragma once

// llhttp's callbacks, in C: they only note offsets, so no call crosses into Swift while a head is parsed.

#include "llhttp.h"
#include <stddef.h>
#include <stdint.h>

#define HEAD_FIELD_CAPACITY 100

// Offsets count from the first byte of the message.
struct head_field {
    uint32_t name;
    uint32_t value;
    uint32_t value_length;
    uint16_t name_length;
    uint16_t reserved;
};

enum head_limit { HEAD_LIMIT_NONE = 0, HEAD_LIMIT_TARGET = 1, HEAD_LIMIT_FIELDS = 2 };

struct head_parser {
    llhttp_t parser;
    const char *base;
    char *output;
    size_t output_length;
    uint32_t target;
    uint32_t target_length;
    uint32_t target_limit;
    uint32_t count;
    uint8_t position;
    uint8_t limit;
    uint8_t is_head_complete;
    uint8_t is_message_complete;
    struct head_field fields[HEAD_FIELD_CAPACITY];
};

/// Prepares for the first byte of a request whose target may have `target_limit` bytes.
void head_parser_reset(struct head_parser *self, uint32_t target_limit);

/// Parses the head's bytes `from..<to` of `base`, where `base[0]` is the message's first byte; stops behind the head.
/// Returns llhttp's error, HPE_OK also when the head is complete; `*end` is the offset of the first byte not consumed.
int head_parser_head(struct head_parser *self, const char *base, size_t from, size_t to, size_t *end);

/// Decodes chunked bytes in place, after a complete head: what they carry moves to the start of `bytes` and has
/// `output_length` bytes. Stops behind the message; `*end` as above.
int head_parser_body(struct head_parser *self, char *bytes, size_t length, size_t *end);

/// Whether each line ends in CRLF, none is folded or lacks its name, and no other control byte than a tab occurs.
int head_is_clean(const char *bytes, size_t length);

const char *head_parser_method(const struct head_parser *self);

const struct head_field *head_parser_fields(const struct head_parser *self);
/// Why the last call failed; never NULL.
const char *head_parser_reason(const struct head_parser *self);
