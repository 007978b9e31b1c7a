import Orchestrator
import Randomness

/// Makes records with every field set or absent at random, from a seed.
struct JobGenerator {
    var random: SeededRandom
    /// Later records get later times, so that ids ascend.
    private(set) var now = Timestamp(milliseconds: 1_790_000_000_000)

    init(seed: Int) { random = SeededRandom(seed: seed) }

    mutating func id<ID: RecordID>(_ type: ID.Type = ID.self) -> ID {
        now.milliseconds += Int64.random(in: 1...5000, using: &random)
        return ID(time: now, random: (random.next(), random.next()))
    }

    private mutating func chance() -> Bool { Bool.random(using: &random) }

    private mutating func maybe<Value>(_ make: (inout JobGenerator) -> Value) -> Value? {
        chance() ? make(&self) : nil
    }

    private mutating func any<Case: CaseIterable>(_: Case.Type) -> Case {
        let cases = Array(Case.allCases)
        return cases[Int.random(in: 0..<cases.count, using: &random)]
    }

    private mutating func text() -> String {
        let pieces = ["", "a", "Ünïcödé", "e\u{301}", "日本", "\"\\/", "\n\t", "👩‍👩‍👧", "' OR 1=1 --", "%_?", " "]
        return (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
            .joined()
    }

    private mutating func number() -> Int64 {
        let edges: [Int64] = [0, 1, -1, .max, .min, 1 << 53 + 1, 999_999]
        return edges.randomElement(using: &random) ?? 0
    }

    private mutating func time() -> Timestamp {
        Timestamp(milliseconds: now.milliseconds + Int64.random(in: 0...1_000_000, using: &random))
    }

    private mutating func usage() -> TokenUsage {
        TokenUsage(textInput: Int(number().magnitude >> 1), imageInput: 3, imageOutput: 0, textOutput: 12)
    }

    private mutating func json(depth: Int = 0) -> JSON {
        switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &random) {
        case 0: .null
        case 1: .bool(chance())
        case 2: .number(JSONNumber(number()))
        case 3:
            .number(
                JSONNumber(
                    text: ["1.0", "0.1e-7", "-0", "12345678901234567890.5"].randomElement(using: &random) ?? "1"
                ) ?? 1
            )
        case 4: .string(text())
        case 5: .array((0..<3).map { _ in json(depth: depth + 1) })
        default: .object(object(depth: depth + 1))
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        var object = JSONObject()
        for index in 0..<Int.random(in: 0...20, using: &random) {
            object.set("k\(index)" + text(), json(depth: depth + 1))
        }
        return object
    }

    mutating func attempt(_ n: Int) -> AttemptRecord {
        var attempt = AttemptRecord(
            n: n,
            provider: ["openai", "stability", text()].randomElement(using: &random) ?? "",
            model: text(),
            tier: any(Tier.self),
            count: 3,
            started: time()
        )
        attempt.ended = maybe { $0.time() }
        attempt.outcome = maybe { $0.any(AttemptOutcome.self) }
        attempt.label = maybe { $0.text() }
        attempt.cost = MicroUSD(micros: Int64.random(in: 0...1_000_000, using: &random))
        attempt.delivered = Int.random(in: 0...10, using: &random)
        attempt.handle = maybe { generator in
            VendorHandle(
                id: generator.text(),
                pollURL: "https://a/" + generator.text(),
                collectURL: generator.maybe { $0.text() },
                cancelURL: generator.maybe { $0.text() }
            )
        }
        attempt.usage = maybe { $0.usage() }
        attempt.isPaidByCaller = chance()
        attempt.reckoning = maybe { generator in
            Reckoning(
                quoted: MicroUSD(micros: Int64.random(in: 0...1_000_000, using: &generator.random)),
                billed: MicroUSD(micros: Int64.random(in: 0...1_000_000, using: &generator.random))
            )
        }
        return attempt
    }

    mutating func image(of job: JobRecord, _ index: Int) -> ImageRecord {
        let size = PixelSize(width: Int.random(in: 1...65_535, using: &random), height: 1024)
        let facts = ImageFacts(
            format: any(ImageFormat.self),
            width: 1,
            height: 1,
            hasAlpha: chance(),
            byteCount: number().magnitudeBounded
        )
        var image = ImageRecord(
            id: id(),
            job: job.id,
            owner: job.owner,
            index: index,
            created: time(),
            digest: String(repeating: "0123456789abcdef", count: 4),
            facts: facts,
            size: size ?? PixelSize.smallest,
            provider: text(),
            model: text(),
            tier: any(Tier.self),
            cost: MicroUSD(micros: 53_000),
            isPublic: chance()
        )
        image.seed = maybe { $0.random.next() }
        image.revisedPrompt = maybe { $0.text() }
        image.provenance = maybe { $0.any(Provenance.self) }
        image.original = maybe { OriginalFile(digest: $0.text(), format: $0.any(ImageFormat.self)) }
        return image
    }

    mutating func job(owner: UserID? = nil, status: JobStatus? = nil) -> JobRecord {
        let owner = owner ?? id(UserID.self)
        let id = id(JobID.self)
        var facts = AnswerFacts(
            responseFormat: any(ResponseFormat.self),
            format: any(ImageFormat.self),
            background: any(Background.self)
        )
        facts.tier = maybe { $0.any(Tier.self) }
        facts.usage = maybe { $0.usage() }
        var job = JobRecord(
            id: id,
            owner: owner,
            requestID: text(),
            operation: any(Operation.self),
            created: now,
            request: object(depth: 0),
            policy: text(),
            answer: facts
        )
        job.status = status ?? any(JobStatus.self)
        job.key = maybe { $0.id() }
        job.started = maybe { $0.time() }
        job.finished = maybe { $0.time() }
        job.cost = MicroUSD(micros: number())
        job.adapted = (0..<Int.random(in: 0...2, using: &random)).map { _ in
            Adaptation(field: text(), asked: text(), given: text(), why: text())
        }
        job.error = maybe { $0.error() }
        job.quote = maybe { $0.quote() }
        job.attempts = (0..<Int.random(in: 0...3, using: &random)).map { attempt($0 + 1) }
        job.images = (0..<Int.random(in: 0...3, using: &random)).map { image(of: job, $0) }
        return job
    }

    private mutating func quote() -> CreditQuote {
        let prices = Dictionary(uniqueKeysWithValues: Tier.allCases.filter { _ in chance() }.map { ($0, micros()) })
        return CreditQuote(
            credit: micros(),
            basis: chance() ? .flat(prices, markupMillionths: number()) : .metered(markupMillionths: number()),
            freePerDay: Int.random(in: 0...9, using: &random)
        )
    }

    private mutating func micros() -> MicroUSD { MicroUSD(micros: Int64.random(in: 0...1_000_000, using: &random)) }

    private mutating func error() -> APIError {
        var error = APIError(
            503,
            any(APIError.Kind.self),
            text(),
            text(),
            param: maybe { $0.text() },
            retryAfter: maybe { _ in .nanoseconds(1_500_000_001) },
            detail: maybe { $0.text() }
        )
        if chance() { error.headers = [("allow", "GET"), ("x", text())] }
        return error
    }

    mutating func key(owner: UserID) -> KeyRecord {
        var key = KeyRecord(
            id: id(),
            owner: owner,
            name: text(),
            prefix: "ork_ab",
            hash: "\(random.next())",
            created: time()
        )
        key.expires = maybe { $0.time() }
        key.scopes = chance() ? [] : ["images:write", text()]
        key.policy = maybe { $0.text() }
        key.spendPerDay = maybe { MicroUSD(micros: $0.number()) }
        key.rate = maybe { _ in Rate(count: 5, window: .milliseconds(1500)) }
        return key
    }
}

extension PixelSize {
    fileprivate static var smallest: PixelSize {
        guard let size = PixelSize(width: 1, height: 1) else { preconditionFailure("1x1 is a size") }
        return size
    }
}

extension CreditQuote {
    /// A dictionary's own text has no order.
    fileprivate var text: String {
        switch basis {
        case .flat(let prices, let markup): "\(credit) \(freePerDay) \(prices.sorted { $0.key < $1.key }) \(markup)"
        case .metered(let markup): "\(credit) \(freePerDay) \(markup)"
        }
    }
}

extension Int64 {
    fileprivate var magnitudeBounded: Int64 { self == .min ? 0 : abs(self) }
}

// MARK: - Comparing

extension JobRecord {
    /// Every field as text, so that two records can be compared and a difference be read.
    var fields: [String] {
        [
            "\(id) \(owner) \(key?.text ?? "-") \(requestID.debugDescription) \(operation) \(status)",
            "\(created) \(started?.description ?? "-") \(finished?.description ?? "-") \(policy.debugDescription)",
            JSON.object(request).text, "\(answer.responseFormat) \(answer.format) \(answer.background)",
            "\(String(describing: answer.tier)) \(String(describing: answer.usage))", "\(adapted)", "\(cost)",
            String(reflecting: error), quote?.text ?? "no quote", "\(credits)",
        ] + attempts.map { String(reflecting: $0) } + images.map { String(reflecting: $0) }
    }
}
