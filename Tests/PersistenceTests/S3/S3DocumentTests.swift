import Orchestrator
import Testing

@testable import Persistence

@Suite struct S3DocumentTests {
    @Test func `elements are found by name, their entities resolved`() {
        let document = S3Document(
            """
            <?xml version="1.0"?><List xmlns="http://s3"><Contents><Key>a&amp;b&#x2F;&#47;c</Key><Size>1</Size></Contents>
            <Contents><Key>&lt;d&gt;&quot;&apos;</Key></Contents><Empty></Empty><Open>no end</List>
            """
        )
        #expect(document.elements("Contents").map { $0["Key"] } == ["a&b//c", "<d>\"'"])
        #expect(document.elements("Contents").map { $0["Size"] } == ["1", nil])
        #expect(document["Empty"]?.isEmpty == true && document["Open"] == nil && document["Absent"] == nil)
    }

    static let dates: [(String, String?)] = [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Sat, 29 Feb 2028 00:00:00 GMT", "2028-02-29T00:00:00Z"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 CET", nil), ("", nil),
        ("Sun, 06 Nov 1994 25:49:37 GMT", nil),
    ]

    @Test(arguments: dates)
    func `dates of HTTP are read`(text: String, expected: String?) {
        #expect(Timestamp(httpDate: text) == expected.flatMap { Timestamp($0) })
    }
}
