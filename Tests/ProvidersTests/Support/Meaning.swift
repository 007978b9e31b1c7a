import Orchestrator

/// Outcomes and failures in the words of the recorded replies.
enum Meaning {
    static func text(_ decode: () throws(ProviderFailure) -> Outcome) -> String {
        do throws(ProviderFailure) {
            return text(try decode())
        } catch {
            return text(error.kind)
        }
    }

    static func text(_ outcome: Outcome) -> String {
        switch outcome {
        case .pictures(let pictures, let usage):
            let tokens = usage.map { "usage \($0.textInput) \($0.imageInput) \($0.imageOutput) \($0.textOutput)" }
            return "pictures \(pictures.map(text).joined(separator: ", ")); \(tokens ?? "no usage")"
        case .pending(let handle, let after):
            return "pending \(handle.pollURL)" + (after.map { " after \($0.milliseconds)" } ?? "")
        case .ready(let handle): return "ready \(handle.collectURL ?? "")"
        case .uploaded(let name): return "uploaded \(name)"
        case .canceled: return "canceled"
        }
    }

    static func text(_ picture: VendorPicture) -> String {
        let source =
            switch picture.source {
            case .blob(let blob): "blob \(blob.index)"
            case .base64(let text): "base64 \(text)"
            case .url(let url, let authenticated): (authenticated ? "own url " : "url ") + url
            }
        return source + (picture.seed.map { " seed \($0)" } ?? "")
    }

    static func text(_ kind: FailureKind) -> String {
        switch kind {
        case .rejected: "rejected"
        case .refused: "refused"
        case .unusable: "unusable"
        case .unknown(let how): "unknown \(how.rawValue)"
        case .unavailable(let why):
            switch why {
            case .rateLimited(let pause): "unavailable rate" + (pause.map { " \($0.milliseconds)" } ?? "")
            case .quota: "unavailable quota"
            case .credential: "unavailable credential"
            case .model: "unavailable model"
            case .unsupported: "unavailable unsupported"
            case .server(let mayRepeat): "unavailable server " + (mayRepeat ? "again" : "once")
            case .connection: "unavailable connection"
            }
        }
    }
}
