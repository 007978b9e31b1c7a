import FakeVendors
import Orchestrator
import Randomness

/// A customer under load, at whatever address the daemon lives.
struct Shopper: Sendable {
    let key: String
    let granted: Int
}

/// One request that a customer makes, and makes again under the same key until it is answered.
struct Order: Sendable {
    /// The prompt and the idempotency key: unique, so that vendors' calls and jobs can be told apart.
    let tag: String
    let customer: Int
    let model: String
    let tier: String
    let count: Int
    let isAsync: Bool
    let isEdit: Bool
    /// Cancelled once it is accepted.
    let isCancelled: Bool

    static func random(_ number: Int, customers: Int, _ random: inout SeededRandom) -> Order {
        let isEdit = random.happens(15)
        let model: String
        let tier: String
        if isEdit {
            (model, tier) = ("openai/gpt-image-2", "low")
        } else {
            let pins = [
                ("openai/gpt-image-2", "low"), ("stability/core", "low"), ("auto", "low"), ("auto", "medium"),
                ("replicate/black-forest-labs/flux-schnell", "low"),
                ("replicate/black-forest-labs/flux-schnell", "low"),
                ("replicate/black-forest-labs/flux-2-pro", "medium"),
            ]
            (model, tier) = pins[Int.random(in: pins.indices, using: &random)]
        }
        let isAsync = random.happens(40)
        return Order(
            tag: "order-\(number)",
            customer: Int.random(in: 0..<customers, using: &random),
            model: model,
            tier: tier,
            count: random.happens(20) ? 2 : 1,
            isAsync: isAsync,
            isEdit: isEdit,
            isCancelled: isAsync && random.happens(15)
        )
    }

    /// Sends it once; nil when the connection broke before the answer was whole.
    func send(_ client: HTTPClient) async -> ClientReply? {
        var client = client.with("idempotency-key", tag)
        if isAsync { client = client.with("prefer", "respond-async") }
        let reply: ClientReply?
        if isEdit {
            let form = FormBody().field("prompt", tag).field("model", model).field("quality", tier)
                .field("n", "\(count)").field("size", "1024x1024").field("response_format", "url")
                .file("image", PictureMaker.make(.png, width: 64, height: 64, number: 1))
            reply = try? await client.post(Scene.edits, form)
        } else {
            reply = try? await client.post(
                Scene.generations,
                [
                    "prompt": .string(tag), "model": .string(model), "quality": .string(tier),
                    "n": .integer(count), "size": "1024x1024", "response_format": "url",
                ]
            )
        }
        guard let reply, reply.isComplete else { return nil }
        return reply
    }
}
