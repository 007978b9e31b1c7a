extension VendorConversation {
    /// What of a request's pictures may lie in memory at once; their text in a body takes a third more.
    private static let mostInMemory: Int64 = 64 << 20

    /// Reads the pictures of a request that lie in files, for adapters that put their bytes into a document.
    func readPictures(of request: inout ProviderRequest) async throws(ProviderFailure) {
        let pictures = request.references + [request.mask].compactMap(\.self)
        guard pictures.reduce(0, { $0 + $1.source.byteCount }) <= Self.mostInMemory else {
            throw ProviderFailure(.unavailable(.unsupported), "the pictures are too large for the vendor's document")
        }
        for index in request.references.indices {
            request.references[index].source = try await inMemory(request.references[index].source)
        }
        if let mask = request.mask { request.mask?.source = try await inMemory(mask.source) }
    }

    private func inMemory(_ source: ByteSource) async throws(ProviderFailure) -> ByteSource {
        guard case .file = source else { return source }
        let bytes: [UInt8]?
        do {
            bytes = try await services.offloading.run { source.contents() }
        } catch {
            throw ProviderFailure(.unavailable(.server(mayRepeat: true)), "no thread to read on: \(error)")
        }
        guard let bytes else {
            throw ProviderFailure(.unusable, "storage: a picture cannot be read", code: PictureIntake.storageCode)
        }
        return .bytes(bytes)
    }
}
