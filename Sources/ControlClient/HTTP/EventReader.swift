internal import Orchestrator
internal import Transport

/// Whole server-sent events out of a stream that comes in pieces.
struct EventReader {
    private var parser = ServerSentEvents()
    private var data: [UInt8] = []

    /// The events that these bytes complete. Data that are no JSON are left out.
    mutating func events(in bytes: [UInt8]) -> [(name: String, data: JSON)] {
        var found: [(name: String, data: JSON)] = []
        var index = 0
        while let part = parser.next(in: bytes.span, at: &index) {
            switch part {
            case .data(let range): data += bytes[range]
            case .lineFeed: data.append(0x0A)
            case .end(let name):
                if let value = try? JSON(parsing: data) { found.append((name, value)) }
                data = []
            }
        }
        return found
    }
}
