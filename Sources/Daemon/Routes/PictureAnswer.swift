import Orchestrator
import Transport

/// The answer of a plain call: the job's end in OpenAI's shape.
struct PictureAnswer {
    let service: Service
    let end: RunningJob.End

    func response() async -> HTTPResponse {
        let headers = ImageAnswer.headers(end.job)
        if let error = end.job.error {
            var response = HTTPResponse.error(error, path: "/v1/images")
            response.headers += headers
            return response
        }
        let answer = ImageAnswer(end.job, link: service.link)
        switch end.job.answer.responseFormat {
        case .url: return .json(answer.body, headers: headers)
        case .base64:
            switch await inlineBody(answer) {
            case .success(let body):
                return HTTPResponse(
                    headers: [(name: "content-type", value: HTTPResponse.jsonType)] + headers,
                    body: .bytes(body)
                )
            case .failure(let error):
                return .error(.internalError("read pictures: \(error)"), path: "/v1/images")
            }
        }
    }

    /// The body with pictures in it, written straight into its bytes: a tree would hold each picture once more.
    private func inlineBody(_ answer: ImageAnswer) async -> Result<[UInt8], ArtifactError> {
        var body = JSON.object(answer.head).serialized()
        body.removeLast()
        body += Array(#","data":["#.utf8)
        for (index, image) in end.job.images.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += Array(#"{"b64_json":""#.utf8)
            switch await service.bytes(of: image, at: end.sources, index) {
            case .success(let bytes): body += Base64.encode(bytes.span)
            case .failure(let error): return .failure(error)
            }
            body.append(UInt8(ascii: "\""))
            if let prompt = image.revisedPrompt {
                body += Array(#","revised_prompt":"#.utf8)
                JSON.string(prompt).write(into: &body)
            }
            body.append(UInt8(ascii: "}"))
        }
        body += Array("],".utf8)
        body += JSON.object(answer.tail).serialized().dropFirst()
        return .success(body)
    }
}

extension Service {
    /// The bytes of a picture that a job just made, from memory where they still are, else from the storage.
    func bytes(
        of image: ImageRecord,
        at sources: [ByteSource],
        _ index: Int
    ) async -> Result<[UInt8], ArtifactError> {
        if sources.indices.contains(index), case .bytes(let bytes) = sources[index] { return .success(bytes) }
        do {
            let source = try await engine.storage.open(image.digest)
            return try await spool.pool.run { ByteReader.contents(of: source) }
        } catch let error as ArtifactError {
            return .failure(error)
        } catch {
            return .failure(.storage("no thread to read on: \(error)"))
        }
    }
}
