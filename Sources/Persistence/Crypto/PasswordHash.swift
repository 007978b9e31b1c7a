internal import COpenSSL
internal import Orchestrator

/// What is kept of a password: a hash by scrypt (RFC 7914), which costs who guesses as much memory as who checks.
///
/// Making and comparing one takes a tenth of a second and 32 MiB: never on an event loop.
package struct PasswordHash: Sendable, Hashable {
    /// What one hash costs; memory is 128 · 2^logN · r bytes.
    package struct Cost: Sendable, Hashable {
        package var logN: Int
        package var r: Int
        package var p: Int

        /// One of the equal choices of OWASP's Password Storage Cheat Sheet (2^15, 8, 3).
        package static let current = Cost(logN: 15, r: 8, p: 3)

        package init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// Records are hands' work too: what they say must not take the machine's memory.
        fileprivate var isBearable: Bool { (1...20).contains(logN) && (1...16).contains(r) && (1...16).contains(p) }

        fileprivate var memory: UInt64 { 128 * UInt64(r) * (1 << UInt64(logN)) + 128 * UInt64(r * p) }
    }

    private static let saltBytes = 16
    private static let digestBytes = 32

    package let cost: Cost
    private let salt: [UInt8]
    private let digest: [UInt8]

    /// Hashes a password with a new salt; nil when there is no memory for it.
    package init?(of password: String, cost: Cost = .current) {
        let salt = SecureRandom().bytes(Self.saltBytes)
        guard let digest = Self.derive(from: password, salt: salt, cost: cost) else { return nil }
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    /// One that no password has, made without the work of a hash: to compare with where there is none.
    package init(decoyOf cost: Cost) {
        self.cost = cost
        salt = SecureRandom().bytes(Self.saltBytes)
        digest = SecureRandom().bytes(Self.digestBytes)
    }

    /// Reads what `text` wrote; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let salt = Self.bytes(parts[3]),
            let digest = Self.bytes(parts[4]), digest.count == Self.digestBytes
        else { return nil }
        var numbers: [Int] = []
        for (pair, name) in zip(parts[2].split(separator: ","), ["ln=", "r=", "p="]) {
            guard pair.hasPrefix(name), let number = Int(pair.dropFirst(name.count)) else { return nil }
            numbers.append(number)
        }
        guard numbers.count == 3, parts[2].split(separator: ",").count == 3 else { return nil }
        cost = Cost(logN: numbers[0], r: numbers[1], p: numbers[2])
        guard cost.isBearable else { return nil }
        self.salt = salt
        self.digest = digest
    }

    /// As it is kept: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, the PHC string format.
    package var text: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Self.base64(salt))$\(Self.base64(digest))"
    }

    /// Whether this is the password's hash, told in a time that does not depend on the answer; nil when there is no memory
    /// to tell.
    package func matches(_ password: String) -> Bool? {
        Self.derive(from: password, salt: salt, cost: cost).map { MessageAuthentication.areEqual($0, digest) }
    }

    /// 32 bytes that cannot be led back to a secret without as much work as a guess of it; nil when there is no memory.
    package static func derive(from secret: String, salt: [UInt8], cost: Cost = .current) -> [UInt8]? {
        var isMade = false
        var secret = secret
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: digestBytes) { buffer, count in
            let code = secret.withUTF8 { secret in
                unsafe secret.withMemoryRebound(to: CChar.self) { secret in
                    // A null pointer would mean "no password" and leave the digest unwritten.
                    let empty: [CChar] = [0]
                    return unsafe empty.withUnsafeBufferPointer { empty in
                        unsafe EVP_PBE_scrypt(
                            secret.baseAddress ?? empty.baseAddress,
                            secret.count,
                            salt,
                            salt.count,
                            1 << UInt64(cost.logN),
                            UInt64(cost.r),
                            UInt64(cost.p),
                            cost.memory + (1 << 20),
                            buffer.baseAddress,
                            digestBytes
                        )
                    }
                }
            }
            isMade = code == 1
            count = isMade ? digestBytes : 0
        }
        return isMade ? bytes : nil
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        String(decoding: Base64.encode(bytes.span).filter { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }

    private static func bytes(_ text: some StringProtocol) -> [UInt8]? { try? Base64.decode(Array(text.utf8).span) }
}
