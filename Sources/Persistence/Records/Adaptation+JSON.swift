internal import Orchestrator

extension Adaptation {
    /// The form kept in the record.
    var json: JSON { .array([.string(field), .string(asked), .string(given), .string(why)]) }

    init?(_ json: JSON) {
        guard let texts = json.array?.compactMap(\.string), texts.count == 4 else { return nil }
        self.init(field: texts[0], asked: texts[1], given: texts[2], why: texts[3])
    }
}
