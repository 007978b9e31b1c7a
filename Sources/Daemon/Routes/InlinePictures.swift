import Orchestrator

/// An answer's body with its pictures in it as base64, written straight into its bytes: a tree of JSON would hold each
/// picture once more, and so would an array that grows.
struct InlinePictures: Sendable {
    var answer: ImageAnswer
    /// The pictures' bytes, in the order of the job's images.
    var pictures: [HeldBytes]

    /// Read at once from a file; a multiple of three, so that no piece leaves a rest for the next.
    private static let pieceSize = 3 << 18
    /// What one picture's members take besides its digits, at a guess; a long prompt costs one more allocation.
    private static let membersSize = 256

    /// Whether `body` waits for a disk.
    var blocks: Bool {
        pictures.contains { picture in
            if case .file = picture.source { true } else { false }
        }
    }

    func body() -> Result<[UInt8], ArtifactError> {
        do throws(ArtifactError) {
            return .success(try written())
        } catch {
            return .failure(error)
        }
    }

    private func written() throws(ArtifactError) -> [UInt8] {
        let tail = JSON.object(answer.tail).serialized()
        var body = JSON.object(answer.head).serialized()
        body.reserveCapacity(
            pictures.reduce(body.count + tail.count + Self.membersSize) { sum, picture in
                sum + Base64.encodedCount(of: Int(picture.source.byteCount)) + Self.membersSize
            }
        )
        body.removeLast()
        body += #","data":["#.utf8
        for (index, (image, picture)) in zip(answer.job.images, pictures).enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += #"{"b64_json":""#.utf8
            var encoder = Base64Encoder()
            try ByteReader.forEachChunk(of: picture.source, size: Self.pieceSize) { piece throws(ArtifactError) in
                encoder.encode(piece, into: &body)
            }
            encoder.finish(into: &body)
            body.append(UInt8(ascii: "\""))
            if let prompt = image.revisedPrompt {
                body += #","revised_prompt":"#.utf8
                JSON.string(prompt).write(into: &body)
            }
            body.append(UInt8(ascii: "}"))
        }
        body += "],".utf8
        body += tail.dropFirst()
        return body
    }
}
