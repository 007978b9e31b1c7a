/// Why the body of a request could not be read to its end.
package enum BodyError: Error, Equatable {
    /// Longer than the reader allows.
    case tooLarge
    /// The client left, or the request has been answered already.
    case disconnected
    /// The client sent nothing for too long, or far too slowly.
    case timeout
    /// The framing is broken; the text is for the log.
    case malformed(String)
    /// It came whole and is not the one that was promised.
    case altered
}

/// Watches a body go by, and tells at its end whether it was the one that was promised.
package protocol BodyWitness: Sendable {
    /// The next bytes.
    func take(_ piece: [UInt8])
    /// Called once there are no more.
    func isAsPromised() -> Bool
}

/// The body of a request, read piece by piece as it arrives; not reading holds the client back.
///
/// One reader at a time. Nothing can be read once the request has been answered.
package struct HTTPBody: Sendable {
    let connection: Connection
    /// Which of the connection's requests this body belongs to.
    let request: UInt64
    private var witness: (any BodyWitness)?

    init(connection: Connection, request: UInt64, announcedLength: Int64?) {
        self.connection = connection
        self.request = request
        self.announcedLength = announcedLength
    }

    /// The same body, whose end throws `altered` where the witness says so.
    package func watched(by witness: any BodyWitness) -> HTTPBody {
        var copy = self
        copy.witness = witness
        return copy
    }

    /// The next piece, of at most 64 KiB, never empty; nil at the end. The first call answers `Expect: 100-continue`.
    package func next() async throws(BodyError) -> [UInt8]? {
        guard let witness else { return try await read() }
        let piece = try await read()
        if let piece {
            witness.take(piece)
        } else if !witness.isAsPromised() {
            throw .altered
        }
        return piece
    }

    private func read() async throws(BodyError) -> [UInt8]? {
        if connection.loop.isCurrent { return try await connection.nextBodyPiece(of: request) }
        let result = await withTaskExecutorPreference(connection.loop) { await piece() }
        return try result.get()
    }

    /// The whole rest of the body, for small ones; throws `tooLarge` beyond `limit` bytes, before reading if announced.
    package func collect(upTo limit: Int) async throws(BodyError) -> [UInt8] {
        var collected: [UInt8] = []
        if let length = announcedLength {
            if length > Int64(limit) { throw .tooLarge }
            collected.reserveCapacity(Int(length))
        }
        while let piece = try await next() {
            if piece.count > limit - collected.count { throw .tooLarge }
            if collected.isEmpty, piece.count >= collected.capacity {
                collected = piece
            } else {
                collected.append(contentsOf: piece)
            }
        }
        return collected
    }

    /// The length that `Content-Length` announces; 0 without a body, nil when it is chunked.
    package let announcedLength: Int64?

    @concurrent private func piece() async -> Result<[UInt8]?, BodyError> {
        do throws(BodyError) {
            return .success(try await connection.nextBodyPiece(of: request))
        } catch {
            return .failure(error)
        }
    }
}
