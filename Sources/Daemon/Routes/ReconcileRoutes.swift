import Orchestrator
import Transport

/// `/v1/admin/reconcile`: our attempts against a vendor's bill.
enum ReconcileRoutes {
    static let all: [Route] = [
        Route(
            .post,
            "/v1/admin/reconcile",
            .admin,
            "Compare attempts with a vendor's bill, sent as CSV",
            repeats: .byRoute
        ) { exchange throws(APIError) in
            let query = QueryReader(exchange.request)
            guard let provider = query.text("provider") else { throw .missingField("provider") }
            var columns: [String: String] = [:]
            for what in ["day", "amount", "item"] { columns[what] = query.text("\(what)_column") }
            let invoice: VendorInvoice
            let bytes = try await exchange.bytes()
            do throws(VendorInvoice.Fault) {
                invoice = try VendorInvoice(csv: bytes, columns: columns)
            } catch {
                throw .invalidValue("body", error.message)
            }
            let comparison = try await exchange.reading { store throws(StoreError) in
                try await InvoiceComparison(of: provider, with: invoice, store)
            }
            guard try exchange.wantsCSV() else { return .json(comparison.body) }
            var table = CSVTable(
                columns: [
                    "day", "item", "ours_usd", "unresolved_usd", "billed_usd", "difference_usd", "verdict",
                    "explanation",
                ]
            )
            for row in comparison.rows { table.append(row.body) }
            return .csv(table, name: "reconciliation")
        }
    ]
}
