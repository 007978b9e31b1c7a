import Orchestrator

/// Where the pages' files come from: what was built in, or for who works on them, a folder that is read at each request.
struct PageFolder: Sendable {
    /// Names the folder; no name outside the built-in files is ever read from it.
    static let variable = "ORCHESTRATOR_PAGES_DIR"
    private static let ending = ".html"

    private let path: String?
    /// The built-in documents by the names of their pages, put together once.
    private let documents: [String: PageFile]

    init(environment: [String: String]) {
        path = environment[Self.variable].flatMap { $0.isEmpty ? nil : $0 }
        let names = PageFile.builtIn.keys.filter { $0.hasSuffix(Self.ending) && $0 != PageLayout.fileName }
        documents = Dictionary(
            names.compactMap { name in
                let page = String(name.dropLast(Self.ending.count))
                return Self.document(page) { PageFile.builtIn[$0]?.bytes }.map { (page, $0) }
            }
        ) { first, _ in first }
    }

    /// A style sheet, script or picture; not a document, nor what documents are made of.
    subscript(name: String) -> PageFile? {
        guard !name.hasSuffix(Self.ending), let file = PageFile.builtIn[name] else { return nil }
        return path == nil ? file : bytes(name).map { PageFile(name: name, bytes: $0) }
    }

    /// The document of a page such as `gallery`.
    func document(_ page: String) -> PageFile? {
        guard let document = documents[page] else { return nil }
        return path == nil ? document : Self.document(page, bytes)
    }

    private static func document(_ page: String, _ read: (String) -> [UInt8]?) -> PageFile? {
        guard let layout = read(PageLayout.fileName), let fragment = read(page + ending),
            let bytes = PageLayout(layout).document(page, fragment: fragment)
        else { return nil }
        return PageFile(name: page + ending, bytes: bytes)
    }

    private func bytes(_ name: String) -> [UInt8]? {
        guard let path else { return nil }
        let source = ByteSource.file(path: path + "/" + name, byteCount: 0)
        guard case .success(let bytes) = ByteReader.contents(of: source) else { return nil }
        return bytes
    }
}
