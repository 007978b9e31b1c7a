/// Replaces `${NAME}` by an environment variable and `${file:PATH}` by the trimmed content of a file.
///
/// `$${` stands for `${` itself; a `$` before anything else is a dollar sign. A variable that is set but empty counts
/// as not set: that is what a blank line in an `.env` file means.
package struct ReferenceResolver: Sendable {
    private let environment: [String: String]
    private let readFile: @Sendable (String) -> String?

    /// `readFile` gives a file's content, or nil when there is none; paths come as they are written.
    package init(
        environment: [String: String] = [:],
        readFile: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.environment = environment
        self.readFile = readFile
    }

    /// A text with its references.
    struct Resolved: Equatable {
        /// Nil while a reference is not set.
        var text: String?
        /// As they are written between the braces.
        var references: [String] = []
        var unset: [String] = []
    }

    /// A reference that names nothing.
    struct Malformed: Error, Equatable {
        var message: String
        var hint: String
    }

    func resolve(_ source: String) -> Result<Resolved, Malformed> {
        var result = Resolved()
        var text = ""
        var rest = source[...]
        while let dollar = rest.firstIndex(of: "$") {
            text += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                text += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                let body = rest.dropFirst(2)
                guard let end = body.firstIndex(of: "}"), Self.isReference(body[..<end]) else {
                    return .failure(
                        Malformed(
                            message: "malformed reference",
                            hint: "write ${NAME} or ${file:PATH}; $${ stands for ${ itself"
                        )
                    )
                }
                let name = String(body[..<end])
                result.references.append(name)
                if let value = value(of: name) { text += value } else { result.unset.append(name) }
                rest = body[body.index(after: end)...]
            } else {
                text += "$"
                rest = rest.dropFirst()
            }
        }
        text += rest
        if result.unset.isEmpty { result.text = text }
        return .success(result)
    }

    private func value(of name: String) -> String? {
        let value = name.hasPrefix("file:") ? readFile(String(name.dropFirst(5))).map(Self.trimmed) : environment[name]
        return value?.isEmpty == false ? value : nil
    }

    private static func isReference(_ name: Substring) -> Bool {
        if name.hasPrefix("file:") { return name.utf8.count > 5 && !name.utf8.contains(0) }
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private static func trimmed(_ text: String) -> String {
        let rest = text.drop { $0.isWhitespace }
        return String(rest.reversed().drop { $0.isWhitespace }.reversed())
    }
}
