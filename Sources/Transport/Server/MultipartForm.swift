/// Why a form could not be read.
package enum FormError: Error, Equatable {
    /// The request's body ended early or its framing is broken.
    case body(BodyError)
    /// Not a form, or a broken one; the text may be shown to its sender.
    case malformed(String)
    /// The whole form or one of its text fields is longer than allowed.
    case tooLarge
    /// A temporary file could not be written; for the log.
    case storage(String)
    /// Too much waits for the threads that write files; try later.
    case overloaded
}

/// A `multipart/form-data` body, read whole: text fields in memory, large files in a directory.
package struct MultipartForm: Sendable {
    package struct Limits: Sendable {
        /// Bytes of the whole body.
        package var total: Int64 = 64 << 20
        /// Bytes of one text field.
        package var field = 1 << 20
        /// A file over this size goes to the disk.
        package var fileInMemory = 256 << 10
        package var parser = MultipartParser.Limits()

        package init() {}
    }

    /// The parts without a file name, in the order they came.
    package private(set) var fields: [(name: String, value: String)] = []
    /// The parts with a file name, in the order they came.
    package private(set) var files: [UploadedFile] = []

    /// The value of the first field of that name.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Reads a request's body; `directory` gets the temporary files, written by `pool`.
    package static func read(
        _ body: HTTPBody,
        contentType: String,
        limits: Limits = Limits(),
        directory: String,
        pool: BlockingPool
    ) async throws(FormError) -> MultipartForm {
        if let length = body.announcedLength, length > limits.total { throw .tooLarge }
        return try await read(contentType: contentType, limits: limits, directory: directory, pool: pool) {
            () async throws(BodyError) in try await body.next()
        }
    }

    static func read(
        contentType: String,
        limits: Limits,
        directory: String,
        pool: BlockingPool,
        next: () async throws(BodyError) -> [UInt8]?
    ) async throws(FormError) -> MultipartForm {
        var reader: Reader
        do throws(MultipartError) {
            reader = Reader(
                parser: MultipartParser(boundary: try MultipartParser.boundary(of: contentType), limits: limits.parser),
                limits: limits,
                directory: directory,
                pool: pool
            )
        } catch {
            throw .malformed(error.description)
        }
        while true {
            let piece: [UInt8]?
            do throws(BodyError) { piece = try await next() } catch {
                throw error == .tooLarge ? .tooLarge : .body(error)
            }
            guard let piece else { return try reader.finish() }
            try await reader.take(piece)
        }
    }

    private struct Reader {
        private enum Part {
            case none
            case field(String, [UInt8])
            case file(UploadSpool)
        }

        var parser: MultipartParser
        let limits: Limits
        let directory: String
        let pool: BlockingPool
        private var form = MultipartForm()
        private var part = Part.none
        private var received: Int64 = 0

        init(parser: MultipartParser, limits: Limits, directory: String, pool: BlockingPool) {
            self.parser = parser
            self.limits = limits
            self.directory = directory
            self.pool = pool
        }

        mutating func take(_ piece: [UInt8]) async throws(FormError) {
            received += Int64(piece.count)
            if received > limits.total { throw .tooLarge }
            parser.append(piece)
            while let event = try nextEvent() {
                switch event {
                case .partBegin(let part): begin(part)
                case .partData(let bytes): try await append(bytes)
                case .partEnd: try await end()
                case .end: break
                }
            }
        }

        func finish() throws(FormError) -> MultipartForm {
            do throws(MultipartError) { try parser.finish() } catch { throw .malformed(error.description) }
            return form
        }

        private mutating func nextEvent() throws(FormError) -> MultipartParser.Event? {
            do throws(MultipartError) { return try parser.next() } catch { throw .malformed(error.description) }
        }

        private mutating func begin(_ part: MultipartPart) {
            self.part =
                part.filename == nil
                ? .field(part.name, [])
                : .file(
                    UploadSpool(part: part, directory: directory, threshold: limits.fileInMemory, pool: pool)
                )
        }

        private mutating func append(_ bytes: ArraySlice<UInt8>) async throws(FormError) {
            // Taken out while it grows, so that its array is not shared and not copied.
            let taken = part
            part = .none
            switch consume taken {
            case .none: break
            case .field(let name, var value):
                guard bytes.count <= limits.field - value.count else { throw .tooLarge }
                value.append(contentsOf: bytes)
                part = .field(name, value)
            case .file(var spool):
                try await spool.append(bytes)
                part = .file(spool)
            }
        }

        private mutating func end() async throws(FormError) {
            defer { part = .none }
            switch part {
            case .none: break
            case .field(let name, let value):
                guard let text = String(validating: value, as: UTF8.self) else {
                    throw .malformed("the field '\(name)' is not UTF-8")
                }
                form.fields.append((name, text))
            case .file(var spool): form.files.append(try await spool.finish())
            }
        }
    }
}
