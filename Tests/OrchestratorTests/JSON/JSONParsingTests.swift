import Foundation
import Orchestrator
import Testing

@Suite struct JSONParsingTests {
    static let documents: [(String, JSON)] = [
        ("null", .null),
        (" \t\r\ntrue ", true),
        ("false", false),
        ("0", 0),
        ("-12", -12),
        ("\"\"", ""),
        (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (#""\u00e9\ud83d\ude00\uD83D\uDE00""#, "é😀😀"),
        ("\"é😀\"", "é😀"),
        ("[]", []),
        ("{}", [:]),
        ("[1, [2, []], {\"a\": {}}]", [1, [2, []], ["a": [:]]]),
        (#"{"b":1,"a":[null,"x"]}"#, ["b": 1, "a": [nil, "x"]]),
    ]

    @Test(arguments: documents)
    func `a valid document gives its value`(text: String, expected: JSON) throws {
        #expect(try JSON(parsing: text) == expected)
    }

    static let mistakes: [(String, JSONError.Kind, Int)] = [
        ("", .empty, 0),
        (" \n", .empty, 2),
        ("[1,]", .syntax, 3),
        ("[,1]", .syntax, 1),
        ("{\"a\":1,}", .syntax, 7),
        ("{a:1}", .syntax, 1),
        ("{1:1}", .syntax, 1),
        ("{\"a\"}", .syntax, 4),
        ("{\"a\" 1}", .syntax, 5),
        ("{\"a\":}", .syntax, 5),
        ("[1 2]", .syntax, 3),
        ("[1}", .syntax, 2),
        ("{\"a\":1]", .syntax, 6),
        ("]", .syntax, 0),
        ("[", .syntax, 1),
        ("{\"a\":", .syntax, 5),
        ("\"abc", .syntax, 4),
        ("\"abc\\\"", .syntax, 6),
        ("\"abc\\", .syntax, 5),
        ("'a'", .syntax, 0),
        ("01", .syntax, 0),
        ("-01", .syntax, 0),
        ("+1", .syntax, 0),
        ("1.", .syntax, 0),
        (".5", .syntax, 0),
        ("1e", .syntax, 0),
        ("1e+", .syntax, 0),
        ("-", .syntax, 0),
        ("--1", .syntax, 0),
        ("1.2.3", .syntax, 0),
        ("0x10", .syntax, 0),
        ("NaN", .syntax, 0),
        ("Infinity", .syntax, 0),
        ("-Infinity", .syntax, 0),
        ("nul", .syntax, 0),
        ("True", .syntax, 0),
        ("// note\n1", .syntax, 0),
        ("\u{FEFF}1", .syntax, 0),
        ("\"a\nb\"", .syntax, 2),
        ("\"a\tb\"", .syntax, 2),
        ("\"\\x41\"", .syntax, 1),
        ("\"\\u12G4\"", .syntax, 1),
        ("\"\\u12\"", .syntax, 1),
        ("1 2", .trailing, 2),
        ("{} x", .trailing, 3),
        ("[]]", .trailing, 2),
        ("null,", .trailing, 4),
        ("\"a\"\"b\"", .trailing, 3),
        (#"{"a":1,"b":2,"a":3}"#, .duplicateName("a"), 13),
        (#"{"a":1,"\u0061":3}"#, .duplicateName("a"), 7),
        (#"["\ud83d"]"#, .surrogate, 2),
        (#"["\ude00\ud83d"]"#, .surrogate, 2),
        (#"["\ud83dx\ude00"]"#, .surrogate, 2),
        (#"["\ud83d\u0041"]"#, .surrogate, 2),
        (#"["ab\u0000"]"#, .nul, 4),
        ("[\"a\0\"]", .syntax, 3),
    ]

    @Test(arguments: mistakes)
    func `a mistake is refused with its kind and place`(text: String, kind: JSONError.Kind, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.kind == kind)
        #expect(error?.offset == offset)
        #expect(error?.message.isEmpty == false)
    }

    static let invalidUTF8: [([UInt8], Int)] = [
        ([0x22, 0xFF, 0x22], 1),
        ([0x22, 0x41, 0xC0, 0x80, 0x22], 2),  // overlong NUL
        ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),  // surrogate half
        ([0x22, 0xE2, 0x82, 0x22], 1),  // cut short
        ([0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], 1),  // above U+10FFFF
    ]

    @Test(arguments: invalidUTF8)
    func `invalid UTF-8 in a string is refused`(bytes: [UInt8], offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
        #expect(error?.kind == .invalidUTF8)
        #expect(error?.offset == offset)
    }

    @Test func `invalid bytes outside strings are refused`() {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: [0x5B, 0xFF, 0x5D]) }
        #expect(error?.kind == .syntax)
    }

    @Test func `NUL is let through on request`() throws {
        #expect(try JSON(parsing: #""a\u0000b""#, limits: JSONLimits(allowsNUL: true)) == "a\0b")
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func `a hundred thousand open brackets are refused, not followed`(opening: String) {
        let error = #expect(throws: JSONError.self) {
            try JSON(parsing: String(repeating: opening, count: 100_000))
        }
        #expect(error?.kind == .depth)
    }

    @Test func `the depth limit counts exactly`() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSON(parsing: deep) }
        #expect(throws: JSONError.self) { try JSON(parsing: "[" + deep + "]") }
    }

    @Test func `too many values are refused`() throws {
        #expect(throws: Never.self) { try JSON(parsing: "[1,2,3]", limits: JSONLimits(values: 4)) }
        let error = #expect(throws: JSONError.self) { try JSON(parsing: "[1,2,3]", limits: JSONLimits(values: 3)) }
        #expect(error?.kind == .size)
    }

    @Test func `a very long number is refused`() {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "1", count: 257)) }
        #expect(error?.kind == .size)
    }

    @Test func `a repeated name is found among many`() {
        let members = (0..<1000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let error = #expect(throws: JSONError.self) { try JSON(parsing: "{\(members),\"k500\":1}") }
        #expect(error?.kind == .duplicateName("k500"))
    }

    @Test func `every prefix of a document is refused and every quote is found at any alignment`() throws {
        let text = #"{"abcdefgh":"0123456789\"012345678é\\","n":[-1.5e+3,true,null,"\ud83d\ude00"]}"#
        let bytes = Array(text.utf8)
        for length in 0..<bytes.count {
            #expect(throws: JSONError.self) { try JSON(parsing: Array(bytes[..<length])) }
        }
        for length in 0..<40 {
            let plain = String(repeating: "x", count: length)
            #expect(try JSON(parsing: "\"\(plain)\"") == .string(plain))
            #expect(try JSON(parsing: "\"\(plain)\\n\(plain)\"") == .string(plain + "\n" + plain))
        }
    }

    @Test(arguments: 0..<200)
    func `generated documents survive a round trip and agree with Foundation`(seed: UInt64) throws {
        var generator = DocumentGenerator(seed: seed)
        let document = JSON.array([generator.document(depth: 5)])
        let bytes = document.serialized()
        let again = try JSON(parsing: bytes)
        #expect(again == document, "seed \(seed)")
        #expect(again.serialized() == bytes)

        let foreign = try JSONSerialization.jsonObject(with: Data(bytes))
        #expect(difference(again, foreign) == nil)
        let foreignBytes = try JSONSerialization.data(withJSONObject: foreign, options: [.prettyPrinted])
        #expect(difference(try JSON(parsing: [UInt8](foreignBytes)), foreign) == nil)
    }

    @Test(arguments: 0..<100)
    func `damaged documents never trap`(seed: UInt64) {
        var generator = DocumentGenerator(seed: seed)
        let bytes = generator.document(depth: 4).serialized()
        for _ in 0..<50 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator.random) where !damaged.isEmpty {
                let place = Int.random(in: 0..<damaged.count, using: &generator.random)
                if Bool.random(using: &generator.random) {
                    damaged[place] = UInt8.random(in: 0...255, using: &generator.random)
                } else {
                    damaged.remove(at: place)
                }
            }
            if let survivor = try? JSON(parsing: damaged) {
                #expect((try? JSON(parsing: survivor.serialized())) == survivor)
            }
        }
    }

    /// The first place where Foundation read something else; `nil` if both agree.
    private func difference(_ ours: JSON, _ theirs: Any) -> String? {
        let agrees =
            switch ours {
            case .null: theirs is NSNull
            case .bool(let value): (theirs as? Bool) == value
            // Foundation goes through `Decimal` for long fractions and may miss the nearest double by a few steps.
            case .number(let number):
                (theirs as? NSNumber).map { abs($0.doubleValue - number.double) <= 4 * abs(number.double).ulp } ?? false
            case .string(let value): (theirs as? String) == value
            case .array(let elements): (theirs as? [Any])?.count == elements.count
            case .object(let object): (theirs as? [String: Any])?.count == object.count
            case .blob: false
            }
        guard agrees else { return "\(ours) is not \(theirs)" }
        if let elements = ours.array, let others = theirs as? [Any] {
            return zip(elements, others).lazy.compactMap { difference($0, $1) }.first
        }
        if let object = ours.object, let others = theirs as? [String: Any] {
            return object.lazy.compactMap { member in
                others[member.key].map { difference(member.value, $0) } ?? "no member \(member.key)"
            }.first
        }
        return nil
    }
}
