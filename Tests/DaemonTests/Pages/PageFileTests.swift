import Foundation
import Orchestrator
import Testing

@testable import Daemon

/// The files of the pages, as they are built in.
@Suite struct PageFileTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/CPages/files")

    @Test func `every file of the folder is built in as it is`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(names) == Set(PageFile.builtIn.keys))
        for name in names {
            let bytes = Array(try Data(contentsOf: Self.folder.appending(path: name)))
            #expect(PageFile.builtIn[name]?.bytes == bytes, "\(name)")
        }
    }

    /// The documents of all pages, as they are served.
    private static func documents() throws -> [PageFile] {
        let pages = PageFolder(environment: [:])
        let names = PageFile.builtIn.keys.filter { $0.hasSuffix(".html") && $0 != PageLayout.fileName }
        #expect(names.count == 8)
        return try names.map { try #require(pages.document(String($0.dropLast(5))), "\($0)") }
    }

    @Test func `a document is the layout with a title, a script and a content of its own`() throws {
        for file in try Self.documents() {
            let page = file.name.dropLast(5)
            let text = String(decoding: file.bytes, as: UTF8.self)
            #expect(text.hasPrefix("<!doctype html>") && text.hasSuffix("</html>\n") && !text.contains("{{"), "\(page)")
            for once in ["<title>", " · Orchestrator</title>", "src=\"pages/\(page).js\"", "<main ", "</main>\n"] {
                #expect(text.components(separatedBy: once).count == 2, "\(page): \(once)")
            }
            let current = text.matches(of: /<a href="([^"]+)"[^>]* aria-current="page">/).map { String($0.output.1) }
            switch page {
            case "studio": #expect(current == ["./"])
            case "gallery", "history", "credits", "admin": #expect(current == [String(page)])
            case "forbidden": #expect(current == ["admin"])
            default: #expect(current.isEmpty, "\(page)")
            }
            #expect(text.contains("id=\"admin-link\" hidden>") == (current != ["admin"]), "\(page)")
        }
        let pages = PageFolder(environment: [:])
        #expect(pages.document("layout") == nil && pages.document("nothing") == nil && pages["gallery.html"] == nil)
    }

    @Test func `what does not fit together is no document`() {
        let fragment = Array("<title>A</title>\n<main>b</main>\n".utf8)
        let layout = { (text: String) in PageLayout(Array(text.utf8)) }
        #expect(layout("<{{title}}|{{main}}>").document("x", fragment: fragment) == Array("<A|<main>b</main>>".utf8))
        for text in ["{{other}}", "{{title", "{{title}} {{"] {
            #expect(layout(text).document("x", fragment: fragment) == nil, "\(text)")
        }
        #expect(layout("{{main}}").document("x", fragment: Array("<main>b</main>\n".utf8)) == nil)
    }

    @Test func `documents hold no code, no style and no address of another host`() throws {
        for file in try PageFile.builtIn.values + Self.documents() {
            let text = String(decoding: file.bytes, as: UTF8.self)
            for address in text.matches(of: /https?:\/\/[^"' )]+/).map({ String($0.output) }) {
                #expect(address == "http://www.w3.org/2000/svg", "\(file.name): \(address)")
            }
            guard file.name.hasSuffix(".html") else { continue }
            for match in text.matches(of: /<script[^>]*>/) {
                #expect(match.output.contains("src=\"pages/"), "\(file.name)")
            }
            #expect(
                !text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="),
                "\(file.name)"
            )
        }
    }

    @Test func `a folder of one's own is read only for files that there are`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("new".utf8).write(to: folder.appending(path: "app.css"))
        try Data("secret".utf8).write(to: folder.appending(path: "other.css"))
        let pages = PageFolder(environment: [PageFolder.variable: folder.path])
        #expect(pages["app.css"]?.bytes == Array("new".utf8))
        #expect(pages["other.css"] == nil && pages["../app.css"] == nil && pages["studio.js"] == nil)
        #expect(pages.document("gallery") == nil)
        try Data("<{{title}}>{{main}}".utf8).write(to: folder.appending(path: "layout.html"))
        try Data("<title>New</title>\n<main></main>".utf8).write(to: folder.appending(path: "gallery.html"))
        #expect(pages.document("gallery")?.bytes == Array("<New><main></main>".utf8))
        #expect(PageFolder(environment: [:])["app.css"]?.bytes == PageFile.builtIn["app.css"]?.bytes)
    }

    static let visits:
        [(setting: String, listen: String, publicURL: String, host: String?, forwarded: Bool, isAdmitted: Bool)] = [
            ("loopback", "127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", false, true),
            ("loopback", "127.0.0.1:0", "http://127.0.0.1:4711", "localhost:4711", false, true),
            ("loopback", "[::1]:8080", "http://[::1]:8080", "[::1]:8080", false, true),
            ("loopback", "0.0.0.0:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", false, false),
            ("loopback", "127.0.0.1:8080", "https://pictures.example", "127.0.0.1:8080", false, false),
            ("loopback", "127.0.0.1:8080", "http://127.0.0.1:8080", "evil.test:8080", false, false),
            ("loopback", "127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1.evil.test", false, false),
            ("loopback", "127.0.0.1:8080", "http://127.0.0.1:8080", nil, false, false),
            ("loopback", "127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", true, false),
            ("always", "0.0.0.0:8080", "https://pictures.example", "pictures.example", true, true),
            ("never", "127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", false, false),
        ]

    @Test(arguments: visits)
    func `visitors are admitted as the table says`(
        visit: (setting: String, listen: String, publicURL: String, host: String?, forwarded: Bool, isAdmitted: Bool)
    ) throws {
        let isAdmitted = Visitors.areAdmitted(
            try #require(.init(rawValue: visit.setting)),
            listen: visit.listen,
            publicURL: visit.publicURL,
            host: visit.host,
            isForwarded: visit.forwarded
        )
        #expect(isAdmitted == visit.isAdmitted)
    }
}
