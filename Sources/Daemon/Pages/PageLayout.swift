/// The frame that all documents of the pages share, with places for what is each one's own.
///
/// `layout.html` names such a place in double braces. The other HTML files are fragments: a line with the title, then the
/// `main` element.
struct PageLayout {
    static let fileName = "layout.html"
    /// The pages that every page links to at its top.
    private static let links = ["studio", "gallery", "history", "credits", "admin"]
    /// Pages that stand in another one's place.
    private static let standIns = ["forbidden": "admin"]

    private let text: String

    init(_ bytes: [UInt8]) {
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The whole document of the page `name`; nil where the fragment has no title, or the layout a place that is unknown.
    func document(_ name: String, fragment: [UInt8]) -> [UInt8]? {
        let lines = String(decoding: fragment, as: UTF8.self).split(separator: "\n", maxSplits: 1)
        guard lines.count == 2, lines[0].hasPrefix("<title>"), lines[0].hasSuffix("</title>") else { return nil }
        var values: [Substring: Substring] = [
            "title": lines[0].dropFirst("<title>".count).dropLast("</title>".count), "name": name[...],
            "main": lines[1].hasSuffix("\n") ? lines[1].dropLast() : lines[1],
        ]
        let here = Self.standIns[name] ?? name
        for link in Self.links { values["current \(link)"] = link == here ? " aria-current=\"page\"" : "" }
        // The script of each page shows it to administrators.
        values["hidden admin"] = here == "admin" ? "" : " hidden"
        return filled(with: values)
    }

    private func filled(with values: [Substring: Substring]) -> [UInt8]? {
        var document = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "{{") {
            guard let end = rest[start.upperBound...].firstRange(of: "}}"),
                let value = values[rest[start.upperBound..<end.lowerBound]]
            else { return nil }
            document += rest[..<start.lowerBound] + value
            rest = rest[end.upperBound...]
        }
        return Array((document + rest).utf8)
    }
}
