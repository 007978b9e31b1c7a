/// Looks for money that went back to buyers without a word to us: announcements may be lost, or come while nobody listens.
extension PurchaseDesk {
    /// How often vendors are asked; what a vendor announces is repeated by it for days, so this is for what it gave up.
    static let returnsPace = Duration.seconds(3600)
    /// As long as a vendor still shows its announcements; what is older nobody looks for.
    private static let returnsAge = Duration.seconds(30 * 86_400)

    /// Books what vendors say went back lately and we do not know of; the rest is found booked, and stays as it is.
    func lookForReturns() async {
        let since = parts.time.now() + (.zero - Self.returnsAge)
        for method in PaymentMethod.allCases {
            guard let gateway = parts.gateway(method) else { continue }
            do throws(PaymentError) {
                for notice in try await gateway.returns(since: since) { await takeLate(notice, of: method) }
            } catch {
                parts.log.log(
                    .warning,
                    "a payment vendor could not be asked what went back",
                    [("vendor", method.rawValue), ("why", error.detail)]
                )
            }
        }
    }

    private func takeLate(_ notice: PaymentNotice, of method: PaymentMethod) async {
        do throws(PurchaseFailure) {
            guard let changed = try await take(notice, of: method) else { return }
            parts.log.log(
                .warning,
                "money that went back was booked without its vendor's word",
                [("purchase.id", changed.id.text)]
            )
        } catch {
            parts.log.log(
                .warning,
                "money that went back could not be booked",
                [("vendor", method.rawValue), ("why", "\(error)")]
            )
        }
    }
}
