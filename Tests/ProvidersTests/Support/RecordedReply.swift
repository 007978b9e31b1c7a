import Foundation
import Orchestrator
import Testing

/// One reply as a vendor gives it, with what it means, from `Tests/Fixtures/vendors`.
struct RecordedReply: CustomTestStringConvertible, Sendable {
    var vendor: String
    var name: String
    /// The call that it answers, in a word.
    var call: String
    var reply: WireReply
    /// The outcome in words, as `Meaning` spells it.
    var means: String

    var testDescription: String { "\(vendor)/\(name)" }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/vendors")

    /// All recorded replies of a vendor, sorted by name.
    static func all(_ vendor: String) throws -> [RecordedReply] {
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: vendor),
            includingPropertiesForKeys: nil
        )
        return try files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map { file in
            try RecordedReply(vendor, file)
        }
    }

    private init(_ vendor: String, _ file: URL) throws {
        let document = try JSON(parsing: [UInt8](Data(contentsOf: file)))
        self.vendor = vendor
        name = file.deletingPathExtension().lastPathComponent
        call = document["call"]?.string ?? ""
        means = document["means"]?.string ?? ""
        let headers = (document["headers"]?.object ?? [:]).map { (name: $0.key, value: $0.value.string ?? "") }
        let body: WireReply.Body
        if document["picture"]?.bool == true {
            body = .picture(BlobID(index: 0))
        } else if let text = document["text"]?.string {
            body = .text(text)
        } else {
            body = .document((document["body"] ?? [:]).withBlobs)
        }
        reply = WireReply(status: document["status"]?.int ?? 0, headers: headers, body: body)
    }
}

extension JSON {
    /// The document with every `<blob N>` turned into the blob that the transport would have made.
    var withBlobs: JSON {
        switch self {
        case .string(let text) where text.hasPrefix("<blob "):
            return .blob(BlobID(index: Int(text.dropFirst(6).dropLast()) ?? -1))
        case .array(let elements): return .array(elements.map(\.withBlobs))
        case .object(let members): return .object(JSONObject(members.map { ($0.key, $0.value.withBlobs) }))
        case .null, .bool, .number, .string, .blob: return self
        }
    }
}
