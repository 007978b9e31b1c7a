import Testing

@testable import Orchestrator

@Suite struct InvoiceComparisonTests {
    private static func usd(_ text: String) throws -> MicroUSD { try MicroUSD(decimal: text) }

    private func compare(
        _ csv: String,
        spend: [(String, String, String, String)],
        drift: [(String, String, String, String)] = []
    ) throws -> [String] {
        let rows = try spend.map { model, day, cost, unresolved in
            SpendRow(
                group: [model, day],
                requests: 1,
                images: 1,
                cost: try Self.usd(cost),
                unresolved: try Self.usd(unresolved)
            )
        }
        let drifts = try drift.map { model, day, quoted, billed in
            DriftRow(
                group: [model, day],
                attempts: 1,
                images: 1,
                quoted: try Self.usd(quoted),
                billed: try Self.usd(billed),
                mostOver: .zero,
                mostUnder: .zero
            )
        }
        let invoice = try VendorInvoice(csv: Array(csv.utf8))
        let comparison = InvoiceComparison(provider: "openai", spend: rows, drift: drifts, invoice: invoice)
        #expect(comparison.billed == comparison.ours + (comparison.billed - comparison.ours))
        return comparison.rows.map { "\($0.day) \($0.item) \($0.verdict.rawValue)" }
    }

    @Test func `a row agrees, or something explains it, or it stands out`() throws {
        let csv = """
            date,line_item,amount_usd
            2026-11-01,"gpt-image-2, high",10.00
            2026-11-02,gpt-image-2,12.00
            2026-11-03,gpt-image-2,5.50
            2026-11-04,gpt-image-2,9.00
            2026-11-04,whisper,1.00
            """
        let found = try compare(
            csv,
            spend: [
                ("gpt-image-2", "2026-11-01", "9.995", "0"), ("gpt-image-2", "2026-11-02", "10", "2.5"),
                ("gpt-image-2", "2026-11-03", "5", "0"), ("gpt-image-2", "2026-11-04", "4", "0"),
                ("gpt-image-2", "2026-11-06", "3", "0"),
            ],
            drift: [("gpt-image-2", "2026-11-03", "5", "5.5")]
        )
        #expect(
            found == [
                "2026-11-01 gpt-image-2 agrees", "2026-11-02 gpt-image-2 unresolved", "2026-11-03 gpt-image-2 drift",
                "2026-11-04 gpt-image-2 differs", "2026-11-04 whisper not_in_our_record",
                "2026-11-06 gpt-image-2 not_on_the_bill",
            ]
        )
    }

    @Test func `money that moved by a day is found on the other one`() throws {
        let csv = "start_time;cost\n1793491200;7\n1793577600;3\n"
        let found = try compare(csv, spend: [("m", "2026-11-01", "5", "0"), ("n", "2026-11-02", "5", "0")])
        #expect(found == ["2026-11-01  other_day", "2026-11-02  other_day"])
    }

    static let faults: [(String, String)] = [
        ("", "it is empty"), ("a,b\n1,2\n", "no column for the day"),
        ("day,b\n2026-11-01,2\n", "no column for the amount"),
        ("day,amount\nsoon,2\n", "row 2: 'soon' is no day"), ("day,amount\n2026-11-01,much\n", "'much' is no amount"),
        ("day,amount\n2026-11-01\n", "row 2 has 1 cells"),
        ("day,amount\n\"2026-11-01,1\n", "a quotation is not closed"),
    ]

    @Test(arguments: faults)
    func `a bill that cannot be read is refused with the place`(csv: String, message: String) {
        let error = #expect(throws: VendorInvoice.Fault.self) { try VendorInvoice(csv: Array(csv.utf8)) }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }
}
