#include "head_parser.h"
#include <string.h>

enum { BEFORE_NAME, IN_NAME, IN_VALUE };

static int on_url(llhttp_t *parser, const char *at, size_t length) {
    struct head_parser *self = (struct head_parser *)parser;
    if (self->target_length == 0) self->target = (uint32_t)(at - self->base);
    if (self->target_length + length > self->target_limit) {
        self->limit = HEAD_LIMIT_TARGET;
        return HPE_USER;
    }
    self->target_length += (uint32_t)length;
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t length) {
    struct head_parser *self = (struct head_parser *)parser;
    if (self->is_head_complete) return 0;  // a trailer, which nobody asked for
    if (self->position != IN_NAME) {
        if (self->count == HEAD_FIELD_CAPACITY) {
            self->limit = HEAD_LIMIT_FIELDS;
            return HPE_USER;
        }
        self->fields[self->count++] = (struct head_field){.name = (uint32_t)(at - self->base)};
        self->position = IN_NAME;
    }
    struct head_field *field = &self->fields[self->count - 1];
    if (field->name_length + length > UINT16_MAX) {
        self->limit = HEAD_LIMIT_FIELDS;
        return HPE_USER;
    }
    field->name_length += (uint16_t)length;
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length) {
    struct head_parser *self = (struct head_parser *)parser;
    if (self->is_head_complete || self->count == 0) return 0;
    struct head_field *field = &self->fields[self->count - 1];
    uint32_t start = (uint32_t)(at - self->base);
    if (self->position != IN_VALUE) field->value = start;
    self->position = IN_VALUE;
    field->value_length = start + (uint32_t)length - field->value;
    return 0;
}

static int on_value_complete(llhttp_t *parser) {
    struct head_parser *self = (struct head_parser *)parser;
    if (self->is_head_complete || self->count == 0) return 0;
    struct head_field *field = &self->fields[self->count - 1];
    const char *value = self->base + field->value;
    while (field->value_length > 0) {
        char last = value[field->value_length - 1];
        if (last != ' ' && last != '\t') break;
        field->value_length--;
    }
    self->position = BEFORE_NAME;
    return 0;
}

static int on_headers_complete(llhttp_t *parser) {
    struct head_parser *self = (struct head_parser *)parser;
    self->is_head_complete = 1;
    parser->upgrade = 0;  // no protocol is ever switched to: the message is what its framing says
    return HPE_PAUSED;
}

static int on_body(llhttp_t *parser, const char *at, size_t length) {
    struct head_parser *self = (struct head_parser *)parser;
    memmove(self->output + self->output_length, at, length);
    self->output_length += length;
    return 0;
}

static int on_message_complete(llhttp_t *parser) {
    ((struct head_parser *)parser)->is_message_complete = 1;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void head_parser_reset(struct head_parser *self, uint32_t target_limit) {
    memset(self, 0, offsetof(struct head_parser, fields));
    llhttp_init(&self->parser, HTTP_REQUEST, &settings);
    self->target_limit = target_limit;
}

static int execute(struct head_parser *self, const char *start, size_t length, size_t *consumed) {
    int code = llhttp_execute(&self->parser, start, length);
    *consumed = length;
    if (code == HPE_OK) return code;
    *consumed = (size_t)(llhttp_get_error_pos(&self->parser) - start);
    return code;
}

int head_parser_head(struct head_parser *self, const char *base, size_t from, size_t to, size_t *end) {
    self->base = base;
    size_t consumed;
    int code = execute(self, base + from, to - from, &consumed);
    *end = from + consumed;
    // The pause of `on_headers_complete` is reported behind the head's last line feed.
    if (code == HPE_PAUSED && self->is_head_complete) return HPE_OK;
    return code;
}

int head_parser_body(struct head_parser *self, char *bytes, size_t length, size_t *end) {
    self->output = bytes;
    self->output_length = 0;
    llhttp_resume(&self->parser);
    int code = execute(self, bytes, length, end);
    if (code == HPE_PAUSED && self->is_message_complete) return HPE_OK;
    return code;
}

int head_is_clean(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte >= 0x20 && byte != 0x7f) continue;
        if (byte == '\t') {
            if (i > 0 && bytes[i - 1] == '\n') return 0;
        } else if (byte == '\r') {
            if (i + 1 == length || bytes[i + 1] != '\n') return 0;
        } else if (byte == '\n') {
            if (i == 0 || bytes[i - 1] != '\r') return 0;
            // llhttp lets folded lines and fields without a name pass.
            if (i + 1 < length && (bytes[i + 1] == ' ' || bytes[i + 1] == ':')) return 0;
        } else {
            return 0;
        }
    }
    return 1;
}

const char *head_parser_method(const struct head_parser *self) { return llhttp_method_name(self->parser.method); }

const struct head_field *head_parser_fields(const struct head_parser *self) { return self->fields; }

const char *head_parser_reason(const struct head_parser *self) {
    const char *reason = llhttp_get_error_reason(&self->parser);
    return reason ? reason : "not valid";
}
