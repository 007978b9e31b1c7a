import Orchestrator

/// The signatures that were taken and would be taken again, so that each is good once.
///
/// Memory is bounded by refusing, never by forgetting: what a key, or all of them, may have remembered at a time. What was signed
/// before this daemon began is refused as well, since nobody remembers what came then.
struct SpentSignatures: Sendable {
    /// 128 bits of a code that nobody else can make.
    private struct Mark: Hashable, Sendable {
        var high: UInt64
        var low: UInt64

        init(_ code: [UInt8]) {
            func word(_ range: Range<Int>) -> UInt64 {
                code[range].reduce(0) { $0 << 8 | UInt64($1) }
            }
            (high, low) = (word(0..<8), word(8..<16))
        }
    }

    /// What became of one that was shown.
    enum Verdict: Sendable, Hashable {
        case fresh, spent, tooOld, tooMany
    }

    private let began: Int64
    private let mostOfKey: Int
    private let most: Int
    /// By the second that they were made in and by key.
    private var marks: [Int64: [String: Set<Mark>]] = [:]
    private var counts: [String: Int] = [:]
    private var count = 0
    private var swept: Int64

    /// `began` in seconds: requests signed before are too old.
    init(began: Int64, mostOfKey: Int = 60_000, most: Int = 300_000) {
        (self.began, self.mostOfKey, self.most) = (began, mostOfKey, most)
        swept = began
    }

    /// Takes a signature of at least 16 bytes, made at `seconds`, if it was not taken before.
    mutating func take(_ code: [UInt8], of key: String, at seconds: Int64, now: Int64) -> Verdict {
        sweep(now)
        guard seconds >= began else { return .tooOld }
        let mark = Mark(code)
        guard marks[seconds]?[key]?.contains(mark) != true else { return .spent }
        guard count < most, counts[key, default: 0] < mostOfKey else { return .tooMany }
        marks[seconds, default: [:]][key, default: []].insert(mark)
        counts[key, default: 0] += 1
        count += 1
        return .fresh
    }

    /// Forgets what its time alone refuses by now.
    private mutating func sweep(_ now: Int64) {
        guard now != swept else { return }
        swept = now
        for second in marks.keys where second < now - SignedRequest.tolerance {
            for (key, spent) in marks.removeValue(forKey: second) ?? [:] {
                count -= spent.count
                counts[key, default: 0] -= spent.count
                if counts[key] == 0 { counts[key] = nil }
            }
        }
    }
}
