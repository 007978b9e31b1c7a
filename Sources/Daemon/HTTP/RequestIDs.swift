import Orchestrator

/// Takes over a request id that a caller sent, if it can be echoed and logged safely.
enum RequestIDs {
    private static let longest = 128

    static func accept(_ text: String?) -> String? {
        guard let text, (1...longest).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else { return nil }
        return text
    }
}
