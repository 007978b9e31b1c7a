import Orchestrator

@testable import Providers

/// Requests, pictures and configuration as the tests write them.
enum Sample {
    static let key = "sk-SECRET-r8_SECRET"

    static func request(
        _ model: String,
        _ operation: Operation = .generate,
        _ change: (inout ProviderRequest) -> Void = { _ in }
    ) -> ProviderRequest {
        var request = ProviderRequest(
            model: model,
            operation: operation,
            prompt: operation == .variation ? "" : "a red fox",
            tier: .low,
            timeLimit: .seconds(90)
        )
        change(&request)
        return request
    }

    /// A picture of so many bytes; its bytes are no picture, which no adapter notices.
    static func picture(
        _ digest: String = "d1",
        bytes: Int = 3,
        format: ImageFormat = .png,
        width: Int = 512,
        height: Int = 512
    ) -> InputImage {
        InputImage(
            source: .bytes([UInt8](repeating: 7, count: bytes)),
            format: format,
            size: size(width, height),
            hasAlpha: false,
            digest: digest
        )
    }

    /// A picture that lies in a file.
    static func filed(_ digest: String = "f1", bytes: Int64 = 1000) -> InputImage {
        var picture = picture(digest)
        picture.source = .file(path: "/tmp/none", byteCount: bytes)
        return picture
    }

    static func size(_ width: Int, _ height: Int) -> PixelSize {
        PixelSize(width: width, height: height) ?? PixelSize.tiny
    }

    static func ratio(_ text: String) -> AspectRatio {
        AspectRatio(text) ?? PixelSize.tiny.ratio
    }

    /// A provider's entry; the key is there, and must come out nowhere.
    static func node(_ document: JSON = [:]) -> ConfigNode {
        var members = document.object ?? [:]
        members["api_key"] = .string(key)
        return ConfigNode(.object(members), path: "providers.it")
    }
}

extension PixelSize {
    fileprivate static let tiny: PixelSize = {
        guard let size = PixelSize(width: 1, height: 1) else { preconditionFailure("1x1 is a size") }
        return size
    }()
}

extension ConfigNode {
    /// A document as the loader of the configuration would have read it.
    init(_ document: JSON, path: String) {
        let content: Content
        switch document {
        case .null, .blob: content = .null
        case .bool(let value): content = .scalar(Scalar(text: "\(value)", source: "\(value)"))
        case .number(let number): content = .scalar(Scalar(text: number.text, source: number.text))
        case .string(let text): content = .scalar(Scalar(text: text, source: text))
        case .array(let elements):
            content = .sequence(elements.enumerated().map { ConfigNode($1, path: "\(path)[\($0)]") })
        case .object(let members):
            content = .mapping(
                members.map { name, value in
                    Entry(name: name, line: 1, column: 1, value: ConfigNode(value, path: "\(path).\(name)"))
                }
            )
        }
        self.init(file: "providers.yaml", line: 1, column: 1, path: path, content: content)
    }
}

extension WireRequest {
    /// The text parts of a form, in order, and its files as `<name> <file name> <type>`.
    var formLines: [String] {
        guard case .form(let parts) = body else { return [] }
        return parts.map { part in
            switch part.content {
            case .text(let text): "\(part.name)=\(text)"
            case .file(_, let name, let mediaType): "\(part.name)=<\(name) \(mediaType)>"
            }
        }
    }

    /// The body as compact JSON text, empty for anything else.
    var jsonText: String {
        if case .json(let document) = body { document.text } else { "" }
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Everything that the transport would send, as one text in which a secret would be found.
    var everything: String {
        let lines = headers.map { "\($0.name): \($0.value)" } + formLines + [jsonText, body.preview.text]
        return "\(method.rawValue) \(url)\n" + lines.joined(separator: "\n")
    }
}
