/// Takes the bytes of a streamed response; usable until the closure it was given to returns.
package struct HTTPBodyWriter: Sendable {
    let connection: Connection
    let request: UInt64
    let isChunked: Bool

    /// Sends bytes, at once as far as the client takes them; suspends while more than the high-water mark waits.
    ///
    /// Throws `disconnected` when the client is gone or has taken nothing for too long.
    package func write(_ bytes: [UInt8]) async throws(BodyError) {
        if bytes.isEmpty { return }
        if connection.loop.isCurrent {
            return try await connection.write(bytes, isChunked: isChunked, request: request)
        }
        try await withTaskExecutorPreference(connection.loop) { await writeOnLoop(bytes) }.get()
    }

    package func write(_ text: String) async throws(BodyError) {
        try await write(Array(text.utf8))
    }

    /// Returns when the kernel has taken every byte, so that nothing waits in this process.
    package func flush() async throws(BodyError) {
        if connection.loop.isCurrent { return try await connection.drain(to: 0) }
        try await withTaskExecutorPreference(connection.loop) { await flushOnLoop() }.get()
    }

    @concurrent private func writeOnLoop(_ bytes: [UInt8]) async -> Result<Void, BodyError> {
        do throws(BodyError) {
            return .success(try await connection.write(bytes, isChunked: isChunked, request: request))
        } catch {
            return .failure(error)
        }
    }

    @concurrent private func flushOnLoop() async -> Result<Void, BodyError> {
        do throws(BodyError) {
            return .success(try await connection.drain(to: 0))
        } catch {
            return .failure(error)
        }
    }
}
