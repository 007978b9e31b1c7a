import Foundation
import Orchestrator
import Testing

/// What the documents say about keys and files, held against the program and the folder.
@Suite(.timeLimit(.minutes(2))) struct DocumentationTests {
    static let documents = [
        "README.md", "docs/accounts.md", "docs/adapters.md", "docs/alerts.md", "docs/command-line.md",
        "docs/configuration.md", "docs/fidelity.md", "docs/http-adapter.md", "docs/pages.md", "docs/payments.md",
        "examples/custom-provider/README.md",
    ]

    @Test func `every key of the schema is described`() async throws {
        let answer = try await DaemonProcess.command(["schema"])
        #expect(answer.status == 0)
        let schema = try JSON(parsing: Array(answer.output.utf8))
        var text = ""
        for name in ["docs/configuration.md", "docs/http-adapter.md"] {
            text += try String(contentsOf: Shell.root.appending(path: name), encoding: .utf8)
        }
        let keys = Self.keys(in: schema)
        #expect(keys.count > 80, "this is not the whole schema")
        for key in keys.sorted() { #expect(text.contains("`\(key)`"), "no document says anything of \(key)") }
    }

    /// The names of all properties, at any depth.
    private static func keys(in schema: JSON) -> Set<String> {
        switch schema {
        case .object(let members):
            var keys: Set<String> = []
            for member in members {
                // A property may itself be called `properties`; none is.
                if member.key == "properties", let properties = member.value.object {
                    keys.formUnion(properties.map(\.key))
                }
                keys.formUnion(Self.keys(in: member.value))
            }
            return keys
        case .array(let elements): return elements.reduce(into: []) { $0.formUnion(Self.keys(in: $1)) }
        case .null, .bool, .number, .string, .blob: return []
        }
    }

    @Test(arguments: documents)
    func `links lead to files and headings that exist`(name: String) throws {
        let file = Shell.root.appending(path: name)
        let text = try String(contentsOf: file, encoding: .utf8)
        for link in text.matches(of: /\]\(([^)]+)\)/).map({ String($0.output.1) }) where !link.hasPrefix("http") {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let target = parts[0].isEmpty ? file : file.deletingLastPathComponent().appending(path: parts[0])
            #expect(FileManager.default.fileExists(atPath: target.path), "\(name): no file \(link)")
            guard parts.count == 2 else { continue }
            #expect(try Self.anchors(of: target).contains(String(parts[1])), "\(name): no heading \(link)")
        }
    }

    /// What links call a document's headings.
    private static func anchors(of file: URL) throws -> [String] {
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        return lines.filter { $0.hasPrefix("#") }.map { heading in
            let title = heading.drop { $0 == "#" || $0 == " " }.lowercased().filter { $0 != "`" && $0 != "," }
            return title.replacingOccurrences(of: " ", with: "-")
        }
    }

    @Test(arguments: documents)
    func `configuration examples of a whole file are sound`(name: String) async throws {
        let file = Shell.root.appending(path: name)
        let environment = ["OPENAI_API_KEY": "x", "STABILITY_API_KEY": "x", "REPLICATE_API_TOKEN": "x"]
        for block in try MarkdownBlock.all(in: file) where block.language == "yaml" {
            guard block.text.hasPrefix("version: 1") else { continue }
            let written = try DaemonProcess(block.text)
            let answer = try await DaemonProcess.command(
                ["check", written.configurationPath],
                environment: environment
            )
            #expect(answer.status == 0, "\(name):\(block.line): \(answer.output)")
        }
    }
}
