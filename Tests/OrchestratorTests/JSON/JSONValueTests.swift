import Orchestrator
import Testing

@Suite struct JSONValueTests {
    static let integers: [(String, Int64?)] = [
        ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("1.0", 1), ("-2.000", -2), ("1.5", nil), ("1e3", nil), ("1E0", nil),
        ("1.0e1", nil), ("9223372036854775807", .max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
    ]

    @Test(arguments: integers)
    func `only exact integers are integers`(literal: String, expected: Int64?) throws {
        #expect(try #require(JSONNumber(text: literal)).int64 == expected)
    }

    static let numbers: [(Double, String?)] = [
        (0, "0"), (-1, "-1"), (0.1, "0.1"), (1e300, "1e+300"), (.infinity, nil), (.nan, nil),
        (0x1p53, "9007199254740992"),
    ]

    @Test(arguments: numbers)
    func `a double becomes a literal that reads back`(value: Double, literal: String?) {
        #expect(JSONNumber(value)?.text == literal)
        if let literal { #expect(JSONNumber(text: literal)?.double == value) }
    }

    @Test func `a number keeps its literal`() throws {
        for literal in ["1.10", "1E+2", "-0.0", "123456789012345678901234567890"] {
            #expect(try JSON(parsing: literal).text == literal)
        }
        #expect(JSONNumber(text: "1 ") == nil)
        #expect(JSONNumber(text: "") == nil)
    }

    @Test func `members keep their order through changes`() throws {
        var object: JSONObject = ["z": 1, "a": 2, "m": 3]
        object["a"] = "two"
        object["new"] = .some(.null)
        object.remove("z")
        #expect(object.keys == ["a", "m", "new"])
        #expect(JSON.object(object).text == #"{"a":"two","m":3,"new":null}"#)
        object["m"] = Optional<JSON>.none
        #expect(object.count == 2)
        #expect(object["m"] == nil)
    }

    @Test func `a large object finds, replaces and removes like a small one`() {
        var object = JSONObject()
        for index in 0..<100 { object["k\(index)"] = JSON(index) }
        object["k50"] = "changed"
        #expect(object.remove("k10") == 10)
        #expect(object.count == 99)
        #expect(object["k10"] == nil)
        #expect(object["k11"] == 11)
        #expect(object["k50"] == "changed")
        #expect(object["k99"] == 99)
        object["k10"] = 1
        #expect(object.keys.last == "k10")
    }

    @Test func `objects are equal whatever the order of their members`() throws {
        let one = try JSON(parsing: #"{"a":1,"b":[{"c":2,"d":3}]}"#)
        let two = try JSON(parsing: #"{"b":[{"d":3,"c":2}],"a":1}"#)
        #expect(one == two)
        #expect(one.hashValue == two.hashValue)
        #expect(one.text != two.text)
        #expect(one != ["a": 1])
    }

    @Test func `accessors answer only for their own type`() throws {
        let json = try JSON(parsing: #"{"s":"x","n":5,"b":true,"a":[1,2],"o":{"k":null},"f":1.5}"#)
        #expect(json["s"]?.string == "x")
        #expect(json["n"]?.int == 5)
        #expect(json["b"]?.bool == true)
        #expect(json["a"]?[1] == 2)
        #expect(json["a"]?[2] == nil)
        #expect(json["a"]?[-1] == nil)
        #expect(json["o"]?["k"]?.isNull == true)
        #expect(json["f"]?.int == nil)
        #expect(json["f"]?.double == 1.5)
        #expect(json["n"]?.bool == nil)
        #expect(json["b"]?.int == nil)
        #expect(json["s"]?["k"] == nil)
        #expect(json["missing"] == nil)
        #expect(JSON.blob(BlobID(index: 3)).blob?.index == 3)
    }

    // The document and most answers are those of RFC 6901 section 5.
    static let pointers: [(String, JSON?)] = [
        ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/m~0n", 8), ("/foo/2", nil), ("/foo/-", nil),
        ("/foo/00", nil), ("/foo/+1", nil), ("foo", nil), ("/m~n", nil), ("/m~2n", nil), ("/foo/0/x", nil),
        ("/deep/x/1/y", "found"),
    ]

    @Test(arguments: pointers)
    func `a pointer leads to its value`(pointer: String, expected: JSON?) throws {
        let json = try JSON(
            parsing: #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"m~n":8,"deep":{"x":[0,{"y":"found"}]}}"#
        )
        #expect(json.value(at: pointer) == expected)
        #expect(json.value(at: "") == json)
    }

    @Test func `escapes are minimal and correct`() {
        let json: JSON = "a\"b\\c/d\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}é\u{2028}"
        #expect(json.text == "\"a\\\"b\\\\c/d\\n\\r\\t\\b\\f\\u0001\\u001f\u{7f}é\u{2028}\"")
    }

    @Test func `interpolation and literals build a document`() {
        let count = 2
        let json: JSON = ["model": "m-\(count)", "n": 1, "flags": [true, nil], "price": JSON(0.25)]
        #expect(json.text == #"{"model":"m-2","n":1,"flags":[true,null],"price":0.25}"#)
    }

    @Test func `a blob is written as a mark of its place`() {
        #expect(JSON.array([.blob(BlobID(index: 1))]).text == #"["<blob 1>"]"#)
    }
}
