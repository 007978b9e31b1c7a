import Testing

@testable import Orchestrator

@Suite struct LedgerChainTests {
    /// A digest that shows its input: the chain must not depend on which one it is given.
    private static let digest: LedgerChain.Digest = { String(decoding: $0, as: UTF8.self).hashed }

    private static let row = TransferRow(
        id: "t",
        debit: "a",
        credit: "b",
        amount: MicroUSD(micros: 5),
        kind: "grant",
        note: "",
        reference: nil,
        at: Timestamp(milliseconds: 7)
    )

    static let changes: [@Sendable (inout TransferRow) -> Void] = [
        { $0.id = "u" }, { $0.debit = "b" }, { $0.credit = "a" }, { $0.amount = MicroUSD(micros: 6) },
        { $0.kind = "bonus" }, { $0.note = "x" }, { $0.reference = "" }, { $0.reference = "-" },
        { $0.at = Timestamp(milliseconds: 8) }, { ($0.debit, $0.credit) = ("a1:b", "") },
    ]

    @Test func `no change of any field keeps the encoding`() {
        var seen = [LedgerChain.encoding(of: LedgerChainTests.row, seq: 1, previous: LedgerChain.origin)]
        for change in LedgerChainTests.changes {
            var row = LedgerChainTests.row
            change(&row)
            seen.append(LedgerChain.encoding(of: row, seq: 1, previous: LedgerChain.origin))
        }
        seen.append(LedgerChain.encoding(of: LedgerChainTests.row, seq: 2, previous: LedgerChain.origin))
        seen.append(LedgerChain.encoding(of: LedgerChainTests.row, seq: 1, previous: "x"))
        #expect(Set(seen).count == seen.count)
    }

    @Test func `the encoding is what is on record for good`() {
        let bytes = LedgerChain.encoding(of: LedgerChainTests.row, seq: 3, previous: "ff")
        #expect(String(decoding: bytes, as: UTF8.self) == "2:ff1:31:t1:a1:b1:55:grant0:-1:7")
    }

    @Test func `a chain that was continued later checks like one that was made at once`() {
        let rows = (0..<5).map { number in
            var row = LedgerChainTests.row
            row.id = "t\(number)"
            return row
        }
        var links: [(seq: Int64, hash: String)] = []
        for row in rows {
            var chain = LedgerChain(after: links.last, digest: LedgerChainTests.digest)
            chain.append(row)
            links.append((chain.seq, chain.hash))
        }
        #expect(links.map(\.seq) == [1, 2, 3, 4, 5])
        func problems(_ rows: [TransferRow], _ links: [(seq: Int64, hash: String)]) -> [String] {
            var chain = LedgerChain(digest: LedgerChainTests.digest)
            return zip(rows, links).compactMap { chain.check($0, seq: $1.seq, hash: $1.hash) }
        }
        #expect(problems(rows, links).isEmpty)
        var changed = rows
        changed[2].note = "changed"
        #expect(problems(changed, links) == ["the hash of transfer 't2', link 3, is wrong"])
        #expect(
            problems(Array(rows[..<2] + rows[3...]), Array(links[..<2] + links[3...]))
                == ["the chain goes from 2 to 4, which is transfer 't3'"]
        )
        #expect(problems([rows[1], rows[0]], Array(links[..<2])).count == 2)
    }
}

extension String {
    /// FNV-1a, as hexadecimal text: enough to tell inputs apart.
    fileprivate var hashed: String {
        String(utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
    }
}
