internal import CommandLineInterface
internal import Orchestrator

/// What `generate`, `edit` and `vary` have in common: the fields of a request, made of options.
enum PictureOptions {
    static let qualities = ["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]

    static let shape = [
        CommandOption("n", short: "n", "N", .number(1...10), "how many pictures (1)"),
        CommandOption("size", short: "s", "WxH", "such as 1536x1024, or auto"),
        CommandOption("aspect-ratio", "W:H", "such as 3:2, instead of a size"),
        CommandOption("quality", short: "q", "NAME", .choice(qualities), "the tier"),
        CommandOption(
            "background",
            short: "b",
            "NAME",
            .choice(["auto", "transparent", "opaque"]),
            "behind what is drawn"
        ),
        CommandOption("format", short: "f", "NAME", .choice(["png", "jpeg", "webp"]), "the type of the files"),
        CommandOption("compression", short: "c", "N", .number(0...100), "of JPEG and WebP files, 100 being the best"),
    ]
    static let route = [
        CommandOption("model", short: "m", "NAME", "MODEL, PROVIDER/MODEL, auto or auto/POLICY; see 'settings model'"),
        CommandOption("policy", "NAME", "how providers are ranked, such as price or quality"),
        CommandOption("provider", "NAME", isRepeated: true, "only this provider; may be repeated"),
        CommandOption("max-cost", "USD", "no provider that asks for more"),
    ]
    static let more = [
        CommandOption("seed", "N", .number(0...Int(UInt32.max)), "where chance starts"),
        CommandOption("negative-prompt", "TEXT", "what must not be in the picture"),
        CommandOption("style", "NAME", "such as vivid or natural"),
        CommandOption("moderation", "NAME", .choice(["auto", "low"]), "how strictly the vendor judges"),
    ]
    /// For commands whose pictures no vendor has to keep to.
    static let fidelity = CommandOption(
        "fidelity",
        "NAME",
        .choice(["strict", "adapt", "best_effort"]),
        "what may be changed to fit a provider"
    )
    static let result = [
        CommandOption(
            "output",
            short: "o",
            "DIR",
            .directory,
            "write the pictures there, with the extensions of their types"
        ),
        CommandOption("show", "WAY", .choice(PictureWay.names), "draw in the terminal (auto)"),
        CommandOption(flag: "private", "only you may see the pictures"),
        CommandOption(flag: "public", "everybody may see the pictures"),
        CommandOption(flag: "no-wait", "print the job's id, and leave it running"),
        CommandOption("max-wait", "SECONDS", .number(1...86_400), "for the job's end (900)"),
        CommandOption("idempotency-key", "KEY", "the same key is the same job, however often it is asked for"),
    ]

    private static let texts = [
        "size": "size", "aspect-ratio": "aspect_ratio", "quality": "quality", "background": "background",
        "format": "output_format", "model": "model", "negative-prompt": "negative_prompt", "style": "style",
        "moderation": "moderation",
    ]
    private static let numbers = ["n": "n", "compression": "output_compression", "seed": "seed"]
    private static let routings = ["strict", "adapt", "best_effort"]

    /// The body of a request. The same options always give the same bytes.
    static func fields(_ call: Invocation, _ settings: Settings) -> JSONObject {
        let arguments = call.arguments
        var fields: JSONObject = [:]
        for (option, field) in texts.sorted(by: { $0.key < $1.key }) {
            fields[field] = arguments[option].map(JSON.string)
        }
        for (option, field) in numbers.sorted(by: { $0.key < $1.key }) {
            fields[field] = call.number(option).map { .integer($0) }
        }
        if fields["model"] == nil { fields["model"] = settings.file[.model].map(JSON.string) }
        var routing: JSONObject = [:]
        routing["policy"] = arguments["policy"].map(JSON.string)
        routing["max_cost_usd"] = arguments["max-cost"].map(JSON.string)
        if !arguments.all("provider").isEmpty {
            routing["providers"] = .array(arguments.all("provider").map(JSON.string))
        }
        if let fidelity = arguments["fidelity"] {
            if routings.contains(fidelity) {
                routing["fidelity"] = .string(fidelity)
            } else {
                fields["input_fidelity"] = .string(fidelity)
            }
        }
        if !routing.isEmpty { fields["routing"] = .object(routing) }
        return fields
    }

    /// What is wrong with options that exclude each other.
    static func check(_ call: Invocation) throws(CommandFailure) {
        let arguments = call.arguments
        for (one, other) in [("private", "public"), ("size", "aspect-ratio"), ("no-wait", "output")] {
            func isGiven(_ name: String) -> Bool { arguments.has(name) || arguments[name] != nil }
            if isGiven(one), isGiven(other) { throw .misuse("--\(one) and --\(other) exclude each other") }
        }
        if let cost = arguments["max-cost"], (try? MicroUSD(decimal: cost)) == nil {
            throw .misuse("--max-cost must be an amount of dollars such as 0.05, not '\(cost)'")
        }
    }
}
