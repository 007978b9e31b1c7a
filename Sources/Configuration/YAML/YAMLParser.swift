import CYAML

/// libyaml's parser over one text in memory; a value of this type owns the parser and its copy of the text.
///
/// Encoding detection is off: the text is UTF-8, and the caller has checked that it is.
@safe struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    /// The bytes once more, for places that libyaml gives as offsets.
    private let bytes: [UInt8]

    /// Takes the text; throws only when memory runs out.
    init(_ bytes: [UInt8]) throws(YAMLProblem) {
        self.bytes = bytes
        unsafe input = UnsafeMutableBufferPointer.allocate(capacity: bytes.count)
        _ = unsafe input.initialize(from: bytes)
        unsafe parser = UnsafeMutablePointer.allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe input.deallocate()
            unsafe parser.deallocate()
            throw YAMLProblem(message: "not enough memory to read the file", place: .start)
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; after a problem, or the end of the stream, there is none to ask for.
    mutating func next() throws(YAMLProblem) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        let place = YAMLPlace(line: mark.line + 1, column: mark.column + 1)
        guard let kind = unsafe Self.kind(of: &event) else {
            throw YAMLProblem(message: "the file ends unexpectedly", place: place)
        }
        return YAMLEvent(kind: kind, place: place)
    }

    @unsafe private static func kind(of event: UnsafePointer<yaml_event_t>) -> YAMLEvent.Kind? {
        switch unsafe event.pointee.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT:
            return unsafe .alias(anchor: text(orc_yaml_alias_anchor(event)) ?? "")
        case YAML_SCALAR_EVENT:
            let characters = unsafe UnsafeBufferPointer(
                start: orc_yaml_scalar_value(event),
                count: orc_yaml_scalar_length(event)
            )
            return unsafe .scalar(
                YAMLScalar(
                    text: String(decoding: characters, as: UTF8.self),
                    isPlain: orc_yaml_scalar_is_plain(event) == 1,
                    textColumn: textColumn(of: event, String(decoding: characters, as: UTF8.self)),
                    properties: properties(of: event)
                )
            )
        case YAML_SEQUENCE_START_EVENT: return unsafe .sequenceStart(properties(of: event))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return unsafe .mappingStart(properties(of: event))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return nil
        }
    }

    /// Plain and quoted texts of one line that are as long as they are written hold no escapes.
    @unsafe private static func textColumn(of event: UnsafePointer<yaml_event_t>, _ text: String) -> Int? {
        let (start, end) = unsafe (event.pointee.start_mark, event.pointee.end_mark)
        guard start.line == end.line else { return nil }
        switch end.column - start.column - text.unicodeScalars.count {
        case 0: return start.column + 1
        case 2: return start.column + 2  // behind the quote
        default: return nil
        }
    }

    @unsafe private static func properties(of event: UnsafePointer<yaml_event_t>) -> YAMLProperties {
        unsafe YAMLProperties(anchor: text(orc_yaml_node_anchor(event)), tag: text(orc_yaml_node_tag(event)))
    }

    @unsafe private static func text(_ characters: UnsafePointer<CChar>?) -> String? {
        guard let characters = unsafe characters else { return nil }
        return unsafe String(cString: characters)
    }

    /// What libyaml noted about its failure, with the place counted from 1.
    private func problem() -> YAMLProblem {
        let message = unsafe Self.text(parser.pointee.problem) ?? "not readable as YAML"
        switch unsafe parser.pointee.error {
        case YAML_READER_ERROR:
            let place = unsafe YAMLPlace(ofByte: parser.pointee.problem_offset, in: bytes)
            return YAMLProblem(message: message, place: place)
        case YAML_MEMORY_ERROR:
            return YAMLProblem(message: "not enough memory to read the file", place: .start)
        default:
            let mark = unsafe parser.pointee.problem_mark
            return YAMLProblem(message: message, place: YAMLPlace(line: mark.line + 1, column: mark.column + 1))
        }
    }
}

extension YAMLPlace {
    /// The place of a byte; `offset` may lie behind the end.
    init(ofByte offset: Int, in bytes: [UInt8]) {
        self = .start
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {  // a byte that begins a scalar
                column += 1
            }
        }
    }
}
