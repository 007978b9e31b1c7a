/// A transfer as it is kept: between two accounts, in one direction.
package struct TransferRow: Sendable, Hashable {
    package var id: String
    package var debit: String
    package var credit: String
    package var amount: MicroUSD
    package var kind: String
    package var note: String
    package var reference: String?
    package var at: Timestamp

    package init(
        id: String,
        debit: String,
        credit: String,
        amount: MicroUSD,
        kind: String,
        note: String,
        reference: String?,
        at: Timestamp
    ) {
        self.id = id
        self.debit = debit
        self.credit = credit
        self.amount = amount
        self.kind = kind
        self.note = note
        self.reference = reference
        self.at = at
    }
}

/// The chain of sealed transfers: each hash covers the one before it, so that no row can be changed, taken out or moved
/// without every later hash being wrong.
package struct LedgerChain: Sendable {
    /// SHA-256 of bytes, as lower-case hex.
    package typealias Digest = @Sendable ([UInt8]) -> String

    /// What stands for the hash before the first.
    package static let origin = String(repeating: "0", count: 64)

    private let digest: Digest
    /// The last link's number; 0 before the first.
    package private(set) var seq: Int64
    package private(set) var hash: String

    /// Goes on after a link, or begins.
    package init(after last: (seq: Int64, hash: String)? = nil, digest: @escaping Digest) {
        self.digest = digest
        seq = last?.seq ?? 0
        hash = last?.hash ?? LedgerChain.origin
    }

    /// Adds a link, whose number and hash are then the chain's.
    package mutating func append(_ transfer: TransferRow) {
        seq += 1
        hash = digest(LedgerChain.encoding(of: transfer, seq: seq, previous: hash))
    }

    /// Compares the next link with what is on record, and goes on from the record either way, so that one fault is told once.
    package mutating func check(_ transfer: TransferRow, seq: Int64, hash: String) -> String? {
        var problem: String?
        if seq != self.seq + 1 {
            problem = "the chain goes from \(self.seq) to \(seq), which is transfer '\(transfer.id)'"
        } else {
            append(transfer)
            if hash != self.hash { problem = "the hash of transfer '\(transfer.id)', link \(seq), is wrong" }
        }
        (self.seq, self.hash) = (seq, hash)
        return problem
    }

    /// Every field as its length in bytes, a colon and its bytes, an absent one as `-`: no two rows have the same encoding.
    static func encoding(of transfer: TransferRow, seq: Int64, previous: String) -> [UInt8] {
        var bytes: [UInt8] = []
        let fields: [String?] = [
            previous, String(seq), transfer.id, transfer.debit, transfer.credit, String(transfer.amount.micros),
            transfer.kind, transfer.note, transfer.reference, String(transfer.at.milliseconds),
        ]
        for field in fields {
            guard let field else {
                bytes.append(UInt8(ascii: "-"))
                continue
            }
            bytes += String(field.utf8.count).utf8
            bytes.append(UInt8(ascii: ":"))
            bytes += field.utf8
        }
        return bytes
    }
}
