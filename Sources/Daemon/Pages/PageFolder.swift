import Orchestrator

/// Where the pages' files come from: what was built in, or for who works on them, a folder that is read at each request.
struct PageFolder: Sendable {
    /// Names the folder; no name outside the built-in files is ever read from it.
    static let variable = "ORCHESTRATOR_PAGES_DIR"

    private let path: String?

    init(environment: [String: String]) {
        path = environment[Self.variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    subscript(name: String) -> PageFile? {
        guard let file = PageFile.builtIn[name] else { return nil }
        guard let path else { return file }
        let source = ByteSource.file(path: path + "/" + name, byteCount: 0)
        guard case .success(let bytes) = ByteReader.contents(of: source) else { return nil }
        return PageFile(name: name, bytes: bytes)
    }
}
