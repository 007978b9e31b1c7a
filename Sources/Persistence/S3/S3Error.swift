internal import Orchestrator

/// What an S3 service said no with, or that it said nothing.
struct S3Error: Error {
    enum Kind: Equatable {
        /// There is no such object, or no such upload.
        case missing
        /// Nobody answers, or only with errors of its own.
        case unreachable
        /// It refuses: by whom, where or how it was asked.
        case refused
        case cancelled
    }

    var kind: Kind
    /// For the log and the operator; no key, no signature.
    var message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    var artifactError: ArtifactError {
        switch kind {
        case .missing: .notFound
        case .unreachable: .unreachable(message)
        case .refused, .cancelled: .storage(message)
        }
    }
}

extension S3Error {
    /// Codes of errors that a repetition may mend, beside all with a status of 500 and more: a body that was damaged or too
    /// slow on the way, and another request for the same object at the same time.
    private static let passing: Set<String> = [
        "RequestTimeout", "SlowDown", "TooManyRequests", "OperationAborted", "IncompleteBody", "BadDigest",
        "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
    ]

    /// Reads an answer that is no success; `isPassing` says whether the same request may succeed later.
    init(status: Int, text: String, headers: S3Reply, _ what: String, bucket: String, isPassing: inout Bool) {
        let document = S3Document(text)
        let code = document["Code"] ?? ""
        isPassing = status >= 500 || status == 429 || Self.passing.contains(code)
        let said = code.isEmpty ? "\(status)" : "\(status) \(code)"
        switch (status, code) {
        case (404, "NoSuchBucket"):
            self.init(.refused, "there is no bucket '\(bucket)' (\(said))")
        case (404, _):
            self.init(.missing, "\(what): not there (\(said))")
        case (_, "RequestTimeTooSkewed"):
            let theirs = headers["date"] ?? document["ServerTime"] ?? "another"
            self.init(.refused, "this machine's clock is wrong: the S3 service has \(theirs) (\(said))")
        case (403, "SignatureDoesNotMatch"), (403, "InvalidAccessKeyId"):
            self.init(.refused, "the S3 service does not accept storage.access_key and storage.secret_key (\(said))")
        case (403, _):
            self.init(.refused, "\(what): the key may not do this in bucket '\(bucket)' (\(said))")
        case (301, _), (307, _), (400, "AuthorizationHeaderMalformed"), (400, "PermanentRedirect"):
            let region = headers["x-amz-bucket-region"] ?? document["Region"]
            let hint = region.map { "; the bucket's region is '\($0)'" } ?? ""
            self.init(.refused, "bucket '\(bucket)' is not at this endpoint or in this region (\(said))\(hint)")
        default:
            self.init(isPassing ? .unreachable : .refused, "\(what): the S3 service answered \(said)")
        }
    }
}
