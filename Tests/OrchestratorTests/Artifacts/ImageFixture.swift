import Foundation

/// The small pictures in `Tests/Fixtures/images`.
enum ImageFixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/images")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }
}
