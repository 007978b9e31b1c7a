import Orchestrator
import Transport

/// The answer of a plain call: the job's end in OpenAI's shape.
struct PictureAnswer {
    let service: Service
    let end: RunningJob.End

    @inline(never)  // else in the frame of everyone who waits for an answer
    func response() async -> HTTPResponse {
        let headers = ImageAnswer.headers(end.job)
        if let error = end.refusal ?? end.job.error {
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
                return .error(.unread(error, "the pictures"), path: "/v1/images")
            }
        }
    }

    /// The body with pictures in it; from the disk it is read and written on a thread that may wait.
    private func inlineBody(_ answer: ImageAnswer) async -> Result<[UInt8], ArtifactError> {
        var pictures = InlinePictures(answer: answer, pictures: [])
        do throws(ArtifactError) {
            for (index, image) in end.job.images.enumerated() {
                pictures.pictures.append(try await bytes(of: image, index))
            }
        } catch {
            return .failure(error)
        }
        guard pictures.blocks else { return pictures.body() }
        do {
            return try await service.spool.pool.run { [pictures] in pictures.body() }
        } catch {
            return .failure(.storage("no thread to read on: \(error)"))
        }
    }

    /// The bytes of a picture that the job just made, in memory where they still are, else in the storage.
    private func bytes(of image: ImageRecord, _ index: Int) async throws(ArtifactError) -> HeldBytes {
        if end.sources.indices.contains(index), case .bytes = end.sources[index] {
            return HeldBytes(source: end.sources[index])
        }
        return try await service.engine.storage.open(image.digest)
    }
}

extension RunningJob.End {
    /// What is answered where this process cannot tell the job's end; nil where it can.
    var refusal: APIError? {
        guard !job.status.isFinal else { return nil }
        if isLeft { return .draining(leaving: job.id) }
        return APIError(
            503,
            .server,
            "overloaded",
            "the end of job '\(job.id)' is not known here yet; ask for the job, or repeat the request with its key",
            retryAfter: .seconds(1)
        )
    }
}
