package import Orchestrator

/// One request that a vendor received, and what became of it.
package struct Call: Sendable {
    package let number: Int
    package let request: FakeRequest
    /// Whether it asks for pictures.
    package var isCreate = false
    /// 0 until answered, and for calls that never are.
    package var status = 0
    /// Why the vendor would not take it; nil for valid calls.
    package var invalid: String?
    package var chargedMicroUSD = 0
    package var isFinished = false

    /// The body as JSON.
    package var json: JSON? { try? JSON(parsing: request.body) }

    /// The body as a form.
    package var form: FormBody? {
        try? FormBody(parsing: request.body, contentType: request.header("content-type") ?? "")
    }
}

extension Call: CustomStringConvertible {
    package var description: String {
        "\(request.method) \(request.path) -> \(status)" + (invalid.map { ", invalid: \($0)" } ?? "")
    }
}
