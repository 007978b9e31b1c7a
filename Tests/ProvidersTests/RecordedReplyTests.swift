import Orchestrator
import Testing

@testable import Providers

@Suite struct RecordedReplyTests {
    @Test(arguments: try RecordedReply.all("openai"))
    func `an OpenAI reply means what its record says`(record: RecordedReply) throws {
        let adapter = try OpenAIAdapter(Sample.node())
        let call = VendorCall.create(Sample.request("gpt-image-2"), uploads: [:])
        #expect(
            Meaning.text { () throws(ProviderFailure) in try adapter.decode(record.reply, to: call) } == record.means
        )
    }

    @Test(arguments: try RecordedReply.all("stability"))
    func `a Stability reply means what its record says`(record: RecordedReply) throws {
        let adapter = try StabilityAdapter(Sample.node())
        let id = "a6dc6c6e20acda010fe14d71f180658f2896ed9b4ec25aa99a6ff06c796987c4"
        let handle = VendorHandle(id: id, pollURL: "https://api.stability.ai/v2beta/results/" + id)
        let call: VendorCall =
            switch record.call {
            case "poll": .poll(handle)
            case "create async": .create(Sample.request("upscale-creative"), uploads: [:])
            default: .create(Sample.request("core"), uploads: [:])
            }
        #expect(
            Meaning.text { () throws(ProviderFailure) in try adapter.decode(record.reply, to: call) } == record.means
        )
    }

    @Test(arguments: try RecordedReply.all("replicate"))
    func `a Replicate reply means what its record says`(record: RecordedReply) throws {
        let adapter = try ReplicateAdapter(Sample.node())
        let handle = VendorHandle(id: "gm3q", pollURL: "https://api.replicate.com/v1/predictions/gm3q")
        let call: VendorCall =
            switch record.call {
            case "poll": .poll(handle)
            case "cancel": .cancel(handle)
            case "upload": .upload(Sample.picture())
            default: .create(Sample.request("black-forest-labs/flux-schnell"), uploads: [:])
            }
        #expect(
            Meaning.text { () throws(ProviderFailure) in try adapter.decode(record.reply, to: call) } == record.means
        )
    }

    @Test func `a vendor's words reach the log short, on one line and without keys`() {
        let quote = VendorQuote("Incorrect API key provided: sk-abc***wxyz.\r\n\u{1B}[31mYou \tcan find r8_x")
            .description
        #expect(quote == "Incorrect API key provided: [key] [31mYou can find [key]")
        #expect(VendorQuote(String(repeating: "x", count: 10_000)).description.count == 400)
    }
}
