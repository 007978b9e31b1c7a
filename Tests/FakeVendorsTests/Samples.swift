import FakeVendors
import Orchestrator
import Testing

/// Pictures that tests send.
enum Sample {
    static func png(_ width: Int = 64, _ height: Int = 64, isTransparent: Bool = false) -> [UInt8] {
        PictureMaker.make(.png, width: width, height: height, number: 1, isTransparent: isTransparent)
    }

    static func jpeg(_ width: Int = 64, _ height: Int = 64) -> [UInt8] {
        PictureMaker.make(.jpeg, width: width, height: height, number: 1)
    }

    static func webp(_ width: Int = 64, _ height: Int = 64) -> [UInt8] {
        PictureMaker.make(.webp, width: width, height: height, number: 1)
    }

    static func dataURL(_ bytes: [UInt8], _ type: String = "image/png") -> JSON {
        .string(DataURL(mediaType: type, bytes: bytes).text)
    }

    static func text(_ count: Int) -> String { String(repeating: "a", count: count) }
}

/// One request and what the vendor makes of it: 200 for taken, else the status and a word of the refusal.
struct Rule<Body: Sendable>: Sendable, CustomTestStringConvertible {
    var name: String
    var body: Body
    var status: Int
    var word: String

    var testDescription: String { "\(name) -> \(status)" }

    static func takes(_ name: String, _ body: Body) -> Rule { Rule(name: name, body: body, status: 200, word: "") }

    static func refuses(_ name: String, _ body: Body, _ word: String) -> Rule {
        Rule(name: name, body: body, status: 400, word: word)
    }

    static func refuses(_ name: String, _ body: Body, _ status: Int, _ word: String) -> Rule {
        Rule(name: name, body: body, status: status, word: word)
    }
}

extension JSON {
    /// The same object with members replaced, added, or removed by nil.
    func with(_ members: [String: JSON?]) -> JSON {
        var object = object ?? [:]
        for (name, value) in members {
            if let value { object[name] = value } else { object.remove(name) }
        }
        return .object(object)
    }
}
