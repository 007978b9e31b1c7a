import Foundation
import Orchestrator
import Randomness
import Synchronization
import Transport

/// Collects the bytes of one blob.
final class Sink: BlobSink {
    enum State: Equatable { case open, finished, aborted, misused }

    private let content = Mutex<(bytes: [UInt8], state: State)>(([], .open))

    var bytes: [UInt8] { content.withLock { $0.bytes } }
    var state: State { content.withLock { $0.state } }
    var pendingBytes: Int { bytes.count }

    func write(_ bytes: Span<UInt8>) {
        let copy = [UInt8](copying: bytes)
        content.withLock {
            $0.bytes += copy
            if $0.state != .open { $0.state = .misused }
        }
    }
    func finish() { end(.finished) }
    func abort() { end(.aborted) }

    private func end(_ state: State) {
        content.withLock { $0.state = $0.state == .open ? state : .misused }
    }
}

/// The sinks of one document, in the order in which they were opened.
final class SinkList: Sendable {
    private let sinks = Mutex<[Sink]>([])

    var all: [Sink] { sinks.withLock { $0 } }

    func make() -> Sink {
        let sink = Sink()
        sinks.withLock { $0.append(sink) }
        return sink
    }
}

/// A document read to its end in pieces of one size.
struct Scan {
    let document: JSON
    let contents: [[UInt8]]
    let states: [Sink.State]
    let broken: Set<BlobID>

    init(_ text: String, pieces: Int) throws(JSONError) {
        let sinks = SinkList()
        var scanner = ImageScanner { _ in sinks.make() }
        let span = text.utf8Span.span
        var index = 0
        while index < span.count {
            let end = min(index + pieces, span.count)
            try scanner.consume(span.extracting(index..<end))
            index = end
        }
        document = try scanner.finish()
        contents = sinks.all.map(\.bytes)
        states = sinks.all.map(\.state)
        broken = scanner.brokenBlobs
    }
}

/// Makes the text of random vendor replies, with white space and escapes where they may be.
struct ReplyGenerator {
    var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func reply() -> String { "[" + value(depth: 4) + "," + picture() + "]" }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return ["null", "true", "false"].randomElement(using: &random) ?? ""
        case 1: return "\(Double.random(in: -1e6...1e6, using: &random))"
        case 2: return "\(Int.random(in: -1000...1000, using: &random))"
        case 3, 4: return string()
        case 5: return picture()
        case 6:
            let elements = (0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth - 1) }
            return "[" + blank() + elements.joined(separator: blank() + "," + blank()) + blank() + "]"
        default:
            let members = (0..<Int.random(in: 0...6, using: &random)).map {
                "\"k\($0)\"\(blank()):" + value(depth: depth - 1)
            }
            return "{" + blank() + members.joined(separator: "," + blank()) + "}"
        }
    }

    private mutating func blank() -> String { ["", "", " ", "\n\t", "\r\n"].randomElement(using: &random) ?? "" }

    private mutating func string() -> String {
        let parts = ["a", "word ", "\\\"", "\\\\", "\\n", "é", "😀", "\\ud83d\\ude00", "\\/", "QUJD"]
        return "\""
            + (0..<Int.random(in: 0...600, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
            .joined()
            + "!\""
    }

    private mutating func picture() -> String {
        let count = Int.random(in: 0...6000, using: &random)
        let text = Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }).base64EncodedString()
        let prefix = Bool.random(using: &random) ? "data:image\\/png;base64," : ""
        // Whether a string of nearly the threshold counts depends on its escapes; leave those lengths out.
        guard !(980..<1100).contains(text.utf8.count) else { return "\"short\"" }
        return "\"" + prefix + (Bool.random(using: &random) ? text.replacingOccurrences(of: "/", with: "\\/") : text)
            + "\""
    }
}
