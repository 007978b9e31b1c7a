import Orchestrator
import Transport

extension Exchange {
    /// The media type of the body in lower case, without parameters; nil when none is named.
    var mediaType: String? {
        guard let value = request.headers["content-type"] else { return nil }
        // What nearly every client sends needs no work.
        if value == "application/json" { return value }
        return value.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }

    /// The whole body, as long as it has at most `most` bytes and as many as the registry allows; once only, unless it
    /// was kept with the exchange.
    func bytes(atMost most: Int = .max) async throws(APIError) -> [UInt8] {
        let limit = min(most, service.registry.limits.jsonBody)
        if let keptBody {
            guard keptBody.count <= limit else { throw APIError(.tooLarge, limit: limit) }
            return keptBody
        }
        do throws(BodyError) {
            return try await body.collect(upTo: limit)
        } catch {
            throw APIError(error, limit: limit)
        }
    }

    /// The body as a JSON object; a body without a type is taken for JSON, as curl users expect of an API.
    ///
    /// Throws `request_too_large` beyond `most` bytes, or beyond what the registry allows if that is less.
    func jsonObject(atMost most: Int = .max) async throws(APIError) -> JSONObject {
        try requireJSON()
        return try Self.object(in: try await bytes(atMost: most))
    }

    /// Throws 415 for a body that says it is something else.
    func requireJSON() throws(APIError) {
        if let mediaType, mediaType != "application/json", !mediaType.hasSuffix("+json") {
            throw .unsupportedMediaType("the body must be application/json, not '\(mediaType)'")
        }
    }

    /// Reads a body's bytes as a JSON object.
    static func object(in bytes: [UInt8]) throws(APIError) -> JSONObject {
        var limits = JSONLimits()
        // Fields refuse U+0000 by their own name, which says more than a place in the body.
        limits.allowsNUL = true
        let document: JSON
        do throws(JSONError) {
            document = try JSON(parsing: bytes, limits: limits)
        } catch {
            throw .invalidJSON("\(error)")
        }
        guard let object = document.object else { throw .invalidJSON("it must be an object") }
        return object
    }

    /// The fields of a body that may be JSON or a plain form. A field of a form without a value is as good as absent, and one
    /// that is given twice is refused (RFC 6749 section 3.2).
    func fields(atMost most: Int) async throws(APIError) -> FieldReader {
        guard mediaType == FormText.mediaType else { return FieldReader(try await jsonObject(atMost: most)) }
        var object = JSONObject()
        for (name, value) in FormText.pairs(try await bytes(atMost: most)[...]) {
            guard object[name] == nil else { throw .invalidValue(String(name.prefix(100)), "is given twice") }
            object[name] = value.isEmpty ? .null : .string(value)
        }
        return FieldReader(object, isForm: true)
    }

    /// The body as a form of several parts.
    func form() async throws(APIError) -> MultipartForm {
        var limits = MultipartForm.Limits()
        limits.total = Int64(service.registry.limits.upload)
        do throws(FormError) {
            return try await MultipartForm.read(
                body,
                contentType: request.headers["content-type"] ?? "",
                limits: limits,
                directory: service.spool.directory,
                pool: service.spool.pool
            )
        } catch {
            switch error {
            case .tooLarge: throw .requestTooLarge("the form has more than \(limits.total) bytes")
            case .malformed(let why):
                throw APIError(400, .invalidRequest, "invalid_value", "the form cannot be read: \(why)", param: "body")
            case .body(.altered): throw SignedRequest.refusal("the body is another one than was signed")
            case .body(let error): throw APIError(error, limit: Int(limits.total))
            case .storage(let why): throw .internalError("upload: \(why)")
            case .overloaded: throw .overloaded("too many uploads at the moment")
            }
        }
    }
}

extension APIError {
    init(_ error: BodyError, limit: Int) {
        self =
            switch error {
            case .tooLarge: .requestTooLarge("the body has more than \(limit) bytes")
            case .altered: SignedRequest.refusal("the body is another one than was signed")
            case .disconnected, .timeout, .malformed:
                APIError(400, .invalidRequest, "invalid_value", "the body did not arrive whole", param: "body")
            }
    }
}
