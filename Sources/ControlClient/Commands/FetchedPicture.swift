internal import Orchestrator

/// A picture of the server in this program's memory, known to be whole.
struct FetchedPicture {
    let bytes: [UInt8]
    /// As the bytes have it.
    let format: ImageFormat

    init(_ bytes: [UInt8], called name: String) throws(CommandFailure) {
        var inspector = ImageInspector()
        do throws(ImageDefect) {
            try inspector.consume(bytes.span)
            format = try inspector.finish().format
        } catch {
            throw .failure("\(name) is no whole picture: \(error.message)")
        }
        self.bytes = bytes
    }

    /// Downloads an image by its id.
    static func image(_ id: String, _ api: API) throws(CommandFailure) -> FetchedPicture {
        var request = api.request("GET", "/v1/images/\(API.escaped(id))/content")
        request.timeLimit = nil
        request.silenceLimit = .seconds(60)
        return try FetchedPicture(try api.checked(try api.reply(request)).body, called: id)
    }

    /// Writes the picture into a directory, with the extension of its true type; the path.
    func save(in directory: String, as name: String) throws(CommandFailure) -> String {
        try FileBytes.makeDirectories(directory, mode: 0o777)
        var base = directory
        while base.count > 1, base.hasSuffix("/") { base.removeLast() }
        let path = base == "/" ? "/\(name)" : "\(base)/\(name)"
        let whole = "\(path).\(format.fileExtension)"
        try FileBytes.write(bytes, to: whole, mode: 0o666)
        return whole
    }
}
