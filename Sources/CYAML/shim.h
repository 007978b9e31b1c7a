#pragma once
#include <yaml.h>

// Swift reaches the members of an anonymous union only through generated accessors that copy the whole union;
// these hand out the one pointer or number that is wanted.

static inline const char *orc_yaml_alias_anchor(const yaml_event_t *event) {
    return (const char *)event->data.alias.anchor;
}

static inline const char *orc_yaml_node_anchor(const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: return (const char *)event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT: return (const char *)event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT: return (const char *)event->data.mapping_start.anchor;
    default: return 0;
    }
}

static inline const char *orc_yaml_node_tag(const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: return (const char *)event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT: return (const char *)event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return (const char *)event->data.mapping_start.tag;
    default: return 0;
    }
}

static inline const unsigned char *orc_yaml_scalar_value(const yaml_event_t *event) {
    return event->data.scalar.value;
}

static inline size_t orc_yaml_scalar_length(const yaml_event_t *event) {
    return event->data.scalar.length;
}

static inline int orc_yaml_scalar_is_plain(const yaml_event_t *event) {
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}
