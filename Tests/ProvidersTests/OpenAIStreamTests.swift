import Orchestrator
import Testing

@testable import Providers

@Suite struct OpenAIStreamTests {
    private static let usage: JSON = [
        "total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
        "input_tokens_details": ["text_tokens": 10, "image_tokens": 40],
    ]

    static let events: [(String, JSON, String)] = [
        (
            "image_generation.partial_image",
            ["type": "image_generation.partial_image", "b64_json": "<blob 0>", "partial_image_index": 1],
            "partial 1 blob 0"
        ),
        ("image_edit.partial_image", ["type": "image_edit.partial_image", "b64_json": "<blob 0>"], "partial 0 blob 0"),
        (
            "image_generation.completed",
            ["type": "image_generation.completed", "b64_json": "<blob 0>", "usage": usage],
            "completed blob 0; 10 40 50 0"
        ),
        (
            "image_edit.completed", ["type": "image_edit.completed", "b64_json": "<blob 0>"],
            "completed blob 0; no usage"
        ),
        // A relay that drops the event's name, and one that drops the type.
        ("", ["type": "image_generation.completed", "b64_json": "<blob 0>"], "completed blob 0; no usage"),
        ("image_generation.completed", ["b64_json": "<blob 0>"], "completed blob 0; no usage"),
        ("image_generation.completed", ["type": "image_generation.completed"], "unusable"),
        ("", .null, "ignored"), ("ping", [:], "ignored"),
        ("image_generation.partial_image", ["type": "image_generation.partial_image"], "ignored"),
        (
            "error",
            [
                "type": "error",
                "error": [
                    "type": "image_generation_server_error", "code": "image_generation_failed", "message": "failed",
                ],
            ], "unavailable server once"
        ),
        (
            "error",
            [
                "type": "image_generation_server_error", "code": "image_generation_failed", "message": "failed",
                "param": .null,
            ],
            "unavailable server once"
        ),
        ("error", ["type": "image_generation_user_error", "code": "moderation_blocked", "message": "no"], "refused"),
        ("", ["error": ["code": "insufficient_quota", "message": "no"]], "unavailable quota"),
        ("", ["error": "something"], "unavailable server once"),
        ("image_generation.completed", ["b64_json": "<blob 0>", "error": .null], "completed blob 0; no usage"),
    ]

    @Test(arguments: events)
    func `an event means what the table says`(name: String, document: JSON, expected: String) throws {
        let adapter = try OpenAIAdapter(Sample.node())
        let call = VendorCall.create(Sample.request("gpt-image-2") { $0.partialImages = 2 }, uploads: [:])
        let text: String
        do throws(ProviderFailure) {
            switch try adapter.decode(WireEvent(name: name, document: document.withBlobs), to: call) {
            case .partial(let picture, let index): text = "partial \(index) \(Meaning.text(picture))"
            case .completed(let picture, let usage):
                let tokens = usage.map { "\($0.textInput) \($0.imageInput) \($0.imageOutput) \($0.textOutput)" }
                text = "completed \(Meaning.text(picture)); \(tokens ?? "no usage")"
            case .ignored: text = "ignored"
            }
        } catch {
            text = Meaning.text(error.kind)
        }
        #expect(text == expected)
    }
}
